"""Functions of numbers, lists, JSON and values of any type."""

from __future__ import annotations

from decimal import Decimal

from compiler.functions.table import ITEM, JSON, LIST, PATH, Function, Parameter, counting, number, text
from compiler.world import ColumnType

_ANY: tuple[ColumnType, ...] = ("text", "number", "bool")
_ITEMS = "json_extract_string({0}, '$[*]')"
_HOLDING = f'len(list_filter({_ITEMS}, lambda "{ITEM}": {{1}}))'
_EACH = Parameter("condition", ("bool",), "each")
_NUMBER_AT = "TRY_CAST(json_extract_string({0}, {1}) AS DOUBLE)"
# DuckDB's JSON may end a list with a comma, and its numbers may be `NaN` and `Infinity`; strings are taken out first.
_WITHOUT_STRINGS = r"""regexp_replace({0}, '(?s)"(?:[^"\\]|\\.)*"', '""', 'g')"""
_STRICT = rf"(json_valid({{0}}) AND NOT regexp_matches({_WITHOUT_STRINGS}, '(?i),\s*[\]}}]|nan|inf|/'))"
_TYPE_AT = "json_type(json_extract({0}, {1}))"


def _either(name: str) -> Parameter:
    return Parameter(name, _ANY, same=True)


def _arithmetic(name: str, doc: str, sql: str, example: tuple[str, float], low: Decimal | None = None) -> Function:
    return Function(name, (number(),), "number", doc, sql, example, low=low)


NUMBER_FUNCTIONS = (
    _arithmetic("abs", "the number without its sign", "abs({0})", ("abs(-2)", 2), Decimal(0)),
    _arithmetic("floor", "the next whole number below", "floor({0})", ("floor(-1.5)", -2)),
    _arithmetic("ceil", "the next whole number above", "ceil({0})", ("ceil(-1.5)", -1)),
    Function(
        "round",
        (number(), Parameter("digits", ("number",), "digits", default=Decimal(0))),
        "number",
        "the number with so many decimals; halves go away from 0",
        "round({0}, {1})",
        ("round(2.5)", 3),
    ),
    _arithmetic(
        "sqrt",
        "the square root; null below 0",
        "CASE WHEN {0} >= 0 THEN sqrt({0}) END",
        ("sqrt(9)", 3),
        Decimal(0),
    ),
    _arithmetic("log", "the natural logarithm; null up to 0", "CASE WHEN {0} > 0 THEN ln({0}) END", ("log(1)", 0)),
    Function(
        "min",
        (number(), number("next")),
        "number",
        "the smallest of the numbers that are not null",
        "least({*})",
        ("min(3, 1, 2)", 1),
        rest=True,
    ),
    Function(
        "max",
        (number(), number("next")),
        "number",
        "the largest of the numbers that are not null",
        "greatest({*})",
        ("max(3, 1, 2)", 3),
        rest=True,
    ),
)

LIST_FUNCTIONS = (
    counting(
        "length",
        (LIST,),
        "number of items of a list",
        "CAST(json_array_length({0}) AS BIGINT)",
        ('length(split("a b", " "))', 2),
    ),
    Function(
        "item",
        (LIST, number("position")),
        "text",
        "an item as text: 1 is the first, -1 the last; null where there is none",
        f"{_ITEMS}[TRY_CAST(floor({{1}}) AS BIGINT)]",
        ('item(split("a b", " "), -1)', "b"),
    ),
    Function(
        "join",
        (LIST, Parameter("separator", ("text",), "written")),
        "text",
        "the items as one text with a separator between them; items that are null are left out",
        f"array_to_string({_ITEMS}, {{1}})",
        ('join(split("a b", " "), "-")', "a-b"),
    ),
    Function(
        "any",
        (LIST, _EACH),
        "bool",
        "whether a condition on `item`, which is text, holds for an item",
        f"({_HOLDING} > 0)",
        ('any(split("a b", " "), item == "b")', True),
    ),
    Function(
        "all",
        (LIST, _EACH),
        "bool",
        "whether a condition on `item` holds for every item; it does for an empty list",
        f"({_HOLDING} = CAST(json_array_length({{0}}) AS BIGINT))",
        ('all(split("a b", " "), item == "b")', False),
    ),
    counting(
        "count_items",
        (LIST, _EACH),
        "number of items for which a condition on `item` holds",
        _HOLDING,
        ('count_items(split("a b b", " "), item == "b")', 2),
    ),
)

JSON_FUNCTIONS = (
    Function(
        "json_field",
        (JSON, PATH),
        "text",
        "the value at a path of keys and positions, "
        'such as "items[0].name" without a `$` before it, as text; null where there is none',
        "CASE WHEN json_valid({0}) THEN json_extract_string({0}, {1}) END",
        (r"""json_field("{\"a\": [{\"b\": 5}]}", "a[0].b")""", "5"),
    ),
    Function(
        "json_number",
        (JSON, PATH),
        "number",
        "the number at a path; null where there is none",
        f"CASE WHEN json_valid({{0}}) THEN CASE WHEN {_TYPE_AT} IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') "
        f"AND isfinite({_NUMBER_AT}) THEN {_NUMBER_AT} END END",
        (r"""json_number("{\"a\": 1.5}", "a")""", 1.5),
    ),
    Function(
        "json_bool",
        (JSON, PATH),
        "bool",
        "`true` or `false` at a path; null where there is neither",
        f"CASE WHEN json_valid({{0}}) THEN CASE WHEN {_TYPE_AT} = 'BOOLEAN' "
        "THEN json_extract_string({0}, {1}) = 'true' END END",
        (r"""json_bool("{\"a\": true}", "a")""", True),
    ),
    Function(
        "json_list",
        (JSON, PATH),
        "list",
        "the list at a path; null where there is none",
        f"CASE WHEN json_valid({{0}}) THEN CASE WHEN {_TYPE_AT} = 'ARRAY' "
        "THEN CAST(json_extract({0}, {1}) AS VARCHAR) END END",
        (r"""length(json_list("{\"a\": [1, 2]}", "a"))""", 2),
    ),
    Function(
        "json_valid",
        (text(),),
        "bool",
        "whether the text is JSON by RFC 8259, in which a key may stand twice; `json_field` then takes the first",
        _STRICT,
        ('json_valid("{}")', True),
    ),
)

VALUE_FUNCTIONS = (
    Function(
        "is_null",
        (Parameter("value", (*_ANY, "list", "json")),),
        "bool",
        "whether there is no value",
        "({0} IS NULL)",
        ('is_null(number("x"))', True),
    ),
    Function(
        "coalesce",
        (_either("value"), _either("instead")),
        None,
        "the first value that is not null",
        "coalesce({*})",
        ('coalesce(number("x"), 0)', 0),
        rest=True,
    ),
    Function(
        "if",
        (
            Parameter("condition", ("bool",)),
            Parameter("then", _ANY, same=True),
            Parameter("otherwise", _ANY, same=True),
        ),
        None,
        "the first value where the condition holds, and the second where it does not or is null",
        "CASE WHEN {0} THEN {1} ELSE {2} END",
        ('if(1 < 2, "a", "b")', "a"),
    ),
    counting(
        "bucket",
        (text(), Parameter("count", ("number",), "count")),
        "a number from 0 to `count` - 1 from the SHA-256 of the text: the same on every machine, and even over texts",
        "(CAST('0x' || left(sha256({0}), 13) AS BIGINT) % {1})",
        ('bucket("abc", 10)', 0),
    ),
)
