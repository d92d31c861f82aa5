"""``extension`` -> no step of its own: a file's hash is content of every step that calls something of it."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from compiler.extension_metrics import ExtensionMetric
from compiler.extension_types import ExtensionFile
from compiler.extensions import SQL_PREFIX, ExtensionFunction
from compiler.params_base import inside
from compiler.reporting import Reporter
from compiler.step_params import Metric, Params, Sql

_CALL = re.compile(rf'"{SQL_PREFIX}(\w+)"\(')


class Used(Struct, eq=False):
    """What a step calls of one file."""

    file: ExtensionFile
    functions: list[ExtensionFunction] = []
    metrics: list[ExtensionMetric] = []

    def described(self) -> dict[str, Any]:
        """What a run needs to call them: where the file is, and of each function the types of its parameters."""
        metrics = {"metrics": list(map(_metric, self.metrics))} if self.metrics else {}
        where = {"path": self.file.path, "package": self.file.package}
        return {**where, "functions": list(map(_function, self.functions)), **metrics}


def called(params: Params, report: Reporter) -> list[Used]:
    """What a step calls of extensions, its SQL and its metrics, by file, in the order of the files' hashes."""
    own = report.functions_of.get(report.file.path, {})
    names = sorted({name for sql in inside(params, Sql) for name in _CALL.findall(sql.sql)}) if own else []
    metrics = sorted({metric.function for metric in inside(params, Metric) if metric.extension})
    found: dict[str, Used] = {}
    for made in (*(own[name] for name in names), *(report.metrics[name] for name in metrics)):
        assert isinstance(made, ExtensionFunction | ExtensionMetric) and made.of is not None
        used = found.setdefault(made.of.hash, Used(made.of))
        if isinstance(made, ExtensionMetric):
            used.metrics.append(made)
        else:
            used.functions.append(made)
    return [found[key] for key in sorted(found)]


def _function(function: ExtensionFunction) -> dict[str, Any]:
    return {
        "name": function.name,
        "parameters": [parameter.types[0] for parameter in function.parameters],
        "python": list(function.python),
        "optional": list(function.optional),
        "result": function.result,
    }


def _metric(metric: ExtensionMetric) -> dict[str, Any]:
    fields = ("name", "python", "optional", "column")
    return {
        "name": metric.name,
        "parameters": [dict(zip(fields, taken, strict=True)) for taken in metric.takes],
        "numbers": [argument.name for argument in metric.arguments if argument.kind == "number"],
        "result": metric.result,
    }
