"""Metrics of the user's own, called for each answer of a cell.

They run in this process, as the user, from the file that was hashed. A parameter that is called as a field of an
answer gets it (``output``, ``expected``, ``seconds``, …), others a value of the item's row; keyword arguments are those
that the spec writes out. An answer without a value for a parameter is not passed to the function, unless the parameter
takes None: it is missing then. A call costs some 2 µs beside the function itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from runtime.context import StepContext
from runtime.extensions import Failed, function_of, load_extension, said_of
from runtime.metrics import Answer

# (row_id, answer, **args) -> value
OwnMetric: TypeAlias = Callable[..., float | None]


def own_metrics(ctx: StepContext) -> dict[str, OwnMetric]:
    """The metrics of extensions that the step names. Raises DiagnosticError SFT0437; a call raises SFT0432, SFT0433."""
    found: dict[str, OwnMetric] = {}
    for index, extension in enumerate(ctx.step.local.get("extensions", ())):
        for declared in extension.get("metrics", ()):
            module = load_extension(ctx, extension, ctx.step.content[f"extension.{index}"])
            function = function_of(module, declared["name"])
            found[declared["name"]] = _caller(ctx, function, declared, Path(module.__file__ or ""))
    return found


def _caller(ctx: StepContext, function: Callable[..., Any], declared: Mapping[str, Any], file: Path) -> OwnMetric:
    name, result = declared["name"], declared["result"]
    parameters = [_Parameter(**parameter) for parameter in declared["parameters"]]

    def call(row_id: str, answer: Answer, **args: Any) -> float | None:
        values = [parameter.of(answer) for parameter in parameters]
        if any(value is None and not p.optional for value, p in zip(values, parameters, strict=True)):
            return None
        written = {key: float(value) if key in declared["numbers"] else value for key, value in args.items()}
        try:
            said = said_of(ctx, row_id, name, result, file, partial(function, *values, **written))
        except Failed as failed:
            raise failed.finding() from failed.__cause__
        return None if said is None else float(said)

    return call


class _Parameter:
    """A parameter: a field of the answer, or a column of the row."""

    def __init__(self, name: str, python: str, optional: bool, column: bool) -> None:
        self.name, self.python, self.optional, self.column = name, python, optional, column

    def of(self, answer: Answer) -> Any:
        value = answer.columns.get(self.name) if self.column else getattr(answer, self.name)
        if value is None or self.python != "int" or isinstance(value, int):
            return value
        return int(value) if float(value).is_integer() else value
