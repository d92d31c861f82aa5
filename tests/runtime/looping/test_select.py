"""Which round a loop stands for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from compiler.loop_params import MetricAt, SelectParams
from runtime.looping import measured
from runtime.looping.rounds import Reading
from runtime.steps.select import _best, _values

BEST = MetricAt(eval="choosing", metric="exact", unit="share")


@pytest.mark.parametrize(("missing", "chosen"), [(0, 2), (1, 1), (95, 1)])
def test_a_round_with_missing_answers_is_no_candidate(
    monkeypatch: pytest.MonkeyPatch, missing: int, chosen: int
) -> None:
    readings = (Reading(0.8, 0.7, 0.9, 100), Reading(1.0, 0.9, 1.0, 100 - missing, missing))
    monkeypatch.setattr(measured, "Measured", lambda *_: SimpleNamespace(reading=lambda _, round: readings[round - 1]))
    notes: list[str] = []
    ctx: Any = SimpleNamespace(store=None, input_steps={}, note=notes.append)
    params = SelectParams(models=("one", "two"), best=BEST)
    assert _best(params, _values(ctx, params, [1, 2])) == chosen
    assert ["round 2" in note for note in notes] == [True] * (missing > 0)
