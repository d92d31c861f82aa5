"""Limits on figures: which guard a round breaks, and how that reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compiler.loop_params import GuardLimit
from runtime.gating import wording
from runtime.gating.comparing import holds
from runtime.looping.figures import Figure

_COUNTED = {
    "acceptance": "candidates",
    "real_share": "rows",
    "distinct_2": "word pairs",
    "distinct_2_drop": "word pairs",
    "lineage_depth": "rows",
}


@dataclass(frozen=True, slots=True)
class Broken:
    """A limit that a round does not keep. ``entry`` is how the plan calls its line."""

    entry: str
    measure: str
    limit: GuardLimit
    reason: str


def broken(limits: Sequence[GuardLimit], figures: Mapping[str, Figure]) -> list[Broken]:
    """All limits that are not kept, in their order. A figure that could not be measured keeps none."""
    found = []
    for position, limit in enumerate(limits):
        figure = figures[limit.measure]
        if figure.value is None or not holds(figure.value, limit.op, float(limit.limit)):
            found.append(Broken(f"limits.{position}", limit.measure, limit, _reason(limit, figure)))
    return found


def _reason(limit: GuardLimit, figure: Figure) -> str:
    """``guard real_share >= 30%: it is 24.1% of 1,204 rows``."""
    text = f"guard {limit.measure} {limit.op} {wording.value(float(limit.limit), figure.unit)}"
    if figure.value is None:
        return f"{text}: it could not be measured, because {figure.why}"
    shown = wording.apart(wording.value, figure.value, float(limit.limit), figure.unit)[0]
    counted = wording.count(figure.n, _COUNTED.get(limit.measure, "new rows"))
    return f"{text}: it is {shown}, of {counted}"
