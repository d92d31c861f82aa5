"""Whether answers that were recorded of two models were asked and decoded alike, as far as it was recorded.

The logs of evaluation harnesses say what was asked and how; where two of them differ, a difference between the models
is no difference of the models alone. Two queries a pair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from compiler.plan import Step
from compiler.step_params import PredictParams, Recorded
from runtime.store import Store
from spec_lang.plain_text import one_line


def recorded_params(step: Step) -> Recorded | None:
    """How the recorded answers of a predict step are found; None of any other step."""
    params = step.params
    return params.decode if isinstance(params, PredictParams) and isinstance(params.decode, Recorded) else None


def recorded_otherwise(store: Store, before: Step, after: Step) -> Iterator[str]:
    """What differs between the recorded answers of two predict steps, a sentence each."""
    old, new = recorded_params(before), recorded_params(after)
    if old is None or new is None:
        return
    ways = [ways_of(store, step) for step in (before, after)]
    if all(ways) and ways[0] != ways[1]:
        yield "decode: " + " against ".join(" or ".join(one) for one in ways)
    if old.prompt is not None and new.prompt is not None:
        other = store.query(
            "SELECT count(*) FROM predictions a JOIN predictions b USING (row_id) "
            "WHERE a.step_hash = ? AND b.step_hash = ? AND a.prompt <> b.prompt",
            [before.hash, after.hash],
        )[0][0]
        if other:
            yield f"prompt: {other:,} item{'s were' if other != 1 else ' was'} asked otherwise"


def ways_of(store: Store, step: Step) -> tuple[str, ...]:
    """How recorded answers were decoded, where the log says it."""
    rows = store.query("SELECT summary FROM results WHERE step_hash = ?", [step.hash])
    found = json.loads(rows[0][0]).get("decode", ()) if rows else ()
    return tuple(one_line(str(text), 160) for text in found)
