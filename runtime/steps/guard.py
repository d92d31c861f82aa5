"""The guard step: figures of the rows that a round is about to be trained on, and whether its guards let it.

It stands between the writing and the training of a round, so what a guard ends costs no training. Every figure is
taken, whether a guard asks for it or not: `sft show RUN rounds` shows them side by side. No model runs; reading and
counting takes under a second for ten thousand rows, the search for the most similar earlier row what
``runtime/generating/novelty.py`` says.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from compiler.loop_params import GuardLimit, GuardParams, WrittenRows
from runtime.context import StepContext, StepResult
from runtime.looping import figures
from runtime.looping.figures import Figure
from runtime.looping.limits import Broken, broken
from runtime.looping.table import keep_figures
from runtime.looping.texts import all_texts, generation_of, trained_on
from runtime.relational import Engine, engine

STOPPED = "SFT0570"
NO_ROW = "rows"  # no line of the spec: a round without a row ends its loop whatever its guards say
_LOOKS = 64  # texts between two looks at whether to stop


def run(ctx: StepContext) -> StepResult:
    """Take the figures and hold them to the limits; they go to ``round_figures``. Rows in and out are training rows.
    A limit that is not kept ends the loop, and so does a round without a row to train on: the summary says so
    (``stopped``), and warns with SFT0570."""
    params = ctx.step.params
    assert isinstance(params, GuardParams)
    with engine(ctx.out) as db:
        trained = [trained_on(db, ctx.inputs["rows"], params.real)]
        trained += [trained_on(db, ctx.inputs[other.input], other.real) for other in params.others]
        real, rows = min(trained, key=_share_of_people)
        found = [*_counted(ctx, db, params, real, rows), *_of_texts(ctx, db, params)]
    by_name = {figure.name: figure for figure in found}
    kept_not = broken(params.limits, by_name)
    if not rows and not kept_not:
        limit = GuardLimit(measure="real_share", op=">=", limit=Decimal(0))
        kept_not = [Broken(NO_ROW, limit.measure, limit, "no row is left to train on")]
    keep_figures(ctx, [_row(figure, params, kept_not) for figure in found])
    summary: dict[str, Any] = {"figures": {name: figure.value for name, figure in by_name.items()}}
    if kept_not:
        summary["stopped"] = {"entry": kept_not[0].entry, "reason": kept_not[0].reason}
        summary["findings"] = [_finding(ctx, item) for item in kept_not]
        ctx.note(f"the loop ends here: {'; '.join(item.reason for item in kept_not)}")
    return StepResult(rows, rows, 0, summary)


def _share_of_people(trained: tuple[int, int]) -> float:
    """Of several trains the one with the lowest share counts, and most of all one without a row."""
    real, rows = trained
    return real / rows if rows else -1.0


def _counted(ctx: StepContext, db: Engine, params: GuardParams, real: int, rows: int) -> list[Figure]:
    candidates = _candidates(ctx, params)
    accepted = len(all_texts(db, params.written, ctx.inputs))
    each = [(generation_of(db, ctx.inputs[one.input]), one.by_previous) for one in (*params.earlier, *params.written)]
    size = len(params.written)
    rounds = [each[start : start + size] for start in range(0, len(each), size)]
    return [
        figures.acceptance(accepted, candidates),
        figures.real_share(real, rows),
        figures.lineage_depth(rounds, rows),
    ]


def _candidates(ctx: StepContext, params: GuardParams) -> int:
    """What the model wrote in this round, accepted or not."""
    steps = [ctx.input_steps[role].hash for role in params.made]
    slots = ",".join("?" * len(steps))
    counts = ctx.store.query(f"SELECT step_hash, rows_in FROM results WHERE step_hash IN ({slots})", steps)
    of = {row[0]: int(row[1]) for row in counts}
    return sum(of[step] for step in steps)


def _of_texts(ctx: StepContext, db: Engine, params: GuardParams) -> list[Figure]:
    new = all_texts(db, params.written, ctx.inputs)
    first: tuple[WrittenRows, ...] = params.earlier[: len(params.written)] or params.written
    human = all_texts(db, params.human, ctx.inputs)
    earlier = human + all_texts(db, params.earlier, ctx.inputs)
    first_texts = all_texts(db, first, ctx.inputs)
    ctx.stop.check()
    return [
        figures.novelty(_similarities(ctx, new, earlier)),
        figures.distinct_2(new),
        figures.distinct_2_drop(new, first_texts),
        figures.duplicates(new, earlier),
        figures.length_drift(new, human or first_texts),
    ]


def _similarities(ctx: StepContext, new: list[str], earlier: list[str]) -> list[float]:
    """The highest ROUGE-L of each new row against all earlier ones and those before it in the round; 1 of a row without
    a word, which has nothing that could be new."""
    from runtime.generating.novelty import Pool, tokens_of

    pool, found = Pool(), []
    for place, text in enumerate(earlier):
        pool.add(str(place), text)
    for place, text in enumerate(new):
        if place % _LOOKS == 0:
            ctx.stop.check()
        nearest = pool.nearest(text)
        unlike = 0.0 if tokens_of(text) else 1.0
        found.append(nearest.similarity if nearest is not None else unlike)
        pool.add(f"new {place}", text)
    return found


def _row(figure: Figure, params: GuardParams, kept_not: list[Broken]) -> tuple[Any, ...]:
    """``round_figures``: with the limit that was broken, else the first on this figure."""
    first = next((item for item in kept_not if item.measure == figure.name), None)
    limit = first.limit if first else next((one for one in params.limits if one.measure == figure.name), None)
    written = limit is not None and limit in params.limits
    op, threshold = (limit.op, float(limit.limit)) if limit is not None and written else (None, None)
    told = first.reason if first else figure.why or None
    return (
        *(figure.name, figure.value, None, None, None, figure.n, figure.unit),
        *(op, threshold, first is not None, told),
    )


def _finding(ctx: StepContext, item: Broken) -> dict[str, str]:
    name = ctx.step.local.get("labels", {}).get("round", ctx.step.name)
    help = "this round and those after it are not trained; `sft show rounds` has the figures of every round"
    return {"code": STOPPED, "message": f"{name} stopped: {item.reason}", "help": help, "entry": item.entry}
