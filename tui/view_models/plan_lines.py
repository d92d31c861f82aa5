"""A run's plan as lines of a tree: each step, or each fold of steps, with state, rows, time and the reason. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.formats import NOTHING, duration
from tui.view_models.plan_tree import Node, Part, folds_around, parts_of, plan_tree
from tui.view_models.runs import RunView, StepLine

ENDED = ("done", "cached")
# What a fold is when its steps are in different states: the first of these that any of them is in.
_WORST = ("failed", "interrupted", "running")


@dataclass(frozen=True)
class PlanLine:
    """``step`` is None of a fold; ``title`` is what stands in the tree; ``more`` counts what a step reads besides the
    one that it hangs under."""

    node: Node
    step: StepLine | None
    kind: str
    name: str
    more: int
    status: str
    took: str
    note: str

    @property
    def key(self) -> str:
        return self.node.key


def tree_parts(plan: Mapping[str, Any], steps: Sequence[StepLine]) -> list[Part]:
    """The steps of a run with what they read; those that the plan does not tell of read nothing."""
    known = {part.id: part for part in parts_of(plan)} if plan.get("steps") else {}
    return [known.get(step.step_id, Part(step.step_id, ())) for step in steps]


def first_opened(parts: Sequence[Part], steps: Sequence[StepLine]) -> set[str]:
    """The folds to open at first: where something runs or went wrong."""
    return folds_around(parts, {step.step_id for step in steps if step.status in _WORST})


def around_line(line: PlanLine, parts: Sequence[Part]) -> set[str]:
    """The folds that have to be open for a line to be seen."""
    folds = folds_around(parts, line.node.steps[:1])
    return folds if line.step is not None else {fold for fold in folds if line.key.startswith(fold + "/")}


def plan_lines(run: RunView, parts: Sequence[Part], opened: Collection[str]) -> list[PlanLine]:
    steps = {step.step_id: step for step in run.steps}
    reads = {part.id: len({source for _, source in part.inputs}) for part in parts}
    return [_line(node, steps, reads) for node in plan_tree(parts, opened)]


def _line(node: Node, steps: Mapping[str, StepLine], reads: Mapping[str, int]) -> PlanLine:
    if node.opened is not None:
        return _fold(node, [steps[step_id] for step_id in node.steps])
    step = steps[node.key]
    return PlanLine(node, step, step.kind, step.name, max(0, reads[node.key] - 1), step.status, step.took, step.note)


def _fold(node: Node, steps: Sequence[StepLine]) -> PlanLine:
    states = [step.status for step in steps]
    ended = sum(state in ENDED for state in states)
    kind, _, name = node.title.partition(" ")
    running = next((step for step in steps if step.status == "running"), None)
    skipped = states.count("skipped")
    told = [f"{ended} of {len(steps)} steps"]
    told += [f"{skipped} skipped"] if skipped and skipped + ended < len(steps) else []
    told += [f"{running.kind} {running.name} {running.note}".rstrip()] if running is not None else []
    reasons = dict.fromkeys(step.note for step in steps if step.status == "skipped" and step.note)
    told += list(reasons)[:1] if skipped and running is None else []
    spent = sum(step.seconds or 0.0 for step in steps if step.status in ENDED)
    took = duration(spent) if ended else NOTHING
    return PlanLine(node, None, kind, name, 0, _state(states), took, " · ".join(told))


def _state(states: Sequence[str]) -> str:
    """The state of a fold."""
    for state in _WORST:
        if state in states:
            return state
    if all(state in ("skipped", *ENDED) for state in states):
        left = [state for state in states if state != "skipped"]
        return "skipped" if not left else "cached" if set(left) == {"cached"} else "done"
    return "pending"


def window(lines: Sequence[PlanLine], room: int) -> tuple[int, int]:
    """Which lines to show where there is room for some: around the one that runs, or the first that has not ended."""
    if len(lines) <= room:
        return 0, len(lines)
    here = next((i for i, line in enumerate(lines) if line.step is not None and line.status == "running"), None)
    if here is None:
        here = next((i for i, line in enumerate(lines) if line.status not in ENDED), len(lines) - 1)
    first = max(0, min(here - room // 2, len(lines) - room))
    return first, first + room
