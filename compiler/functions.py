"""The one table of functions: of expressions over columns, and of metrics over outputs.

A row of the table holds name, signature, meaning and lowering; type checks, suggestions, the
language reference and the SQL all come from it. Lowerings are DuckDB SQL in which ``{0}``,
``{1}``… stand for arguments; whatever a user wrote is in the arguments and is bound, never pasted.
``words`` takes about 4 us for a text of 30 words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from compiler.world import ColumnType

ArgumentKind: TypeAlias = Literal["value", "regex", "path"]

# Unicode white space as Python's str.split sees it; RE2's \s is ASCII only.
_SPACE = r"\s\x{0b}\x{1c}-\x{1f}\x{85}\pZ"


@dataclass(frozen=True, eq=False, repr=False)
class Parameter:
    """``kind``: a value, a regular expression written out, or a dotted path into JSON written out."""

    name: str
    types: tuple[ColumnType, ...]
    kind: ArgumentKind = "value"


@dataclass(frozen=True, eq=False, repr=False)
class Function:
    """``rest``: the last parameter may be repeated. ``result`` None: the type of the first argument. ``never_negative``
    lets the checker see that ``words(x) < 0`` holds nowhere."""

    name: str
    parameters: tuple[Parameter, ...]
    result: ColumnType | None
    doc: str
    sql: str
    rest: bool = False
    never_negative: bool = False

    @property
    def signature(self) -> str:
        shown = [f"{p.name}: {' or '.join(p.types) if p.kind == 'value' else p.kind}" for p in self.parameters]
        return f"{self.name}({', '.join(shown)}{', …' if self.rest else ''})"


def _text(name: str = "text") -> Parameter:
    return Parameter(name, ("text",))


def _counting(name: str, parameters: tuple[Parameter, ...], doc: str, sql: str) -> Function:
    return Function(name, parameters, "number", doc, sql, never_negative=True)


_PATTERN = Parameter("pattern", ("text",), "regex")
_PATH = Parameter("path", ("text",), "path")
_JSON = Parameter("text", ("text", "json"))
_ANY: tuple[ColumnType, ...] = ("text", "number", "bool")

_TABLE = (
    _counting(
        "words",
        (_text(),),
        "number of words: runs of characters that are not white space, in any script",
        f"len(regexp_extract_all({{0}}, '[^{_SPACE}]+'))",
    ),
    _counting("characters", (_text(),), "number of characters (Unicode code points)", "length({0})"),
    Function("lower", (_text(),), "text", "the text in lower case", "lower({0})"),
    Function("upper", (_text(),), "text", "the text in upper case", "upper({0})"),
    Function(
        "trim",
        (_text(),),
        "text",
        "the text without white space at its ends",
        f"regexp_replace({{0}}, '^[{_SPACE}]+|[{_SPACE}]+$', '', 'g')",
    ),
    _counting(
        "length",
        (Parameter("list", ("list",)),),
        "number of items of a list",
        "CAST(json_array_length({0}) AS BIGINT)",
    ),
    Function("contains", (_text(), _text("part")), "bool", "whether `part` occurs in the text", "contains({0}, {1})"),
    Function("starts_with", (_text(), _text("start")), "bool", "whether the text begins so", "starts_with({0}, {1})"),
    Function("ends_with", (_text(), _text("end")), "bool", "whether the text ends so", "suffix({0}, {1})"),
    Function(
        "json_field",
        (_JSON, _PATH),
        "text",
        'the value at a path of keys, such as "address.city", as text; null where there is none',
        "CASE WHEN json_valid({0}) THEN json_extract_string({0}, {1}) END",
    ),
    Function("json_valid", (_text(),), "bool", "whether the text is JSON", "json_valid({0})"),
    Function(
        "number",
        (_text(),),
        "number",
        "the text as a number; null where it is none",
        "CASE WHEN isfinite(TRY_CAST({0} AS DOUBLE)) THEN TRY_CAST({0} AS DOUBLE) END",
    ),
    _counting(
        "count_matches",
        (_text(), _PATTERN),
        "number of matches that do not overlap",
        "len(regexp_extract_all({0}, {1}))",
    ),
    Function(
        "coalesce",
        (Parameter("value", _ANY), Parameter("instead", _ANY)),
        None,
        "the first value that is not null",
        "coalesce({*})",
        rest=True,
    ),
    Function(
        "concat",
        (_text(), _text("next")),
        "text",
        "the texts one after the other; null where one of them is null",
        "({|})",
        rest=True,
    ),
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType({function.name: function for function in _TABLE})

# Other names under which people look for a function.
ALIASES: Mapping[str, str] = MappingProxyType(
    {"len": "characters", "size": "length", "strip": "trim", "word_count": "words", "chars": "characters"}
    | {"lowercase": "lower", "uppercase": "upper", "regex_count": "count_matches", "count": "count_matches"}
    | {"json": "json_field", "is_json": "json_valid", "float": "number", "int": "number", "ifnull": "coalesce"}
)


@dataclass(frozen=True, eq=False, repr=False)
class MetricArgument:
    """An argument of a metric, written out: one of ``choices``, or any text when there are none."""

    name: str
    choices: tuple[str, ...] = ()
    default: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class MetricFunction:
    """A metric an item, of the output and the expected answer; ``share`` metrics are 0 or 1 an item."""

    name: str
    arguments: tuple[MetricArgument, ...]
    unit: Literal["share", "plain"]
    doc: str


_METRICS = (
    MetricFunction(
        "exact_match",
        (MetricArgument("normalise", ("none", "text", "json"), "none"),),
        "share",
        "the output equals the expected answer; `none` strips white space at the ends, `text` also folds case and "
        "white space, `json` compares parsed JSON",
    ),
    MetricFunction("valid_json", (), "share", "the output is JSON"),
    MetricFunction("contains", (), "share", "the expected answer occurs in the output"),
    MetricFunction(
        "json_field_match",
        (MetricArgument("field"),),
        "share",
        "a field of the output's JSON equals that field of the expected answer",
    ),
    MetricFunction("words", (), "plain", "number of words of the output"),
    MetricFunction("characters", (), "plain", "number of characters of the output"),
)

METRIC_FUNCTIONS: Mapping[str, MetricFunction] = MappingProxyType({metric.name: metric for metric in _METRICS})
