"""The select step: the model of a loop, which is that of its best round.

Its folder has the files of that round's train step, linked and not copied where the file system can, so that everything
that loads a trained model loads it. Rounds that a guard stopped are no candidates; the round after which a stop rule
ended the loop is one. A round with missing answers is none: which answers get lost may be no matter of chance. Equal
rounds go to the earlier one, which has seen less of its own writing.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from compiler.loop_params import SelectParams
from runtime.context import StepContext, StepResult


def run(ctx: StepContext) -> StepResult:
    """Choose and link; the summary says which round, by what, and what the others had."""
    params = ctx.step.params
    assert isinstance(params, SelectParams)
    completed = [number for number in range(1, len(params.models) + 1) if f"round:{number}" in ctx.inputs]
    values = _values(ctx, params, completed)
    chosen = _best(params, values) if params.best is not None else completed[-1]
    source = ctx.inputs[f"model:{chosen}"]
    for folder in ("adapter", "model"):
        if (source / folder).is_dir():
            _link(source / folder, ctx.out / folder)
    by = f"{params.best.eval}.{params.best.metric}" if params.best is not None else "the last completed round"
    model = params.models[chosen - 1]
    ctx.note(f"round {chosen} of {len(completed)} completed: `{model}`, by {by}")
    count = len(completed)
    summary = {"round": chosen, "model": model, "by": by, "step_hash": ctx.input_steps[f"model:{chosen}"].hash}
    told = {str(number): value for number, value in values.items()}
    return StepResult(count, count, 0, {**summary, "completed": completed, "values": told})


def _values(ctx: StepContext, params: SelectParams, completed: list[int]) -> dict[int, float | None]:
    if params.best is None:
        return {}
    from runtime.looping.measured import Measured

    measured = Measured(ctx.store, ctx.input_steps, params.models)
    readings = {number: measured.reading(params.best, number) for number in completed}
    if lost := [str(number) for number, reading in readings.items() if not reading.whole]:
        ctx.note(f"no candidate, for answers are missing or without a measurement: round {', '.join(lost)}")
    return {number: reading.estimate if reading.whole else None for number, reading in readings.items()}


def _best(params: SelectParams, values: dict[int, float | None]) -> int:
    """The first of the best; the last completed round where none could be measured whole."""
    assert params.best is not None
    sign = -1 if params.best.better == "lower" else 1
    known = [(sign * value, -number) for number, value in values.items() if value is not None]
    return -max(known)[1] if known else max(values)


def _link(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, copy_function=_linked)


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)
    return target
