"""A JSON Schema in a file beside the spec: read and checked when compiling, so that the run reads no file.

Its text, with keys in order, becomes part of the step's hash. A schema that refers to another document is refused, as
nothing would hold what that says.
"""

from __future__ import annotations

from typing import Any

from compiler.names import Names
from compiler.paths import rebased
from compiler.world import Problem
from spec_lang.ast import StringLit

_CODE = "SFT0614"
_MOST_BYTES = 256 << 10


def read_schema(path: StringLit, names: Names) -> str | None:
    """The schema as JSON; None after a report."""
    text = names.world.read_text(rebased(path.value, names.report.file)) if names.world is not None else None
    if text is None or isinstance(text, Problem):
        problem = text or Problem(_CODE, "no file is read here")
        names.report.error(_CODE, problem.message, path.span, problem.help)
        return None
    wrong, schema = _parsed(text)
    if not wrong:
        wrong = _why_no_schema(schema)
    if wrong:
        names.report.error(_CODE, f"`{path.value}` {wrong}", path.span)
        return None
    import json

    return json.dumps(schema, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _parsed(text: str) -> tuple[str, Any]:
    """What is wrong with a text, or its value."""
    if len(text.encode()) > _MOST_BYTES:
        return f"is larger than {_MOST_BYTES >> 10} KiB", None
    import json

    try:
        return "", json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return f"is no JSON: {error.msg} (line {error.lineno}, column {error.colno})", None
    except RecursionError:
        return "is nested too deeply", None
    except ValueError as error:
        return f"is no JSON: {error}", None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
        raise ValueError(f"the key `{twice}` stands twice")
    return value


def _no_constant(text: str) -> Any:
    raise ValueError(f"`{text}` is no number of JSON")


def _why_no_schema(schema: Any) -> str:
    """What the draft that the schema names (2020-12 where it names none) says against it; nothing of a sound one."""
    from jsonschema_rs import ReferencingError, RegexOptions, ValidationError, validator_for  # 30 ms

    try:
        validator_for(schema, pattern_options=RegexOptions(), offline=True)
    except ValidationError as error:
        at = ".".join(map(str, error.instance_path))
        return f"is no JSON Schema{f', at `{at}`' if at else ''}: {error.message}"
    except (ReferencingError, ValueError) as error:
        return f"cannot be used: {str(error).splitlines()[0]}"
    return ""
