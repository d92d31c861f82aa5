"""The code of an answer: what stands in a fence of Markdown, or all of it where there is no fence.

Fences are those of CommonMark: three or more backticks or tildes, closed by at least as many of the same. An answer
that was cut off inside of a fence has its code up to the end. Linear in the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Which: TypeAlias = Literal["first", "last", "none"]

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`{]*)")
_PYTHON = ("python", "py", "python3")


@dataclass(frozen=True)
class _Block:
    language: str
    code: str


def code_of(answer: str, which: Which = "first") -> str:
    """The first or last fenced block that is marked as Python; of blocks without a mark, or any, where there is none.

    ``none`` takes the answer as it is, for models that go on with code.
    """
    blocks = [] if which == "none" else _blocks(answer)
    if not blocks:
        return answer
    for languages in (_PYTHON, ("",)):
        marked = [block for block in blocks if block.language in languages]
        if marked:
            blocks = marked
            break
    return blocks[0 if which == "first" else -1].code


def _blocks(answer: str) -> list[_Block]:
    found: list[_Block] = []
    lines = iter(answer.replace("\r\n", "\n").removesuffix("\n").split("\n"))  # what else ends lines may be in a string
    for line in lines:
        opening = _FENCE.match(line)
        if opening is None:
            continue
        indent, fence, language = opening.groups()
        code: list[str] = []
        for inner in lines:
            mark = inner.strip()
            if len(mark) >= len(fence) and mark == fence[0] * len(mark):
                break
            code.append(inner.removeprefix(indent))
        found.append(_Block(language.lower(), "".join(f"{inner}\n" for inner in code)))
    return found
