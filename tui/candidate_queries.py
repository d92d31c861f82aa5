"""Candidates of a generate step by position: all, the accepted ones, or those that one rule rejected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runtime.store import Store

ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Candidate:
    number: int
    row_id: str
    verdict: str
    rule: str | None
    value: str | None
    detail: str | None
    similarity: float | None
    content: str


@dataclass(frozen=True)
class CandidateSet:
    """``rule`` is that which rejected them, ``accepted``, or None for all; ``search`` is a text that they hold."""

    step_hash: str
    rule: str | None
    search: str = ""


def candidate_count(store: Store, of: CandidateSet) -> int:
    where, params = _where(of)
    return int(store.query(f"SELECT count(*) FROM candidates WHERE {where}", params)[0][0])


def candidate_page(store: Store, of: CandidateSet, begin: int, end: int) -> list[Candidate]:
    where, params = _where(of)
    rows = store.query(
        f"SELECT number, row_id, verdict, rule, value, detail, similarity, content FROM candidates WHERE {where} "
        "ORDER BY number LIMIT ? OFFSET ?",
        [*params, end - begin, begin],
    )
    return [Candidate(*row) for row in rows]


def _where(of: CandidateSet) -> tuple[str, list[Any]]:
    conditions, params = ["step_hash = ?"], list[Any]([of.step_hash])
    if of.rule == ACCEPTED:
        conditions.append("verdict = 'accepted'")
    elif of.rule is not None:
        conditions.append("rule = ?")
        params.append(of.rule)
    if of.search:
        conditions.append("contains(lower(content::VARCHAR), lower(?))")
        params.append(of.search)
    return " AND ".join(conditions), params
