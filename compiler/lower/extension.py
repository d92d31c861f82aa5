"""``extension`` -> no step of its own: a file's hash is content of every step that calls a function of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from compiler.extensions import SQL_PREFIX, ExtensionFile, ExtensionFunction
from compiler.params_base import inside
from compiler.reporting import Reporter
from compiler.step_params import Params, Sql

_CALL = re.compile(rf'"{SQL_PREFIX}(\w+)"\(')


def called(params: Params, report: Reporter) -> list[tuple[ExtensionFile, list[ExtensionFunction]]]:
    """The functions of extensions that the SQL of a step calls, by file, in the order of the files' hashes."""
    own = report.functions_of.get(report.file.path, {})
    names = sorted({name for sql in inside(params, Sql) for name in _CALL.findall(sql.sql)}) if own else []
    found: dict[str, tuple[ExtensionFile, list[ExtensionFunction]]] = {}
    for name in names:
        function = own[name]
        assert isinstance(function, ExtensionFunction) and function.of is not None
        found.setdefault(function.of.hash, (function.of, []))[1].append(function)
    return [found[key] for key in sorted(found)]


def described(file: ExtensionFile, functions: Sequence[ExtensionFunction]) -> dict[str, Any]:
    """What a run needs to call them: where the file is, and of each function the types of its parameters."""
    return {
        "path": file.path,
        "package": file.package,
        "functions": [
            {
                "name": function.name,
                "parameters": [parameter.types[0] for parameter in function.parameters],
                "python": list(function.python),
                "optional": list(function.optional),
                "result": function.result,
            }
            for function in functions
        ],
    }
