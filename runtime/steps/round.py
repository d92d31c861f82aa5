"""The round step: what the model of a round measured, against the rounds before it.

It decides the stop rules and watches the proxy against gold (``runtime/looping/rounds.py``). No model runs: it reads
what measure steps left, 0.1 s, and a sign-flip test where answers are no yes or no.
"""

from __future__ import annotations

from typing import Any

from compiler.loop_params import MetricAt, RoundParams, StopRule
from runtime.context import StepContext, StepResult
from runtime.looping.table import keep_figures

NO_GOLD = "SFT0571"
_LEVEL = 0.95


def run(ctx: StepContext) -> StepResult:
    """Rows go to ``round_figures``; a stop rule that holds ends the loop after this round (``stopped``, in the
    summary)."""
    from runtime.looping.measured import Measured
    from runtime.looping.rounds import Reading, Stop

    params = ctx.step.params
    assert isinstance(params, RoundParams)
    round = len(params.models)
    measured = Measured(ctx.store, ctx.input_steps, params.models)
    readings: dict[tuple[str, str], Reading] = {}
    for at in params.shown:
        ctx.stop.check()
        readings[at.eval, at.metric] = measured.reading(at, round)
    said: dict[int, Stop] = {}
    for position, rule in enumerate(params.stops):
        if (told := _decide(measured, rule, round)) is not None:
            said[position] = told
            ctx.note(told.reason)
    keep_figures(ctx, [_row(at, readings[at.eval, at.metric], params, said) for at in params.shown])
    summary: dict[str, Any] = {
        "figures": {f"{at.eval}.{at.metric}": readings[at.eval, at.metric].estimate for at in params.shown}
    }
    stops = [(position, told) for position, told in said.items() if told.stops]
    if stops:
        summary["stopped"] = {"entry": f"stops.{stops[0][0]}", "reason": stops[0][1].reason}
    if (text := _watched(measured, params, round)) is not None:
        help = "look at what the proxy accepts, take another proxy, or stop at the round before"
        summary["findings"] = [{"code": NO_GOLD, "message": text, "help": help, "entry": "proxy"}]
        ctx.note(text)
    items = max((reading.n for reading in readings.values()), default=0)
    return StepResult(items, items, 0, summary)


def _decide(measured: Any, rule: StopRule, round: int) -> Any:
    from runtime.looping.rounds import best_before, decide_fall, decide_level, decide_measured

    if rule.rule != "falls":
        return decide_level(rule, measured.reading(rule.at, round))
    if round == 1:
        return None
    readings = [measured.reading(rule.at, number) for number in range(1, round + 1)]
    if (unknown := decide_measured(rule, readings[-1])) is not None:
        return unknown
    best = best_before(readings)
    return decide_fall(rule, best, None if best is None else measured.change(rule.at, best + 1, round))


def _watched(measured: Any, params: RoundParams, round: int) -> str | None:
    from runtime.looping.rounds import proxy_without_gold

    proxy, gold = params.proxy, params.gold
    if proxy is None or gold is None or round == 1:
        return None
    changes = (measured.change(proxy, 1, round), measured.change(gold, 1, round))
    found: str | None = proxy_without_gold(proxy, changes[0], gold, changes[1], round)
    return found


def _row(at: MetricAt, reading: Any, params: RoundParams, said: dict[int, Any]) -> tuple[Any, ...]:
    """``round_figures``: with the stop rule on the metric and what it says."""
    rules = [(position, rule) for position, rule in enumerate(params.stops) if _same(rule.at, at)]
    told = next((said[position] for position, _ in rules if position in said), None)
    rule = rules[0][1] if rules else None
    op, threshold = (rule.rule, float(rule.limit)) if rule is not None else (None, None)
    return (
        *(f"{at.eval}.{at.metric}", reading.estimate, reading.low, reading.high, _LEVEL, reading.n, at.unit),
        *(op, threshold, told is not None and told.stops, told.reason if told is not None else None),
    )


def _same(one: MetricAt, other: MetricAt) -> bool:
    return (one.eval, one.metric) == (other.eval, other.metric)
