"""Markdown pages that are documentation and tests at once.

A page is prose with fences. Every ``sft`` fence is a whole file, shown as `spec.sft`. A ``diagnostics``
fence after it holds exactly what `render_plain` prints for it; an ``sft`` fence without one has no findings.
``⟨U+202E⟩`` in a spec stands for the character, so that no page holds invisible ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

_CHARACTER = re.compile(r"⟨U\+([0-9A-F]{4,6})⟩")


@dataclass(frozen=True)
class Example:
    """A spec on a page, the line where its fence begins, and the findings the page promises."""

    page: str
    line: int
    text: str
    expected: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def examples(path: Path) -> list[Example]:
    """The examples of a page in order. Raises ValueError for a page that breaks the format."""
    text = path.read_text(encoding="utf-8")
    found: list[Example] = []
    for match in _FENCE.finditer(text):
        language, body = match.groups()
        if language == "sft":
            spec = _CHARACTER.sub(lambda code: chr(int(code[1], 16)), body)
            found.append(Example(path.name, text.count("\n", 0, match.start()) + 1, spec, ""))
        elif language == "diagnostics":
            if not found or found[-1].expected:
                raise ValueError(f"{path.name}: a diagnostics fence without a spec before it")
            found[-1] = Example(path.name, found[-1].line, found[-1].text, body)
    return found
