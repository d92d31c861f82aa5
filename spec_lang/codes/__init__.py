"""One Markdown page a diagnostic code, named ``SFT0204-unknown-field.md``.

The file name is the registry: code and kebab-case name cannot drift from the page that
``sft explain`` shows. Listing the folder costs about a millisecond, and only when something
is wrong or explained.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

# What the first digits of a code say; the longest that fits counts.
GROUPS: dict[str, str] = {
    "SFT01": "Syntax",
    "SFT02": "Blocks, fields and names",
    "SFT03": "Expressions",
    "SFT04": "Data",
    "SFT05": "Models, training and answers",
    "SFT06": "Evals and gates",
    "SFT07": "Lints",
    "SFT077": "Formatter",
    "SFT09": "Command line and store",
}

_SENTENCE_END = re.compile(r"[.:](?= [A-Z`]|$)")


# A sentence on the pages of codes whose findings carry a fix, at least in the case that the page shows.
FIXED = "`sft check --fix` mends it."

# The same where it depends on the mistake: the case that the page shows may carry no fix, others do.
FIXED_AT_TIMES = "`sft check --fix` mends some of these."

# How a page begins a sentence when no spec on it can cause its code: a full disk, a run, an option of a command.
OUTSIDE = "Not from a spec alone:"


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


def summary(code: str) -> str:
    """What the code means, in the first sentence of its page. Raises KeyError for a code without a page."""
    text = pages()[code].read_text(encoding="utf-8")
    paragraph = " ".join(text.split("\n\n")[1].split())
    end = _SENTENCE_END.search(paragraph)
    return paragraph[: end.start() + 1] if end else paragraph


def group_of(code: str) -> str:
    """What a code is about, such as "Expressions"."""
    return next(GROUPS[code[:length]] for length in (6, 5) if code[:length] in GROUPS)


def comes_from_a_spec(code: str) -> bool:
    """Whether the first spec on the page has the finding, beside the files that the page speaks of."""
    return OUTSIDE not in (page(code) or "")


def is_mended(code: str) -> bool:
    """Whether ``sft check --fix`` mends the mistake on the code's page."""
    return FIXED in (page(code) or "")


def is_mended_at_times(code: str) -> bool:
    """Whether ``sft check --fix`` mends some mistakes of a code, beside the one on its page."""
    return FIXED_AT_TIMES in (page(code) or "")
