"""Stop rules and the Goodhart monitor, on changes whose intervals are known."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from compiler.loop_params import MetricAt, StopRule
from runtime.comparison.pair import Change
from runtime.looping.rounds import (
    Reading,
    best_before,
    decide_fall,
    decide_level,
    decide_measured,
    proxy_without_gold,
)
from runtime.steps.round import _decide

EXACT = MetricAt(eval="progress", metric="exact", unit="share")
RISE = Change(200, 0.1, 0.04, 0.16, 0.001, 0.999, 0.0005, 30, 10, "McNemar mid-p, Tango interval", None)
NOISE = replace(RISE, estimate=0.01, low=-0.04, high=0.06)
FALL = replace(RISE, estimate=-0.1, low=-0.16, high=-0.04)


def fall(points: str = "0.02") -> StopRule:
    return StopRule(at=EXACT, rule="falls", limit=Decimal(points))


def test_a_fall_that_is_more_than_noise_stops() -> None:
    found = decide_fall(fall(), 1, FALL)
    assert found is not None and found.stops
    assert "falls 2 pt: it fell 10 pt since round 2, 95% interval -16 pt to -4 pt on 200 paired items" in found.reason


def test_a_fall_within_noise_goes_on_and_says_so() -> None:
    found = decide_fall(fall(), 0, replace(FALL, high=0.01))
    assert found is not None and not found.stops
    assert "may be noise, so the loop goes on" in found.reason


def test_a_smaller_fall_says_nothing() -> None:
    assert decide_fall(fall("0.2"), 0, FALL) is None
    assert decide_fall(fall(), 0, RISE) is None


def test_a_fall_that_could_not_be_measured_stops() -> None:
    found = decide_fall(fall(), 0, None)
    assert found is not None and found.stops


def test_the_best_round_is_the_first_of_equals_and_never_this_one() -> None:
    readings = [Reading(value, None, None, 10) for value in (0.5, 0.7, 0.7, 0.9)]
    assert best_before(readings) == 1
    assert best_before(readings[:1]) is None
    assert best_before([Reading(None, None, None, 0), Reading(0.5, None, None, 10)]) is None


@pytest.mark.parametrize(
    ("rule", "value", "stops"),
    [("above", 0.91, True), ("above", 0.9, False), ("below", 0.89, True), ("below", 0.9, False)],
)
def test_levels_stop_beyond_their_limit(rule: str, value: float, stops: bool) -> None:
    found = decide_level(StopRule(at=EXACT, rule=rule, limit="0.9"), Reading(value, None, None, 200))  # type: ignore[arg-type]
    assert (found is not None and found.stops) is stops


def test_a_level_of_what_could_not_be_measured_stops() -> None:
    found = decide_level(StopRule(at=EXACT, rule="below", limit=Decimal("0.1")), Reading(None, None, None, 0))
    assert found is not None and found.stops


def test_a_fall_without_an_interval_stops() -> None:
    found = decide_fall(fall(), 0, replace(FALL, low=None, high=None, obstacle="the answers do not vary"))
    assert found is not None and found.stops and "may be noise" not in found.reason
    assert "without an interval on 200 paired items: the answers do not vary" in found.reason


def test_without_a_round_that_was_measured_whole_nothing_says_that_it_did_not_fall() -> None:
    found = decide_fall(fall(), None, None)
    assert found is not None and found.stops and "no earlier round was measured whole" in found.reason


LOST = Reading(1.0, 0.5, 1.0, 5, missing=95)


@pytest.mark.parametrize("rule", ["falls", "above", "below"])
def test_missing_answers_end_the_loop_however_good_the_others_are(rule: str) -> None:
    stop = StopRule(at=EXACT, rule=rule, limit="0.9")  # type: ignore[arg-type]
    found = decide_measured(stop, LOST) if rule == "falls" else decide_level(stop, LOST)
    assert found is not None and found.stops
    assert "95 answers are missing or could not be measured" in found.reason
    assert decide_measured(stop, Reading(1.0, 0.9, 1.0, 100)) is None


def test_a_round_with_missing_answers_is_not_the_best() -> None:
    assert best_before([Reading(0.8, 0.7, 0.9, 100), LOST, Reading(0.7, None, None, 100)]) == 0
    assert best_before([LOST, LOST]) is None


class _Measured:
    """What rounds measured, as the steps ask for it."""

    def __init__(self, *readings: Reading) -> None:
        self._readings = readings

    def reading(self, at: MetricAt, round: int) -> Reading:
        return self._readings[round - 1]

    def change(self, *_: object) -> Change:
        return RISE


def test_a_rule_on_falls_ends_the_second_round_where_one_of_both_was_not_measured_whole() -> None:
    whole, none = Reading(0.8, 0.7, 0.9, 100), Reading(None, None, None, 0)
    for readings in ((none,), (LOST,), (whole, whole)):
        assert _decide(_Measured(*readings), fall(), len(readings)) is None
    for readings in ((none, none), (none, whole), (whole, none), (LOST, whole), (whole, LOST)):
        found = _decide(_Measured(*readings), fall(), 2)
        assert found is not None and found.stops, readings


PROXY, GOLD = MetricAt(eval="judged", metric="rate", unit="share"), EXACT


def test_a_proxy_that_rises_while_gold_does_not_is_found() -> None:
    told = proxy_without_gold(PROXY, RISE, GOLD, NOISE, 3)
    assert told is not None and "`judged.rate` got better in round 3 (+10 pt, 95% interval +4 pt to +16 pt" in told
    assert "`progress.exact` did not measurably get better" in told
    fell = proxy_without_gold(PROXY, RISE, GOLD, FALL, 3)
    assert fell is not None and "`progress.exact` fell" in fell


def test_a_gold_that_cannot_be_measured_is_found() -> None:
    told = proxy_without_gold(PROXY, RISE, GOLD, None, 2)
    assert told is not None and "gold `progress.exact` could not be measured" in told


def test_nothing_is_found_where_gold_rises_too_or_the_proxy_does_not() -> None:
    assert proxy_without_gold(PROXY, RISE, GOLD, RISE, 2) is None
    assert proxy_without_gold(PROXY, NOISE, GOLD, FALL, 2) is None
    assert proxy_without_gold(PROXY, None, GOLD, FALL, 2) is None


def test_of_a_metric_of_which_less_is_better_a_fall_is_a_rise() -> None:
    less = PROXY.model_copy(update={"better": "lower"})
    assert proxy_without_gold(less, FALL, GOLD, NOISE, 2) is not None
    assert proxy_without_gold(less, RISE, GOLD, NOISE, 2) is None
