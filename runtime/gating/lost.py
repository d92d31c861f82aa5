"""What an evaluation never asked, though its data should have had it: no gate on it passes, and no comparison decides,
since which items are lost is seldom chance."""

from __future__ import annotations

from collections.abc import Iterator

from runtime.gating import wording
from runtime.gating.evidence import Evidence


def lost_items(evidence: Evidence) -> Iterator[str]:
    """A sentence for items that were answered and are in no row of the data, and for lines that could not be read."""
    if lost := evidence.lost:
        are = wording.verb(
            lost, "was answered and is in no row of the data", "were answered and are in no row of the data"
        )
        yield (
            f"{wording.count(lost, 'items')} {are} (`no_row` in `sft show ledger`): take data that has them, "
            "or keep only the answers to its rows in a task."
        )
    if unread := evidence.unread:
        them = "it" if unread == 1 else "them"
        yield (
            f"{wording.count(unread, 'lines')} of the data could not be read, so what stands there was never asked "
            f"(`unreadable` in `sft show ledger`): mend {them}, or take {them} out."
        )
