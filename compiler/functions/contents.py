r"""What a text holds beside its sentences: links, addresses, code.

A URL begins with a scheme or with ``www.`` and ends before white space, quotes, brackets and the punctuation of the
sentence around it. A code block is fenced as in Markdown, by three backticks or tildes at the start of a line; one that
is never closed goes on to the end. 2 to 5 us for a text of 30 words.
"""

from __future__ import annotations

from compiler.functions.table import (
    SOLID,
    SPACE,
    Function,
    characters_of,
    count_of,
    counting,
    found,
    pattern,
    share,
    text,
)

_URL = rf"(?i)\b(?:https?://|ftp://|www\.)[^{SPACE}<>\"'`(){{}}|\\^\[\]。，、；！？]*[^{SPACE}<>\"'`(){{}}|\\^\[\]。，、；！？.,;:!?*_]"
_EMAIL = r"(?i)\b[a-z0-9][a-z0-9._%+-]*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z]+\b"
_FENCE = r"(?m)^[ \t]*(?:`{3,}|~{3,})"
_BLOCK = r"(?ms)^[ \t]*`{3,}[^\n]*(?:\n.*?(?:^[ \t]*`{3,}|\z)|\z)|^[ \t]*~{3,}[^\n]*(?:\n.*?(?:^[ \t]*~{3,}|\z)|\z)"


def _solid_of(lists: str) -> str:
    """The characters of all texts of a list that are not white space."""
    return f"length(regexp_replace(array_to_string({lists}, ' '), {pattern(f'[{SPACE}]+')}, '', 'g'))"


CONTENTS: tuple[Function, ...] = (
    counting(
        "urls",
        (text(),),
        "number of links: `https://…`, `http://…`, `ftp://…` and `www.…`",
        count_of(_URL),
        ('urls("see https://example.org/a, or www.example.org.")', 2),
    ),
    share(
        "url_share",
        "characters of links, as a share of the characters that are not white space",
        characters_of(found(_URL)),
        SOLID,
        ('url_share("twelvechars! www.a.org/bc")', 0.5),
    ),
    counting(
        "emails",
        (text(),),
        "number of e-mail addresses",
        count_of(_EMAIL),
        ('emails("write to ann@example.org")', 1),
    ),
    share(
        "email_share",
        "characters of e-mail addresses, as a share of the characters that are not white space",
        characters_of(found(_EMAIL)),
        SOLID,
        ('email_share("eight chr a@bc.org")', 0.5),
    ),
    share(
        "code_share",
        "characters in fenced code blocks, fences included, as a share of the characters that are not white space",
        _solid_of(found(_BLOCK)),
        SOLID,
        (r'code_share("Use these:\n```\nx=1\n```")', 0.5),
    ),
    Function(
        "open_code_fence",
        (text(),),
        "bool",
        "whether a fenced code block is opened and never closed",
        f"(len({found(_FENCE)}) % 2 = 1)",
        (r'open_code_fence("Run this:\n```sh\nls")', True),
    ),
)
