"""Which row a recorded answer is for, and which recorded row has the answer to a row.

The step keeps no list of pairs: an answer belongs to the row with the same item, so the item of the one row is taken
with the step's own expressions and looked for on the other side. A pass over the columns of the item.
"""

from __future__ import annotations

from compiler.plan import Step
from runtime.comparison.recorded_alike import recorded_params
from runtime.relational import PLACE, parquet, quoted
from runtime.tracing.find import Origin, Scene, origins


def item_of(scene: Scene, step: Step, row_id: str) -> Origin | None:
    """The row of the data that a recorded row answers in a predict step."""
    return _partner(scene, step, row_id, "answers", "rows")


def answer_to(scene: Scene, step: Step, row_id: str) -> Origin | None:
    """The recorded row with the answer to a row of the data, where it is another one."""
    found = _partner(scene, step, row_id, "rows", "answers")
    return found if found is not None and found.row_id != row_id else None


def _partner(scene: Scene, step: Step, row_id: str, here: str, there: str) -> Origin | None:
    """The first row on the other side with the same item, as the step takes the first of equal answers."""
    params = recorded_params(step)
    sides = [scene.rows_file(scene.plan.step(step.inputs[role])) for role in (here, there) if role in step.inputs]
    if params is None or len(sides) < 2 or sides[0] is None or sides[1] is None:
        return None
    keys = ", ".join(f"({value.sql}) AS k{at}" for at, value in enumerate(params.item))
    bound = [one for value in params.item for one in value.params]
    same = " AND ".join(f"one.k{at} IS NOT DISTINCT FROM other.k{at}" for at in range(len(params.item)))
    part = params.part if there == "rows" else params.answers_part
    wanted = [f"{quoted(params.answer)} IS NOT NULL"] if there == "answers" else []
    wanted += ["__split = ?"] if part is not None else []
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    query = (
        f"WITH one AS (SELECT {keys} FROM {parquet(sides[0])} WHERE __row_id = ?), "
        f"other AS (SELECT __row_id, {PLACE} AS place, {keys} FROM {parquet(sides[1])}{where}) "
        f"SELECT __row_id FROM other SEMI JOIN one ON {same} ORDER BY place LIMIT 1"
    )
    rows = scene.db.rows(query, [*bound, row_id, *bound, *([part] if part is not None else [])])
    return origins(scene, [rows[0][0]]).get(rows[0][0]) if rows else None
