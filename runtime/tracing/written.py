"""A row that a model wrote: what it was written from, what was asked for it, and the verdict; rejected ones as well.

Read from the tables `candidates` and `requests`, where an id is looked up by its step: a few milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.plan import Step, StepKind
from runtime.tracing.find import Origin, Scene, origins


@dataclass(frozen=True)
class Asked:
    """A request and its answer; ``answer`` is None where there was none."""

    request: str
    messages: Sequence[Mapping[str, Any]]
    answer: str | None
    stop_reason: str | None


@dataclass(frozen=True)
class Lineage:
    """``parents`` are the rows that it was written from, by id, as far as they are there; ``nearest`` is the earlier
    row that it is most like."""

    step: Step
    row_id: str
    number: int
    round: int
    generation: int
    verdict: str
    rule: str | None
    value: str | None
    detail: str | None
    similarity: float | None
    nearest: str | None
    content: Mapping[str, Any]
    parents: Mapping[str, Origin | None]
    asked: tuple[Asked, ...]


def lineage(scene: Scene, row_id: str) -> Lineage | None:
    """The candidate of the run with this id, or the only one whose id begins so; None where there is none."""
    steps = {step.hash: step for step in scene.plan if step.kind is StepKind.GENERATE}
    if not steps:
        return None
    rows = scene.store.query(
        "SELECT step_hash, row_id, number, round, generation, verdict, rule, value, detail, similarity, nearest, "
        "content, parents, requests FROM candidates WHERE list_contains(?, step_hash) AND starts_with(row_id, ?) "
        "ORDER BY row_id <> ?, number LIMIT 2",
        [list(steps), row_id, row_id],
    )
    if not rows or (len(rows) > 1 and rows[0][1] != row_id):
        return None
    step, found, *told, content, parents, requests = rows[0]
    where = origins(scene, parents)
    return Lineage(
        steps[step],
        found,
        *told,
        content=json.loads(content),
        parents={parent: where.get(parent) for parent in parents},
        asked=_asked(scene, requests),
    )


def _asked(scene: Scene, requests: Sequence[str]) -> tuple[Asked, ...]:
    rows = scene.store.query(
        "SELECT request_hash, messages, answer, stop_reason FROM requests WHERE list_contains(?, request_hash)",
        [list(requests)],
    )
    found = {row[0]: Asked(row[0], json.loads(row[1]), row[2], row[3]) for row in rows}
    return tuple(found[request] for request in requests if request in found)


def written_from(scene: Scene, step: Step, row_id: str) -> tuple[int, int]:
    """How many candidates of a step were written from a row, and how many of them were accepted."""
    ((count, accepted),) = scene.store.query(
        "SELECT count(*), count(*) FILTER (verdict = 'accepted') FROM candidates "
        "WHERE step_hash = ? AND list_contains(parents, ?)",
        [step.hash, row_id],
    )
    return int(count), int(accepted)
