r"""Measures of text that need no language: the quantities of the quality rules of Gopher and C4.

Rae et al. 2021 (arXiv:2112.11446, table A1) and Raffel et al. 2019 (arXiv:1910.10683, section 2.2). A line is what
stands between line feeds, without white space at its ends; lines of white space alone do not count. Letters, digits and
cases are those of Unicode. Each is a share or a count over the whole text and null for a text without anything to
count, so that thresholds stay with the spec. About 10 us for a text of 30 words.
"""

from __future__ import annotations

from compiler.functions.table import SPACE, Function, counting, share, text


def _all(pattern: str) -> str:
    return f"regexp_extract_all({{0}}, '{pattern}')"


def _count(pattern: str) -> str:
    return f"len({_all(pattern)})"


_LINE = rf"[^{SPACE}](?:[^\n]*[^{SPACE}])?"
_WORD = rf"[^{SPACE}]+"
_LETTER = r"\pL"
# the end of a line: the end of the text, or only white space up to the next line feed
_LINE_ENDS = r"[ \t\r]*(?:\n|$)"
_BULLETS = r"[-*•‣▪●○◦–]"
_TERMINAL = r"[.!?。！？…؟۔।॥։።]"
_SYMBOLS = r"#|…|\.\.\."
_CLOSING = r"[\")\]”’»›」』）]*"

MEASURES: tuple[Function, ...] = (
    counting("lines", (text(),), "number of lines that are not blank", _count(_LINE), (r'lines("a\n\n b")', 2)),
    counting(
        "mean_word_length",
        (text(),),
        "characters of a word, on average; Gopher keeps 3 to 10",
        f"(CAST({_count(f'[^{SPACE}]')} AS DOUBLE) / nullif({_count(_WORD)}, 0))",
        ('mean_word_length("ab abcd")', 3),
    ),
    counting(
        "longest_word",
        (text(),),
        "characters of the longest word; null without words",
        f"list_max(list_transform({_all(_WORD)}, lambda __word: length(__word)))",
        ('longest_word("ab abcd")', 4),
    ),
    share(
        "letter_share",
        "letters, as a share of the characters that are not white space",
        _count(_LETTER),
        _count(f"[^{SPACE}]"),
        ('letter_share("ab 12")', 0.5),
    ),
    share(
        "digit_share",
        "digits, as a share of the characters that are not white space",
        _count(r"\p{Nd}"),
        _count(f"[^{SPACE}]"),
        ('digit_share("ab 1234 ..")', 0.5),
    ),
    share(
        "upper_share",
        "letters in upper case, as a share of the letters",
        _count(r"\p{Lu}"),
        _count(_LETTER),
        ('upper_share("ABcd 12")', 0.5),
    ),
    share(
        "word_share",
        "words with at least one letter, as a share of the words; Gopher keeps 80% and more",
        f"len(list_filter({_all(_WORD)}, lambda __word: regexp_matches(__word, '{_LETTER}')))",
        _count(_WORD),
        ('word_share("a 1 b 2")', 0.5),
    ),
    share(
        "distinct_word_share",
        "different words, as a share of the words; upper and lower case differ",
        f"len(list_distinct({_all(_WORD)}))",
        _count(_WORD),
        ('distinct_word_share("no no no no")', 0.25),
    ),
    share(
        "repeated_line_share",
        "lines that repeat an earlier one, as a share of the lines; Gopher drops above 30%",
        f"(len({_all(_LINE)}) - len(list_distinct({_all(_LINE)})))",
        _count(_LINE),
        (r'repeated_line_share("a\nb\na\na")', 0.5),
    ),
    share(
        "bullet_line_share",
        "lines that begin with a bullet, as a share of the lines; Gopher drops above 90%",
        _count(rf"(?m)^[ \t]*{_BULLETS}[^\n]*"),
        _count(_LINE),
        (r'bullet_line_share("- a\nb")', 0.5),
    ),
    share(
        "ellipsis_line_share",
        "lines that end in `…` or `...`, as a share of the lines; Gopher drops above 30%",
        _count(rf"(?:…|\.\.\.){_LINE_ENDS}"),
        _count(_LINE),
        (r'ellipsis_line_share("and so on ...\nb")', 0.5),
    ),
    share(
        "sentence_line_share",
        "lines that end as a sentence does (`.`, `!`, `?` and their like in other scripts), as a share of the lines; "
        "C4 keeps these alone",
        _count(rf"{_TERMINAL}{_CLOSING}{_LINE_ENDS}"),
        _count(_LINE),
        (r'sentence_line_share("Home | About\nIt works.")', 0.5),
    ),
    counting(
        "symbols_per_word",
        (text(),),
        "`#`, `…` and `...`, counted for each word; Gopher drops above 0.1",
        f"(CAST({_count(_SYMBOLS)} AS DOUBLE) / nullif({_count(_WORD)}, 0))",
        ('symbols_per_word("#a b #c d")', 0.5),
    ),
)
