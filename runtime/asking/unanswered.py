"""Requests that a server failed to the end, as the finding that ends the step: it would be kept without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from runtime.asking.request import Unanswered
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import one_line

MISSING = "SFT0534"


def requests_unanswered(missing: Sequence[Unanswered], asked: int) -> DiagnosticError:
    """Of so many requests that were asked, these have no answer."""
    counts = ", ".join(f"{name} {count:,}" for name, count in Counter(one.reason for one in missing).most_common())
    return fatal(
        MISSING,
        f"{len(missing):,} of {asked:,} requests were not answered: {counts} ({one_line(missing[0].detail, 200)})",
        "run again: answers that came are kept, and only these are asked for. `retries` and `timeout` of the model "
        "give the server more time",
    )
