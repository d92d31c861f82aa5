"""The list of runs: each with what it measured first, its change against a reference, and what can be done about it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tui.formats import NOTHING, count, estimate, number
from tui.home_queries import Delta, HomeRow, Reference
from tui.view_models.compare import SAME, leaning, marked_change, pair_words
from tui.view_models.runs import RunLine, run_line


class HomeLine(Struct, frozen=True):
    """A run in the list. ``change`` is against the reference; ``leaning`` says which way its interval lies."""

    run: RunLine
    blessed: tuple[str, ...]
    name: str
    estimate: str
    interval: str
    n: str
    change: str
    leaning: str
    words: str
    reference: Reference | None


def home_line(row: HomeRow, delta: Delta | None, now: float) -> HomeLine:
    headline, reference = row.headline, row.reference
    pair = delta.pair if delta is not None else None
    same = pair is not None and pair.note == SAME
    return HomeLine(
        run_line(row.run, now),
        row.blessed,
        headline.name if headline is not None else "",
        number(headline.estimate, headline.unit) if headline is not None else "",
        estimate(headline.estimate, headline.low, headline.high, headline.unit) if headline is not None else "",
        count(headline.n) if headline is not None else "",
        "=" if same else marked_change(pair) or (NOTHING if delta is not None else ""),
        leaning(pair),
        _words(row, delta),
        reference,
    )


def _words(row: HomeRow, delta: Delta | None) -> str:
    """What the headline rests on, and what the change rests on."""
    headline = row.headline
    if headline is None:
        return ""
    shown = estimate(headline.estimate, headline.low, headline.high, headline.unit)
    level = f" at {number(headline.level, 'share')}" if headline.low is not None else ""
    missing = f", {count(headline.missing)} missing" if headline.missing else ""
    told = f"{headline.name} {shown}{level}, n = {count(headline.n)}{missing}"
    if row.reference is None:
        return f"{told}\nno finished run of this spec before it, and no blessed one: nothing to compare with"
    if delta is None:
        return told
    pair = delta.pair
    if pair is None or pair.paired is None:
        why = "the same answers, measured the same" if delta.note == SAME else f"not compared: {delta.note}"
        return f"{told}\nagainst {reference_name(row.reference)}: {why}"
    which = f"{lean}, " if (lean := leaning(pair)) else ""
    return f"{told}\nagainst {reference_name(row.reference)}: {which}{pair_words(pair)}"


def reference_name(reference: Reference) -> str:
    return f"{reference.name} ({reference.run_id})" if reference.name else f"the run before ({reference.run_id})"


def as_json(row: HomeRow, delta: Delta | None, line: HomeLine) -> dict[str, Any]:
    """A run as JSON values; what is not known is null."""
    run, headline, reference = row.run, row.headline, row.reference
    paired = delta.pair.paired if delta is not None and delta.pair is not None else None
    keys = ("eval", "model", "metric", "n", "missing", "estimate", "low", "high", "level", "unit")
    change = None
    if delta is not None and reference is not None:
        figures = ("n", "estimate", "low", "high", "gained", "lost", "p_value", "test", "better")
        change = {
            "against": reference.run_id,
            "baseline": reference.name,
            **{key: getattr(paired, key) if paired is not None else None for key in figures},
            "note": delta.note,
        }
    return {
        "run_id": run.run_id,
        "spec": run.spec,
        "status": line.run.status,
        "verdict": run.verdict,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "steps": run.steps,
        "cached": run.cached,
        "error": run.error,
        "blessed": list(row.blessed),
        "headline": {key: getattr(headline, key) for key in keys} if headline is not None else None,
        "change": change,
    }
