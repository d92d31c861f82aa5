"""A plan against what is known of the last one: what is cached, what runs, what is left over, and because of what.

Pure: the caller gives the steps of the last run by id and the hashes whose results are whole. A step that
does the same under another name counts as renamed, so that a new name is not told as one thing gone and
another one new. Reasons are for people; :mod:`compiler.plan_reasons` words them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from compiler.hashing import hash_value
from compiler.plan import Plan, Step
from compiler.plan_reasons import PreviousStep, own_reasons

State = Literal["cached", "run", "rerun", "orphan", "skipped"]
NOT_FINISHED = "it was not finished before"  # the reason of a step that is the same as before
_MOST_FOLLOWED = 3  # reasons of the kind "because the step above reruns"; what changed here is told whole
# The cells of an eval and the tasks of a mixture are sets: their numbers shift when one comes or goes.
_NUMBERED = ("cell:", "rows:")


class StepChange(Struct, frozen=True):
    """``cached``: the result is there. ``run``: new or unfinished. ``rerun``: something changed since the last run.
    ``orphan``: in the last run and not in this plan. ``skipped``: a loop was stopped before it, by what is cached.
    ``renamed_from`` is the id that the same step had."""

    step_id: str
    state: State
    reasons: tuple[str, ...]
    renamed_from: str | None = None


def previous_steps(plan: Plan) -> dict[str, PreviousStep]:
    """The steps of an earlier plan, as :func:`diff` wants them."""
    return {step.id: PreviousStep.of(step) for step in plan.steps}


def diff(plan: Plan, known: Mapping[str, PreviousStep], cached: Set[str]) -> tuple[StepChange, ...]:
    """One change a step, in the plan's order, then the orphans in theirs."""
    return _diff(plan, known, lambda step, before: step.hash in cached)


def diff_plans(plan: Plan, earlier: Plan) -> tuple[StepChange, ...]:
    """The same between two plans, whatever has been computed: ``cached`` is a step that does the same in both.

    That a step of another name did so in the earlier plan does not make two steps equal.
    """
    return _diff(plan, previous_steps(earlier), lambda step, before: before is not None and before.hash == step.hash)


_IsThere: TypeAlias = Callable[[Step, PreviousStep | None], bool]


def _diff(plan: Plan, known: Mapping[str, PreviousStep], is_there: _IsThere) -> tuple[StepChange, ...]:
    names = renames(plan, known)
    steps = {step.id: step for step in plan.steps}
    changes: dict[str, StepChange] = {}
    for step in plan.steps:
        changes[step.id] = _change(step, steps, known, is_there, changes, names)
    gone = [step_id for step_id in known if step_id not in changes and step_id not in names.values()]
    return (*changes.values(), *(StepChange(step_id, "orphan", ()) for step_id in gone))


def renames(plan: Plan, known: Mapping[str, PreviousStep]) -> dict[str, str]:
    """New id -> old id of steps that are the same but for their name, or but for what is upstream of them."""
    ids = {step.id for step in plan.steps}
    free: dict[str, list[str]] = defaultdict(list)
    for step_id, before in known.items():
        if step_id not in ids:
            kind = step_id.partition(":")[0]
            free[_itself(kind, before.version, before.params, before.content)].append(step_id)
    found: dict[str, str] = {}
    for step in plan.steps if free else ():
        if step.id in known:
            continue
        alike = free[_itself(step.kind, step.version, step.params.model_dump(mode="json"), step.content)]
        inputs = {role: found.get(source, source) for role, source in step.inputs.items()}
        old = next((old for old in alike if known[old].hash == step.hash or known[old].inputs == inputs), None)
        if old is not None:
            found[step.id] = old
            alike.remove(old)
    return found


def _itself(kind: str, version: int, params: Mapping[str, Any], content: Mapping[str, str]) -> str:
    """A step without its name and its inputs."""
    return hash_value({"kind": str(kind), "version": version, "params": dict(params), "content": dict(content)})


def _change(
    step: Step,
    steps: Mapping[str, Step],
    known: Mapping[str, PreviousStep],
    is_there: _IsThere,
    changes: Mapping[str, StepChange],
    names: Mapping[str, str],
) -> StepChange:
    old = names.get(step.id)
    before = known.get(old or step.id)
    if is_there(step, before):
        return StepChange(step.id, "cached", (), old)
    if before is None:
        return StepChange(step.id, "run", ("new",))
    if before.hash == step.hash:
        return StepChange(step.id, "run", (NOT_FINISHED,), old)
    own = tuple(own_reasons(step, before))
    followed = tuple(_inputs(step, before, steps, known, changes, names))
    if len(followed) > _MOST_FOLLOWED:
        followed = (*followed[:_MOST_FOLLOWED], f"and {len(followed) - _MOST_FOLLOWED} more steps that it reads")
    return StepChange(step.id, "rerun", own + followed or ("changed",), old)


def _inputs(
    step: Step,
    before: PreviousStep,
    steps: Mapping[str, Step],
    known: Mapping[str, PreviousStep],
    changes: Mapping[str, StepChange],
    names: Mapping[str, str],
) -> Iterator[str]:
    told: set[str] = set()
    for role, source in step.inputs.items():
        was = names.get(source, source)
        old = was if role.startswith(_NUMBERED) and was in before.inputs.values() else before.inputs.get(role)
        if old is None or (role.startswith(_NUMBERED) and old != was):
            yield f"reads `{source}` too"
        elif old != was:
            yield f"reads `{source}` instead of `{old}`"
        elif source not in told and (was not in known or known[was].hash != steps[source].hash):
            told.add(source)
            yield f"because {source} {'changed' if changes[source].state == 'cached' else 'reruns'}"
    now = {names.get(source, source) for source in step.inputs.values()}
    for role, old in before.inputs.items():
        if old not in now and (role not in step.inputs or role.startswith(_NUMBERED)):
            yield f"no longer reads `{old}`"
