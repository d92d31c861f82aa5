"""Instructions that a model wrote, held against those of the rows and those taken before them.

A candidate that broke no rule of its method is ``novelty`` where it is too like another one, if the spec says what that
is; and what is taken counts for the next one at once, so the order of candidates decides, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from runtime.generating.candidates import Candidate
from runtime.generating.novelty import Pool
from runtime.generating.work import Work

NOVELTY = "novelty"


@dataclass
class NewInstructions:
    """``column`` is the one that instructions are in."""

    work: Work
    column: str
    pool: Pool = field(default_factory=Pool)

    def __post_init__(self) -> None:
        if self.work.params.novelty is not None:
            for row in self.work.rows:
                self.pool.add(row.row_id, str(row.values.get(self.column) or ""))

    def add(self, candidate: Candidate) -> str:
        """Take a candidate, unless it is too like another one; the id of its row."""
        limit = self.work.params.novelty
        if limit is None or candidate.rule:
            return self.work.candidates.add(candidate)
        near = self.pool.nearest(str(candidate.values[self.column]))
        if near is not None:
            candidate = replace(candidate, nearest=near.key, similarity=near.similarity)
            if not near.passes(limit.op, limit.limit):
                candidate = replace(candidate, rule=NOVELTY, value=f"{near.similarity:.3f}")
        row_id = self.work.candidates.add(candidate)
        if not candidate.rule:
            self.pool.add(row_id, str(candidate.values[self.column]))
        return row_id
