"""Functions of text: its parts, its form, and what occurs in it."""

from __future__ import annotations

from decimal import Decimal

from compiler.functions.table import LARGEST, PATTERN, SPACE, Function, Parameter, counting, number, text, whole

_GROUP = Parameter("group", ("number",), "group", default=Decimal(0))
_REPLACEMENT = Parameter("replacement", ("text",), "replacement")
_START = f"CAST(least(greatest(floor({{1}}), 1), {LARGEST}) AS BIGINT)"

# Words with one space, line break or blank line between them, as most texts are, are counted by their gaps, four times
# as fast as by finding each.
_GAPS = "replace(replace({0}, chr(10) || chr(10), chr(10)), chr(10), ' ')"
_WORDS = (
    f"CASE WHEN regexp_full_match({{0}}, '[^{SPACE}]+(?:(?: |\\n\\n?)[^{SPACE}]+)*') "
    f"THEN strlen({_GAPS}) - strlen(replace({_GAPS}, ' ', '')) + 1 "
    f"ELSE len(regexp_extract_all({{0}}, '[^{SPACE}]+')) END"
)

TEXT_FUNCTIONS = (
    counting(
        "words",
        (text(),),
        "number of words: runs of characters that are not white space, in any script",
        _WORDS,
        ('words("two  words")', 2),
    ),
    counting(
        "characters",
        (text(),),
        "number of characters (Unicode code points)",
        "length({0})",
        ('characters("größer")', 6),
    ),
    Function("lower", (text(),), "text", "the text in lower case", "lower({0})", ('lower("ABC")', "abc")),
    Function("upper", (text(),), "text", "the text in upper case", "upper({0})", ('upper("abc")', "ABC")),
    Function(
        "trim",
        (text(),),
        "text",
        "the text without white space at its ends",
        f"regexp_replace({{0}}, '^[{SPACE}]+|[{SPACE}]+$', '', 'g')",
        ('trim("  a b ")', "a b"),
    ),
    Function(
        "contains",
        (text(), text("part")),
        "bool",
        "whether `part` occurs in the text",
        "contains({0}, {1})",
        ('contains("abc", "b")', True),
    ),
    Function(
        "starts_with",
        (text(), text("start")),
        "bool",
        "whether the text begins so",
        "starts_with({0}, {1})",
        ('starts_with("abc", "ab")', True),
    ),
    Function(
        "ends_with",
        (text(), text("end")),
        "bool",
        "whether the text ends so",
        "suffix({0}, {1})",
        ('ends_with("abc", "ab")', False),
    ),
    counting(
        "position",
        (text(), text("part")),
        "where `part` begins for the first time, counted from 1; 0 where it does not occur",
        "instr({0}, {1})",
        ('position("größer", "ß")', 4),
    ),
    Function(
        "first",
        (text(), number("count")),
        "text",
        "the first characters of the text, at most `count`",
        f"left({{0}}, {whole('{1}')})",
        ('first("größer", 3)', "grö"),
    ),
    Function(
        "last",
        (text(), number("count")),
        "text",
        "the last characters of the text, at most `count`",
        f"right({{0}}, {whole('{1}')})",
        ('last("größer", 3)', "ßer"),
    ),
    Function(
        "substring",
        (text(), number("start"), number("count")),
        "text",
        "at most `count` characters from the one at `start` on, counted from 1",
        f"substring({{0}}, {_START}, {whole('{2}')})",
        ('substring("größer", 3, 2)', "öß"),
    ),
    Function(
        "replace",
        (text(), text("part"), text("by")),
        "text",
        "the text with every `part` replaced",
        "replace({0}, {1}, {2})",
        ('replace("a-b-c", "-", " ")', "a b c"),
    ),
    Function(
        "replace_matches",
        (text(), PATTERN, _REPLACEMENT),
        "text",
        r"the text with every match replaced; `\1` stands for the first group, `\0` for the match",
        "regexp_replace({0}, {1}, {2}, 'g')",
        (r'replace_matches("ab12", r"(\d)", r"<\1>")', "ab<1><2>"),
    ),
    Function(
        "extract",
        (text(), PATTERN, _GROUP),
        "text",
        "the first match, or a group of it; null without a match, and empty where the match has no such group",
        "CASE WHEN regexp_matches({0}, {1}) THEN regexp_extract({0}, {1}, {2}) END",
        (r'extract("order 66", r"order (\d+)", 1)', "66"),
    ),
    counting(
        "count_matches",
        (text(), PATTERN),
        "number of matches that do not overlap",
        "len(regexp_extract_all({0}, {1}))",
        ('count_matches("a1b22", r"[0-9]+")', 2),
    ),
    Function(
        "split",
        (text(), text("separator")),
        "list",
        "the pieces between the separators",
        "CAST(to_json(string_split({0}, {1})) AS VARCHAR)",
        ('length(split("a,b,c", ","))', 3),
    ),
    Function(
        "concat",
        (text(), text("next")),
        "text",
        "the texts one after the other; null where one of them is null",
        "({|})",
        ('concat("a", "b", "c")', "abc"),
        rest=True,
    ),
    Function(
        "number",
        (text(),),
        "number",
        "the text as a number; null where it is none",
        "CASE WHEN isfinite(TRY_CAST({0} AS DOUBLE)) AND NOT contains({0}, '_') THEN TRY_CAST({0} AS DOUBLE) END",
        ('number("1.5")', 1.5),
    ),
)
