"""What ends a loop and what it is watched by: guards, stop rules, what chooses the best round, proxy and gold."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, cast

from msgspec.json import decode
from msgspec.structs import replace

from compiler.judged_metrics import RATE, judge_of, judged_args
from compiler.names import Names
from compiler.reporting import suggestion
from compiler.resolve.label import labels_of
from compiler.resolve.shared_rows import may_share_rows
from compiler.resolved import ResolvedEval, ResolvedMetric
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.resolved_loop import LoopGuard, LoopMetric, LoopRows, LoopStop, ResolvedLoop
from compiler.schema.fields import RuleEntry, Value
from compiler.schema.judge import Judge
from compiler.schema.loop import GUARD
from compiler.schema.written import wrong_unit
from spec_lang.ast import Ref
from spec_lang.quantities import Unit
from spec_lang.source import Span

_LIMITS = ("falls", "above", "below")


def read_loop_rules(
    rows: LoopRows, generates: tuple[ResolvedGenerate, ...], names: Names, judges: Mapping[str, Judge]
) -> ResolvedLoop:
    """The loop with its rules, as far as they are known."""
    block = rows.block
    guards = []
    for rule in block.rules:
        if rule.verb == "guard" and rule.expr is not None:
            limit = GUARD.read(rule.expr, "guard", names.report)
            guards += [LoopGuard(rule, limit)] if limit is not None else []
    stops = [_stop(rule, rows, names) for rule in block.rules if rule.verb == "stop"]
    best, proxy, gold = (_of_field(value, name, rows, names, judges) for name, value in _fields(rows).items())
    kept = tuple(stop for stop in stops if stop is not None)
    if best is not None:
        _check_best(best, rows, kept, names)
    _check_watch(rows, proxy, gold, names)
    return ResolvedLoop(rows, generates, tuple(guards), kept, best, proxy, gold)


def _fields(rows: LoopRows) -> dict[str, Value[Ref | None]]:
    return {"best": rows.block.best, "proxy": rows.block.proxy, "gold": rows.block.gold}


def _of_field(
    value: Value[Ref | None], field: str, rows: LoopRows, names: Names, judges: Mapping[str, Judge]
) -> LoopMetric | None:
    found = _metric(value.value, field, rows, names)
    if found is None or found.better is not None or value.value is None:
        return found
    metric = rows.evals[found.eval].metrics.get(found.metric)
    side = side_of_rate(metric, judges) if metric is not None else None
    if side is not None:
        return replace(found, better=side)
    message = f"of `{value.value.text}` neither more nor less is better, so it cannot be `{field}`"
    help = None
    if judge_of(metric) is not None:
        help = "labels stand worst first: count the best ones or the worst ones, such as `rate(JUDGE == LAST_LABEL)`"
    names.report.error("SFT0664", message, value.span, help)
    return None


def side_of_rate(metric: ResolvedMetric, judges: Mapping[str, Judge]) -> Literal["higher", "lower"] | None:
    """Which way a rate by a judge is better: its labels stand worst first, so that more is better of a rate of the last
    ones, and less of one of the first ones. None of others, and of what is no such rate."""
    judge = judges.get(judge_of(metric) or "")
    if judge is None or metric.function.name != RATE:
        return None
    known = labels_of(judge)
    met = decode(str(judged_args(metric)["labels"]))
    if tuple(met) == known[len(known) - len(met) :]:
        return "higher"
    return "lower" if tuple(met) == known[: len(met)] else None


def _metric(ref: Ref | None, field: str, rows: LoopRows, names: Names) -> LoopMetric | None:
    """``progress.exact`` of an eval of the loop that measures the model of the round; None after a report."""
    if ref is None:
        return None
    if len(ref.parts) != 2:
        names.report.error("SFT0208", f"`{field}` takes a metric of an eval", ref.span, "write `EVAL.METRIC`")
        return None
    if not names.stands(ref, ("eval",), field, parts=2):
        return None
    owner, metric = rows.evals.get(names.full(ref)), ref.parts[1]
    if owner is None:
        if names.kind(ref) == "eval":
            message = f"eval `{ref.parts[0].text}` stands outside of the loop, so it is the same after every round"
            names.report.error("SFT0216", message, ref.parts[0].span, "name an eval of the loop")
        return None
    if owner.metrics.lacks(metric.text):
        help = suggestion(metric.text, owner.metrics.names, "metrics")
        message = f"eval `{owner.name}` has no metric `{metric.text}`"
        names.report.error("SFT0604", message, metric.span, help)
        return None
    if not _measures_round(owner, rows, ref.parts[0].span, names):
        return None
    found = owner.metrics.get(metric.text)
    if found is None:
        return None
    function = found.function
    better = None if function.higher_is_better is None else "higher" if function.higher_is_better else "lower"
    return LoopMetric(owner.name, metric.text, function.unit, cast("Literal['higher', 'lower'] | None", better))


def _measures_round(owner: ResolvedEval, rows: LoopRows, span: Span, names: Names) -> bool:
    """Whether the eval has the model of the round."""
    last = rows.last
    if last is None or not owner.models.lacks(last.name):
        return True
    message = f"eval `{owner.name}` does not evaluate `{last.name}`, the model of a round"
    names.report.error("SFT0605", message, span, f"add it: `models = [{last.name}]`")
    return False


# --- stop rules -------------------------------------------------------------------------------------


def _stop(rule: RuleEntry, rows: LoopRows, names: Names) -> LoopStop | None:
    """``stop when progress.exact falls 2pt``: a metric of the loop, and one limit in its unit."""
    given = [word for word in _LIMITS if word in rule.clauses]
    if len(given) != 1:
        message = "`stop` has no limit" if not given else f"`stop` has {len(given)} limits"
        help = "for example `stop when progress.exact falls 2pt`"
        names.report.error("SFT0215", message, rule.node.verb.span, help)
    when: Ref | None = rule.clause("when")
    at = _metric(when, "when", rows, names)
    if when is None or at is None or len(given) != 1:
        return None
    word = given[0]
    limit = _limit(rule, word, at.unit == "share", when.text, names)
    if word == "falls" and at.better == "lower":
        message = f"of `{when.text}` less is better, so a round in which it falls is a better one"
        names.report.error("SFT0225", message, rule.clauses[word].span, "write `above` and the most that it may be")
        return None
    if limit is None:
        return None
    return LoopStop(rule, at, cast("Literal['falls', 'above', 'below']", word), limit)


def _limit(rule: RuleEntry, word: str, share: bool, shown: str, names: Names) -> Decimal | None:
    value = rule.clause(word)
    operand = next((clause.operand for clause in rule.node.clauses if clause.word.text == word), None)
    if value is None or operand is None:
        return None
    number: Decimal = value[0]
    wanted = (Unit.POINTS if word == "falls" else Unit.SHARE) if share else None
    if value[1] is not wanted:
        wrong_unit(operand, shown, wanted, names.report, code="SFT0607")
        return None
    if share and number > 1:
        names.report.error("SFT0210", f"`{shown}` is a share, and never reaches this", operand.span)
        return None
    return number


# --- the best round, proxy and gold -----------------------------------------------------------------


def _check_best(best: LoopMetric, rows: LoopRows, stops: tuple[LoopStop, ...], names: Names) -> None:
    """The round at which a metric stopped looks good by that metric: what it was chosen for is partly luck."""
    for stop in stops:
        if _same(best, stop.at, rows):
            also = [(stop.entry.node.span, "stops here")]
            message = f"`{best.eval}.{best.metric}` ends the loop, and would choose the best of its rounds too"
            help = "choose by another metric, or by the same one on other rows: an eval with another `data`"
            names.report.error("SFT0290", message, rows.block.best.span, help, also)
            return


def _same(one: LoopMetric, other: LoopMetric, rows: LoopRows) -> bool:
    """Whether they are one metric on the same rows, or on some of them, whatever they are called."""
    first, second = rows.evals[one.eval], rows.evals[other.eval]
    if first.data is None or second.data is None or not may_share_rows(first.data, second.data):
        return first is second and one.metric == other.metric
    mine, theirs = first.metrics.get(one.metric), second.metrics.get(other.metric)
    if mine is None or theirs is None:
        return False
    return (mine.function.name, dict(mine.args)) == (theirs.function.name, dict(theirs.args))


def _check_watch(rows: LoopRows, proxy: LoopMetric | None, gold: LoopMetric | None, names: Names) -> None:
    """Proxy and gold are two things, and each says nothing without the other."""
    block = rows.block
    for here, there, name, other in (
        (block.proxy, block.gold, "proxy", "gold"),
        (block.gold, block.proxy, "gold", "proxy"),
    ):
        if here.given and not there.given and other not in block.broken:
            help = f"add `{other} = EVAL.METRIC`: only the two beside each other tell"
            names.report.error("SFT0225", f"`{name}` is not allowed without `{other}`", here.span, help)
            return
    if proxy is not None and gold is not None and _same(proxy, gold, rows):
        message = f"`{gold.eval}.{gold.metric}` is proxy and gold"
        names.report.error(
            "SFT0225", message, block.gold.span, "name what the loop is for, beside what rows are chosen by"
        )
