r"""Measures of text that need no language: the quantities of the quality rules of Gopher and C4.

Rae et al. 2021 (arXiv:2112.11446, table A1) and Raffel et al. 2019 (arXiv:1910.10683, section 2.2). A line is what
stands between line feeds, without white space at its ends; lines of white space alone do not count. Letters, digits and
cases are those of Unicode. Each is a share or a count over the whole text and null for a text without anything to
count, so that thresholds stay with the spec. About 10 us for a text of 30 words.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from compiler.functions.table import (
    SOLID,
    SPACE,
    Built,
    Function,
    Parameter,
    Written,
    characters_of,
    count_of,
    counting,
    found,
    pattern,
    share,
    text,
    without,
)
from spec_lang.quantities import Unit

_LINE = rf"[^{SPACE}](?:[^\n]*[^{SPACE}])?"
_WORD = rf"[^{SPACE}]+"
_LETTER = r"\pL"
# the end of a line: the end of the text, or only white space up to the next line feed
_LINE_ENDS = r"[ \t\r]*(?:\n|$)"
_BULLETS = r"[-*•‣▪●○◦–]"
_TERMINAL = r"[.!?。！？…؟۔।॥։።]"
_SYMBOLS = r"#|…|\.\.\."
_CLOSING = r"[\")\]”’»›」』）]*"
_ENDS = pattern(rf"^[{SPACE}]+|[{SPACE}]+$")
_BETWEEN = pattern(rf"\n[{SPACE}]*\n")
# between blank lines, without white space at its ends
_PARAGRAPHS = (
    f"list_filter(list_transform(regexp_split_to_array({{0}}, {_BETWEEN}), "
    f"lambda __p: regexp_replace(__p, {_ENDS}, '', 'g')), lambda __p: __p <> '')"
)


def _repeated(lists: str) -> str:
    """How many entries repeat an earlier one."""
    return f"(len({lists}) - len(list_distinct({lists})))"


def _repeated_characters(lists: str) -> str:
    return f"({characters_of(lists)} - {characters_of(f'list_distinct({lists})')})"


def _of_argument(name: str, parameter: Parameter, doc: str, build: Callable[[Written], Built], call: str) -> Function:
    """A share of a text that an argument tells more of, which is written out."""
    zero, one = Decimal(0), Decimal(1)
    parameters = (text(), parameter)
    return Function(
        name,
        parameters,
        "number",
        doc,
        "",
        (call, 0.5),
        low=zero,
        high=one,
        unit=Unit.SHARE,
        build=lambda arguments: build(arguments[1]),
    )


def _shorter(count: Written) -> Built:
    assert isinstance(count, Decimal)
    short = f"list_filter({found(_LINE)}, lambda __line: length(__line) < {int(count)})"
    return Built(f"(CAST(len({short}) AS DOUBLE) / nullif({count_of(_LINE)}, 0))")


def _of_script(script: Written) -> Built:
    own = "length(regexp_replace({0}, {#0}, '', 'g'))"
    scripts = without(r"\p{Common}\p{Inherited}\pC")
    return Built(f"(CAST({own} AS DOUBLE) / nullif({scripts}, 0))", (rf"[^\p{{{script}}}]+",))


MEASURES: tuple[Function, ...] = (
    counting("lines", (text(),), "number of lines that are not blank", count_of(_LINE), (r'lines("a\n\n b")', 2)),
    counting(
        "mean_word_length",
        (text(),),
        "characters of a word, on average; Gopher keeps 3 to 10",
        f"(CAST({SOLID} AS DOUBLE) / nullif({count_of(_WORD)}, 0))",
        ('mean_word_length("ab abcd")', 3),
    ),
    counting(
        "longest_word",
        (text(),),
        "characters of the longest word; null without words",
        f"list_max(list_transform({found(_WORD)}, lambda __word: length(__word)))",
        ('longest_word("ab abcd")', 4),
    ),
    share(
        "letter_share",
        "letters, as a share of the characters that are not white space",
        without(f"^{_LETTER}"),
        SOLID,
        ('letter_share("ab 12")', 0.5),
    ),
    share(
        "digit_share",
        "digits, as a share of the characters that are not white space",
        without(r"^\p{Nd}"),
        SOLID,
        ('digit_share("ab 1234 ..")', 0.5),
    ),
    share(
        "upper_share",
        "letters in upper case, as a share of the letters",
        without(r"^\p{Lu}"),
        without(f"^{_LETTER}"),
        ('upper_share("ABcd 12")', 0.5),
    ),
    share(
        "word_share",
        "words with at least one letter, as a share of the words; Gopher keeps 80% and more",
        f"len(list_filter({found(_WORD)}, lambda __word: regexp_matches(__word, {pattern(_LETTER)})))",
        count_of(_WORD),
        ('word_share("a 1 b 2")', 0.5),
    ),
    share(
        "distinct_word_share",
        "different words, as a share of the words; upper and lower case differ",
        f"len(list_distinct({found(_WORD)}))",
        count_of(_WORD),
        ('distinct_word_share("no no no no")', 0.25),
    ),
    share(
        "repeated_line_share",
        "lines that repeat an earlier one, as a share of the lines; Gopher drops above 30%",
        f"(len({found(_LINE)}) - len(list_distinct({found(_LINE)})))",
        count_of(_LINE),
        (r'repeated_line_share("a\nb\na\na")', 0.5),
    ),
    share(
        "bullet_line_share",
        "lines that begin with a bullet, as a share of the lines; Gopher drops above 90%",
        count_of(rf"(?m)^[ \t]*{_BULLETS}[^\n]*"),
        count_of(_LINE),
        (r'bullet_line_share("- a\nb")', 0.5),
    ),
    share(
        "ellipsis_line_share",
        "lines that end in `…` or `...`, as a share of the lines; Gopher drops above 30%",
        count_of(rf"(?:…|\.\.\.){_LINE_ENDS}"),
        count_of(_LINE),
        (r'ellipsis_line_share("and so on ...\nb")', 0.5),
    ),
    share(
        "sentence_line_share",
        "lines that end as a sentence does (`.`, `!`, `?` and their like in other scripts), as a share of the lines; "
        "C4 keeps these alone",
        count_of(rf"{_TERMINAL}{_CLOSING}{_LINE_ENDS}"),
        count_of(_LINE),
        (r'sentence_line_share("Home | About\nIt works.")', 0.5),
    ),
    counting(
        "symbols_per_word",
        (text(),),
        "`#`, `…` and `...`, counted for each word; Gopher drops above 0.1",
        f"(CAST({count_of(_SYMBOLS)} AS DOUBLE) / nullif({count_of(_WORD)}, 0))",
        ('symbols_per_word("#a b #c d")', 0.5),
    ),
    share(
        "repeated_line_chars_share",
        "characters in lines that repeat an earlier one, as a share of the characters of the lines; Gopher drops above "
        "20%, datatrove's FineWeb filter from 1% on",
        _repeated_characters(found(_LINE)),
        characters_of(found(_LINE)),
        (r'repeated_line_chars_share("ab\nab\ncdef")', 0.25),
    ),
    share(
        "repeated_paragraph_share",
        "paragraphs (between blank lines) that repeat an earlier one, as a share of them; Gopher drops above 30%",
        _repeated(_PARAGRAPHS),
        f"len({_PARAGRAPHS})",
        (r'repeated_paragraph_share("a\n\nb\n\na\n\na")', 0.5),
    ),
    share(
        "repeated_paragraph_chars_share",
        "characters in paragraphs that repeat an earlier one, as a share of the characters of the paragraphs; Gopher "
        "drops above 20%",
        _repeated_characters(_PARAGRAPHS),
        characters_of(_PARAGRAPHS),
        (r'repeated_paragraph_chars_share("ab\n\nab\n\ncdef")', 0.25),
    ),
    counting(
        "longest_line",
        (text(),),
        "characters of the longest line; null without lines",
        f"list_max(list_transform({found(_LINE)}, lambda __line: length(__line)))",
        (r'longest_line("ab\nabcd")', 4),
    ),
    counting(
        "mean_line_length",
        (text(),),
        "characters of a line, on average",
        f"(CAST({characters_of(found(_LINE))} AS DOUBLE) / nullif({count_of(_LINE)}, 0))",
        (r'mean_line_length("ab\nabcd")', 3),
    ),
    _of_argument(
        "short_line_share",
        Parameter("length", ("number",), "count"),
        "lines of fewer characters than `length`, as a share of the lines; FineWeb drops from 67% on for 31",
        _shorter,
        r'short_line_share("Home\nIt works as it should.", 10)',
    ),
    share(
        "symbol_share",
        "characters that are no letters, marks or digits, as a share of the characters that are not white space",
        without(rf"\pL\pM\pN{SPACE}"),
        SOLID,
        ('symbol_share("a1 #$")', 0.5),
    ),
    share(
        "non_ascii_share",
        "characters beyond ASCII, as a share of the characters that are not white space",
        without(rf"\x00-\x7f{SPACE}"),
        SOLID,
        ('non_ascii_share("é à e a")', 0.5),
    ),
    _of_argument(
        "script_share",
        Parameter("script", ("text",), "script"),
        "characters of a script of Unicode, such as `Latin` or `Han`, as a share of the characters that are of any; "
        "digits and punctuation are of none",
        _of_script,
        'script_share("ab, жд!", "Cyrillic")',
    ),
    counting(
        "character_entropy",
        (text(),),
        "the entropy of the characters, in bits: 0 for one character repeated, about 4.2 for English; null for an "
        "empty text",
        "list_aggregate(nullif(string_split({0}, ''), ['']), 'entropy')",
        ('character_entropy("abab")', 1),
    ),
)
