"""Questions about loops: the figures of every round, what became of it, which one was chosen, and what was found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from runtime.own_results import MADE_STEPS
from runtime.store import Store


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure of a round's rows, or a metric of its model; ``op`` and ``threshold`` are the guard's or stop rule's."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: str
    op: str | None
    threshold: float | None
    stopped: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class RoundRow:
    """``state``: trained, stopped (by a guard, before it trained), skipped, not reached, or what its next step is."""

    number: int
    state: str
    reason: str
    figures: tuple[FigureRow, ...] = ()


@dataclass(frozen=True, slots=True)
class LoopRow:
    """``chosen`` is the round that the loop stands for, None before its end; ``by`` says what chose it."""

    name: str
    rounds: tuple[RoundRow, ...]
    chosen: int | None
    by: str


@dataclass
class _Steps:
    guards: dict[int, tuple[str, str, str]] = field(default_factory=dict)  # status, reason, hash
    rounds: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    chosen: int | None = None
    by: str = ""


def loops(store: Store, run_id: str) -> list[LoopRow]:
    """The loops of a run, in the order of the plan."""
    found: dict[str, _Steps] = {}
    for kind, loop, number, status, reason, step_hash, summary in store.query(
        """
        SELECT kind, labels->>'loop', CAST(labels->>'number' AS INTEGER), status, coalesce(error, reason, ''),
               step_hash, summary
        FROM steps WHERE run_id = ? AND kind IN ('guard', 'round', 'select') ORDER BY ordinal
        """,
        [run_id],
    ):
        steps = found.setdefault(loop, _Steps())
        if kind == "select":
            told = json.loads(summary) if summary and status != "skipped" else {}
            steps.chosen, steps.by = told.get("round"), told.get("by", "")
        else:
            (steps.guards if kind == "guard" else steps.rounds)[number] = (status, reason, step_hash)
    return [_loop(store, name, steps) for name, steps in found.items()]


def _loop(store: Store, name: str, steps: _Steps) -> LoopRow:
    rounds = []
    for number, (status, reason, guard) in steps.guards.items():
        ended, why, round = steps.rounds.get(number, ("pending", "", ""))
        hashes = [step for step, state in ((guard, status), (round, ended)) if state in ("done", "cached")]
        figures = _figures(store, hashes)
        stopped = next((one.reason or "" for one in figures if one.stopped), "")
        if ended in ("done", "cached"):
            rounds.append(RoundRow(number, "trained", stopped, figures))
        elif stopped:
            rounds.append(RoundRow(number, "stopped", stopped, figures))
        elif status == "skipped" and "stopped: " in reason:
            rounds.append(RoundRow(number, "skipped", reason, figures))
        elif "skipped" in (status, ended):  # the run ended before it came to them
            rounds.append(RoundRow(number, "not reached", "", figures))
        else:
            rounds.append(RoundRow(number, ended if hashes else status, why if hashes else reason, figures))
    return LoopRow(name, tuple(rounds), steps.chosen, steps.by)


def _figures(store: Store, hashes: Sequence[str]) -> tuple[FigureRow, ...]:
    found: list[FigureRow] = []
    for step_hash in hashes:
        rows = store.query(
            'SELECT figure, "value", low, high, n, unit, op, threshold, stopped, reason FROM round_figures '
            "WHERE step_hash = ? ORDER BY rowid",
            [step_hash],
        )
        found += [FigureRow(*row) for row in rows]
    return tuple(found)


def warnings(store: Store, run_id: str) -> list[tuple[str, str, int | None]]:
    """What the loops of a run found: code, message and line. What other steps found is not theirs: see
    ``view_models.runs.run_warnings``."""
    with store.reading():
        said = store.query(
            f"SELECT summary FROM {MADE_STEPS} WHERE run_id = ? AND labels->>'loop' IS NOT NULL "
            "AND summary IS NOT NULL",
            [run_id],
        )
        rows = store.query(
            "SELECT code, message, line FROM findings WHERE run_id = ? AND severity = 'warning' ORDER BY number",
            [run_id],
        )
    own = {item["message"] for (summary,) in said for item in json.loads(summary).get("findings", ())}
    return [(row[0], row[1], row[2]) for row in rows if row[1] in own]
