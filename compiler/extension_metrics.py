"""Metrics of the user's own: their signatures, read from the text of a Python file that is never run here.

A parameter that is called as a field of an answer (``output``, ``expected``, ``seconds``, …) gets it. Other parameters
are values of the item's row, which the call names; parameters behind ``*`` are written out, with their default. The
annotations tell the types: a result of ``bool`` makes a share, of ``float`` or ``int`` a plain number.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite

from compiler.extension_types import TYPES, ExtensionFile, Wrong, annotation
from compiler.functions import MetricArgument, MetricFunction
from compiler.functions.metrics import ArgumentKind, WrittenValue
from compiler.hashing import decimal_text

ANSWER_FIELDS: Mapping[str, str] = {
    "output": "str",
    "expected": "str",
    "prompt": "str",
    "seconds": "float",
    "prompt_tokens": "int",
    "output_tokens": "int",
    "stop_reason": "str",
}
_WRITTEN: Mapping[str, ArgumentKind] = {"str": "text", "float": "number", "int": "count", "bool": "bool"}


class ExtensionMetric(MetricFunction, frozen=True, eq=False):
    """A metric of the user's. ``of`` is the file; of each parameter ``takes`` has the name, the annotation without
    None, whether None is allowed, and whether it is a column; ``result`` is that of a call."""

    of: ExtensionFile | None = None
    takes: tuple[tuple[str, str, bool, bool], ...] = ()
    result: str = "number"


def metric_of(
    node: ast.FunctionDef | ast.AsyncFunctionDef, mark: ast.expr, file: ExtensionFile, kind: str
) -> ExtensionMetric:
    """The metric that a function is; a ``verifier`` is true or false. Raises Wrong."""
    if isinstance(node, ast.AsyncFunctionDef):
        raise Wrong("is asynchronous")
    given = node.args
    if given.vararg or given.kwarg or given.defaults:
        raise Wrong("takes more than plain parameters, and defaults only behind `*`")
    takes = tuple(_taken(argument) for argument in (*given.posonlyargs, *given.args))
    if not any(not column for *_, column in takes):
        raise Wrong("takes nothing of the answer, such as `output: str`")
    columns = tuple(
        MetricArgument(name, kind="column", optional=may_miss, types=(TYPES[python],))
        for name, python, may_miss, column in takes
        if column
    )
    written = tuple(map(_written, given.kwonlyargs, given.kw_defaults))
    result, _ = annotation(node.returns, "result")
    if result not in ("bool", "float", "int"):
        raise Wrong(f"is a metric, which gives `bool` or `float`, and its result is `{result}`")
    share = result == "bool"
    if kind == "verifier" and not share:
        raise Wrong(f"is a verifier, which gives `bool`, and its result is `{result}`")
    if kind == "verifier" and isinstance(mark, ast.Call):
        raise Wrong("is marked with what `@sft.verifier` does not take")
    return ExtensionMetric(
        node.name,
        (*columns, *written),
        "share" if share else "plain",
        (ast.get_docstring(node) or "").partition("\n")[0] or f"of the extension `{file.name}`",
        _direction(mark, True if share else None),
        compares=any(name == "expected" for name, *_ in takes),
        of=file,
        takes=takes,
        result="bool" if share else "number",
    )


def _taken(argument: ast.arg) -> tuple[str, str, bool, bool]:
    python, may_miss = annotation(argument.annotation, f"parameter `{argument.arg}`")
    wanted = ANSWER_FIELDS.get(argument.arg)
    if wanted is not None and python != wanted:
        raise Wrong(f"has a parameter `{argument.arg}` of the type `{python}`, and of an answer that is `{wanted}`")
    return argument.arg, python, may_miss, wanted is None


def _written(argument: ast.arg, default: ast.expr | None) -> MetricArgument:
    """A parameter behind ``*``."""
    what = f"parameter `{argument.arg}`"
    python, may_miss = annotation(argument.annotation, what)
    kind = _WRITTEN.get(python)
    if argument.arg in ANSWER_FIELDS or kind is None or may_miss:
        raise Wrong(f"has a {what} behind `*`, where `str`, `float`, `int` and `bool` are written out in the spec")
    least = Decimal("-Infinity")
    if default is None:
        return MetricArgument(argument.arg, kind=kind, least=least)
    return MetricArgument(argument.arg, kind=kind, least=least, default=_default(default, python, what))


def _default(node: ast.expr, python: str, what: str) -> WrittenValue:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        value = None
    if python == "float" and type(value) in (int, float) and isfinite(value):
        return decimal_text(Decimal(str(value)))
    if isinstance(value, bool | int | str) and type(value).__name__ == python:
        return value
    raise Wrong(f"has a {what} whose default is no `{python}`, written out")


def _direction(mark: ast.expr, default: bool | None) -> bool | None:
    """``@sft.metric(higher_is_better = False)``."""
    if not isinstance(mark, ast.Call):
        return default
    named = {keyword.arg: keyword.value for keyword in mark.keywords}
    value = named.pop("higher_is_better", None)
    if (
        mark.args
        or named
        or not isinstance(value, ast.Constant)
        or not (value.value is None or value.value in (True, False))
    ):
        raise Wrong("is marked with what `@sft.metric` does not take: `higher_is_better` is `True`, `False` or `None`")
    return value.value if value.value is None else bool(value.value)
