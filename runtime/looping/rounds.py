"""Rounds against each other: a metric of one round's model and another's on the same items, and when a loop stops.

``falls`` compares with the best round so far. The best of several estimates is partly luck, so a later round lies below
it more often than not, by as much as the noise: a fall counts when the estimate lies so many points lower *and* the
paired 95% interval of the difference excludes 0. A fall that is no more than noise goes on, and says so; one of which
no interval can be computed could be anything, and ends the loop, as does a round of which answers are missing.

The Goodhart monitor compares the first round with this one, on both scales: the proxy that the rows are chosen by, and
gold. It speaks when the proxy's rise is more than noise and gold's is not (both 95% intervals, paired by item, without
a correction for the number of rounds).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compiler.loop_params import MetricAt, StopRule
from runtime.comparison.pair import Change
from runtime.gating import wording
from runtime.gating.comparing import SLACK


@dataclass(frozen=True, slots=True)
class Reading:
    """A metric of a round's model: an aggregate over its items, None where nothing was measured. ``missing`` are
    answers that are not there or could not be measured, of which nobody knows how good they are."""

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    missing: int = 0

    @property
    def whole(self) -> bool:
        """Whether everything was measured, so that something can be decided by it."""
        return self.estimate is not None and not self.missing


@dataclass(frozen=True, slots=True)
class Stop:
    """What a stop rule says of a round; ``stops`` is False where ``reason`` is only worth telling."""

    stops: bool
    reason: str


def best_before(readings: Sequence[Reading]) -> int | None:
    """The earlier round with the highest estimate, from 0, the first of equals, of those that were measured whole;
    ``readings`` end with this round's."""
    known = [(item.estimate, -number) for number, item in enumerate(readings[:-1]) if item.whole]
    return -max(known)[1] if known else None


def decide_measured(rule: StopRule, reading: Reading) -> Stop | None:
    """What ends the loop before any limit is looked at: that a round was not measured whole."""
    if reading.whole:
        return None
    if reading.estimate is None:
        return Stop(True, f"{_said(rule)}: it could not be measured")
    lost, verb = wording.count(reading.missing, "answers"), wording.verb(reading.missing, "is", "are")
    return Stop(True, f"{_said(rule)}: {lost} {verb} missing or could not be measured, so nothing says what it is")


def decide_fall(rule: StopRule, best: int | None, change: Change | None) -> Stop | None:
    """``falls``: ``change`` is this round's model against that of round ``best`` (from 0); None: it goes on. There is
    no ``best`` where no earlier round was measured whole."""
    limit, said = float(rule.limit), _said(rule)
    if best is None:
        return Stop(True, f"{said}: no earlier round was measured whole, so nothing says that it did not")
    if change is None:
        return Stop(True, f"{said}: there is no item that both rounds answered, so nothing says that it did not")
    if change.estimate > -limit + SLACK:
        return None
    fell = f"it fell {wording.size(-change.estimate, rule.at.unit)} since round {best + 1}, {_paired(change, rule.at)}"
    if change.high is None or change.high < 0:
        return Stop(True, f"{said}: {fell}")
    return Stop(False, f"{said}: {fell}, which may be noise, so the loop goes on")


def decide_level(rule: StopRule, reading: Reading) -> Stop | None:
    """``above`` and ``below``: of the estimate."""
    limit, said = float(rule.limit), _said(rule)
    if (unknown := decide_measured(rule, reading)) is not None or reading.estimate is None:
        return unknown
    beyond = reading.estimate > limit + SLACK if rule.rule == "above" else reading.estimate < limit - SLACK
    if not beyond:
        return None
    shown = wording.apart(wording.value, reading.estimate, limit, rule.at.unit)[0]
    return Stop(True, f"{said}: it is {shown} of {wording.count(reading.n, 'items')}")


def _said(rule: StopRule) -> str:
    """``stop when progress.exact falls 2 pt``."""
    shown = wording.size if rule.rule == "falls" else wording.value
    return f"stop when {rule.at.eval}.{rule.at.metric} {rule.rule} {shown(float(rule.limit), rule.at.unit)}"


def proxy_without_gold(
    proxy: MetricAt, proxied: Change | None, gold: MetricAt, golden: Change | None, round: int
) -> str | None:
    """What to say of a proxy that rose since the first round while gold did not; None where there is nothing to say."""
    if proxied is None or not _rose(proxied, proxy) or (golden is not None and _rose(golden, gold)):
        return None
    if golden is None:
        return (
            f"since round 1 the proxy `{proxy.eval}.{proxy.metric}` got better in round {round} "
            f"({_told(proxied, proxy)}) and gold `{gold.eval}.{gold.metric}` could not be measured: there is no item "
            "that both rounds answered, so nothing says that what the loop is for got better too"
        )
    verb = "fell" if _rose(golden, gold, sign=-1) else "did not measurably get better"
    return (
        f"since round 1 the proxy `{proxy.eval}.{proxy.metric}` got better in round {round} ({_told(proxied, proxy)}) "
        f"and gold `{gold.eval}.{gold.metric}` {verb} ({_told(golden, gold)}): what the loop is rewarded for is no "
        "longer what it is for"
    )


def _rose(change: Change, at: MetricAt, sign: int = 1) -> bool:
    """Whether the change for the better (or worse, with ``sign`` -1) is more than noise."""
    if (at.better == "lower") == (sign > 0):
        return change.high is not None and change.high < 0
    return change.low is not None and change.low > 0


def _told(change: Change, at: MetricAt) -> str:
    return f"{wording.change(change.estimate, at.unit)}, {_paired(change, at)}"


def _paired(change: Change, at: MetricAt) -> str:
    """``95% interval -7.1 pt to -0.9 pt on 200 paired items, McNemar mid-p, Tango interval``."""
    items = wording.count(change.n, "paired items")
    if change.low is None or change.high is None:
        return f"without an interval on {items}: {change.obstacle}"
    ends = f"{wording.change(change.low, at.unit)} to {wording.change(change.high, at.unit)}"
    return f"95% interval {ends} on {items}, {change.test}"
