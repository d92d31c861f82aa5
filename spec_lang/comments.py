"""Where the comments of a file stand: in the gaps between its tokens.

Gap *i* is what stands before token *i*; the last gap is what stands after the last token. The
formatter breaks lines at some gaps only, so :func:`settled` moves a comment from any other gap to
the nearest that is one: a comment at the end of a line forward, one on a line of its own
backward. Comments never overtake one another.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from spec_lang.lexing import Comment
from spec_lang.source import SourceFile
from spec_lang.tokens import Token

_BREAK = re.compile(r"\r\n|\r|\n")


class Remark(Struct, frozen=True):
    """A comment in a gap: whether it has its line for itself, and whether a blank line stands before it."""

    text: str
    own_line: bool
    blank: bool


class Gap(Struct, frozen=True):
    """The comments before a token, how many line breaks the gap has, and whether a blank line is next to the token."""

    remarks: tuple[Remark, ...] = ()
    breaks: int = 0
    blank: bool = False


def gaps_of(file: SourceFile, tokens: Sequence[Token], comments: Sequence[Comment]) -> list[Gap]:
    """One gap a token and one for the end of the file. Linear in the length of the file."""
    gaps: list[Gap] = []
    at = 0  # the end of what was looked at
    pending = 0  # the first comment that is not in a gap yet
    for index in range(len(tokens) + 1):
        token = tokens[index] if index < len(tokens) else None
        start = len(file.text) if token is None else token.span.start
        remarks: list[Remark] = []
        breaks = 0
        while pending < len(comments) and comments[pending].span.start < start:
            comment = comments[pending]
            found = _breaks(file.text, at, comment.span.start)
            # What begins the file has its line for itself.
            remarks.append(Remark(comment.text.rstrip(" \t\f"), found > 0 or (not gaps and not remarks), found > 1))
            breaks, at, pending = breaks + found, comment.span.end, pending + 1
        found = _breaks(file.text, at, start)
        gaps.append(Gap(tuple(remarks), breaks + found, found > 1))
        at = start + (len(token.text) if token is not None else 0)
    return gaps


def _breaks(text: str, start: int, end: int) -> int:
    return 0 if end - start <= 1 and text[start:end] in ("", " ") else len(_BREAK.findall(text, start, end))


def settled(gaps: Sequence[Gap], may_break: Collection[int]) -> list[Gap]:
    """The gaps with every comment in one where a line may break; the first and the last always may."""
    moved = [replace(gap, remarks=()) if gap.remarks else gap for gap in gaps]
    nearest = _nearest(len(gaps), may_break)
    floor = 0  # the gap of the comment before: no comment goes to an earlier one
    for index, gap in enumerate(gaps):
        for remark in gap.remarks:
            before, after = nearest[index]
            floor = max(floor, before if remark.own_line else after)
            there = moved[floor]
            stays = remark if floor == index else replace(remark, blank=False)
            moved[floor] = replace(there, remarks=(*there.remarks, stays))
    return moved


def _nearest(count: int, may_break: Collection[int]) -> list[tuple[int, int]]:
    """For every gap the nearest at or before it and the nearest at or after it where a line may break."""
    before: list[int] = []
    last = 0
    for index in range(count):
        last = index if index in may_break else last
        before.append(last)
    after = [0] * count
    following = count - 1
    for index in reversed(range(count)):
        following = index if index in may_break or index == count - 1 else following
        after[index] = following
    return list(zip(before, after, strict=True))
