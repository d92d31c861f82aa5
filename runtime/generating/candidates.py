"""What a model wrote, row by row, with the verdict on each: the evidence of a generate step.

A candidate is a row that could have been: accepted, or rejected by the first rule that it breaks. Its number is its
place in an order that the answers alone give, so the same answers make the same rows, however they came in.
``generation`` is 0 for a row of a source, and one more than the highest of its parents for a row that was written from
them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from compiler.hashing import hash_text

WRITTEN = "written:"  # begins what an id is a hash of, so that no row of a source has it


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row that others are written from; ``values`` by column."""

    row_id: str
    values: Mapping[str, Any]
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """``values`` are its columns, as far as they are there. ``rule`` is empty for a row that is accepted; else the
    first rule that it breaks, with the measured ``value`` and a sentence (``detail``). ``parents`` are ids of the rows
    that it was written from, ``requests`` hashes of what was asked for it. ``nearest`` is the row that it is most like,
    and ``similarity`` how much. ``facts`` are whatever else the method knows, as JSON."""

    values: Mapping[str, Any]
    rule: str = ""
    value: str | None = None
    detail: str | None = None
    parents: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    round: int = 0
    nearest: str | None = None
    similarity: float | None = None
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Numbered:
    """A candidate with what its place and its parents give it."""

    candidate: Candidate
    number: int
    row_id: str
    generation: int


@dataclass
class Candidates:
    """All candidates of a step, in order. ``generations`` are those of the rows that a parent can be."""

    generations: dict[str, int]
    found: list[Numbered] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    _repeats: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, rows: Sequence[SourceRow]) -> Candidates:
        return cls({row.row_id: row.generation for row in rows if row.generation})

    def add(self, candidate: Candidate) -> str:
        """Take a candidate; the id of its row. Where content repeats, the second id ends in ``-2``."""
        row_id = written_id(candidate.values)
        self._repeats[row_id] += 1
        if self._repeats[row_id] > 1:
            row_id = f"{row_id}-{self._repeats[row_id]}"
        generation = 1 + max((self.generations.get(parent, 0) for parent in candidate.parents), default=0)
        self.found.append(Numbered(candidate, len(self.found), row_id, generation))
        if candidate.rule:
            self.rejected[candidate.rule] += 1
        else:
            self.generations[row_id] = generation
        return row_id

    def name_nearest(self, rows: Mapping[str, str]) -> None:
        """Put ids of rows in the place of other names of what candidates are most like."""
        for place, one in enumerate(self.found):
            nearest = one.candidate.nearest
            if nearest is not None:
                named = replace(one.candidate, nearest=rows.get(nearest, nearest))
                self.found[place] = replace(one, candidate=named)

    @property
    def accepted(self) -> list[Numbered]:
        return [one for one in self.found if not one.candidate.rule]


def content_of(values: Mapping[str, Any]) -> str:
    """A row as JSON, by the names of its columns, without missing values: as the rows of a source are kept."""
    there = {name: values[name] for name in sorted(values) if values[name] is not None}
    return json.dumps(there, ensure_ascii=False, separators=(",", ":"))


def written_id(values: Mapping[str, Any]) -> str:
    """The id of a row that a model wrote, by its content."""
    return hash_text(WRITTEN + content_of(values))
