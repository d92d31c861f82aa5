"""One Markdown page a diagnostic code, named ``SFT0204-unknown-field.md``.

The file name is the registry: code and kebab-case name cannot drift from the page that
``sft explain`` shows. Listing the folder costs about a millisecond, and only when something
is wrong or explained.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def pages() -> dict[str, Path]:
    """Code -> its page."""
    found = {path.name[:7]: path for path in sorted(Path(__file__).parent.glob("SFT????-*.md"))}
    return found


def name_of(code: str) -> str:
    """The kebab-case name of a code. Raises KeyError for a code without a page (a bug of ours)."""
    return pages()[code].stem[8:]


def page(code: str) -> str | None:
    """The text of a code's page, or None for an unknown code."""
    path = pages().get(code.upper())
    return path.read_text(encoding="utf-8") if path else None
