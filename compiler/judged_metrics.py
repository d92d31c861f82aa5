"""Which judges a spec asks, and what metrics of judges are told once names and conditions are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.functions.metrics import WrittenValue
from compiler.resolved import ResolvedMetric, ResolvedSpec
from compiler.resolved_judge import ResolvedJudge

RATE, JUDGE, WIN_RATE = "rate", "judge", "win_rate"


def judge_of(metric: ResolvedMetric | None) -> str | None:
    """The full name of the judge that a metric asks; None for one that asks none."""
    if metric is None or metric.function.name not in (RATE, JUDGE, WIN_RATE):
        return None
    if metric.function.name == RATE:
        return _judge_and_labels(metric)[0]
    return str(metric.args["judge"])


def _judge_and_labels(metric: ResolvedMetric) -> list[str]:
    import json

    found: list[str] = json.loads(str(metric.args["condition"]))
    return found


def judges_of(metrics: Iterable[ResolvedMetric | None]) -> tuple[str, ...]:
    """The judges that metrics ask, each once."""
    return tuple(dict.fromkeys(name for metric in metrics if (name := judge_of(metric)) is not None))


def opponents(metrics: Iterable[ResolvedMetric | None]) -> tuple[tuple[str, str], ...]:
    """Pairwise judges with the models whose answers they compare others with, each pair once."""
    pairs = ((judge_of(metric), metric.args.get("against")) for metric in metrics if metric is not None)
    found = ((judge, str(against)) for judge, against in pairs if judge is not None and against is not None)
    return tuple(dict.fromkeys(found))


def judged_args(metric: ResolvedMetric) -> Mapping[str, WrittenValue]:
    """The arguments as a run takes them: of a condition the judge, and as JSON the labels that meet it."""
    if metric.function.name != RATE:
        return metric.args
    import json

    judge, *labels = _judge_and_labels(metric)
    return {"judge": judge, "labels": json.dumps(labels, ensure_ascii=False)}


def used_judges(spec: ResolvedSpec) -> tuple[ResolvedJudge, ...]:
    """The judges that evals, generates and scores ask, and those that are held against people."""
    named = {name for item in spec.evals.values() for name in judges_of(item.metrics.items.values())}
    named |= {name for item in spec.generates.values() for name in judges_of(item.verifiers)}
    named |= {name for task in spec.tasks.values() for score in task.scores for name in score.judges}
    found = ((name, item) for name, item in spec.later.items() if isinstance(item, ResolvedJudge))
    return tuple(item for name, item in found if name in named or item.calibration is not None)
