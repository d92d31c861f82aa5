"""Which items a screen of failures begins with: of a requirement, of a step, of a comparison, or of the first eval.

What was asked for is shown, or it is said why it cannot be: never the items of another eval in its place. An eval whose
metrics are of the expected answers alone has no answers, and so no items here. A requirement against a blessed run is
shown beside the run that decided it, which the gate's summary names (or, in a store of an earlier version, the file
of the baseline, as long as it is the one that decided): another run may have the name by now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runtime.store import Store
from tui.item_filters import PredictionFilter
from tui.spec_queries import spec_folder
from tui.view_models.choices import Choices
from tui.view_models.verdicts import Requirement, Target


@dataclass(frozen=True)
class Wanted:
    """What a screen was opened for; all None for a look at the run. ``metric`` is one of the step's eval."""

    step_id: str | None = None
    requirement: Requirement | None = None
    chosen: PredictionFilter | None = None
    metric: str | None = None


@dataclass(frozen=True)
class Look:
    """The filters to begin with, the first that some item fits; ``remark`` is to be told beside the list, ``why`` in
    its place, where there is none."""

    chosen: tuple[PredictionFilter, ...] = ()
    remark: str = ""
    why: str = ""


def first_look(store: Store, run_id: str, plan: Mapping[str, Any], known: Choices, wanted: Wanted) -> Look:
    requirement, step = wanted.requirement, _step(plan, wanted.step_id)
    target = requirement.target if requirement is not None else None
    labels = step.get("local", {}).get("labels", {}) if step is not None else {}
    asked = wanted.chosen.eval if wanted.chosen else target.items_of if target else labels.get("eval")
    if requirement is not None and not asked:
        return Look(why="No items are behind this requirement: it puts others together, or is about labels.")
    if asked and asked not in known.evals:
        return Look(why=_no_answers(asked))
    if wanted.chosen is not None:
        return Look((wanted.chosen,))
    if requirement is not None and target is not None:
        return _of_requirement(store, run_id, plan, known, requirement, target)
    start = known.start(asked)
    if start is None:
        measured = [_labels(step).get("eval", "") for step in plan.get("steps", ()) if step.get("kind") == "measure"]
        return Look(why=" ".join(map(_no_answers, measured)))
    model, template = labels.get("model"), labels.get("template")
    if model in known.models[start.eval]:
        start = known.of_model(start, model)
    if wanted.metric in known.metrics.get(start.eval, ()):
        start = replace(start, metric=wanted.metric)
    return Look((replace(start, template=template if template in known.templates[start.eval] else None),))


def _no_answers(eval_name: str) -> str:
    return (
        f"No model was asked anything for `{eval_name}`: its metrics are of how likely the expected answers are, "
        "so it has no answers to show. `sft show RUN metrics` has its numbers."
    )


def _step(plan: Mapping[str, Any], step_id: str | None) -> Mapping[str, Any] | None:
    return next((one for one in plan.get("steps", ()) if f"{one['kind']}:{one['name']}" == step_id), None)


def _labels(step: Mapping[str, Any]) -> Mapping[str, str]:
    found: Mapping[str, str] = step.get("local", {}).get("labels", {})
    return found


# --- requirements ------------------------------------------------------------------------------------


def _of_requirement(
    store: Store, run_id: str, plan: Mapping[str, Any], known: Choices, requirement: Requirement, target: Target
) -> Look:
    if target.tag is not None:
        of = target.tagged_eval
        checked = tuple(
            replace(known.of_model(PredictionFilter(of, model), model), metric=metric, outcome="failed", tag=target.tag)
            for metric, model in target.checked
        )
        return Look((*checked, *(replace(one, outcome="unmeasured") for one in checked)))
    chosen = known.of_model(PredictionFilter(target.eval, target.model, metric=target.metric), target.model)
    chosen = replace(chosen, outcome=target.outcome)
    if target.baseline is not None:
        chosen = replace(chosen, baseline=target.baseline)
    if requirement.part:
        chosen = replace(chosen, slice=requirement.slice, slice_value=requirement.slice_value)
    if target.blessed is None:
        return Look((chosen,))
    base, missing = _blessed(store, run_id, plan, requirement, target)
    if base is None:
        alone = replace(chosen, baseline=None, outcome="failed")
        return Look((alone,), f"{missing}: these are the items that failed, beside nothing")
    return Look((replace(chosen, baseline=target.blessed_model, base_run=base, renamed=target.renamed),))


def _blessed(
    store: Store, run_id: str, plan: Mapping[str, Any], requirement: Requirement, target: Target
) -> tuple[str | None, str]:
    """The run that a requirement was decided against, or why its answers cannot be shown."""
    name, step_id = target.blessed or "", f"gate:{requirement.gate}"
    run = next(iter(_deciding(store, run_id, _step(plan, step_id) or {}, step_id, name)), None)
    if run is None:
        return None, f"which run was `{name}` when this was decided is not known any more"
    there = store.query(
        "SELECT 1 FROM steps WHERE run_id = ? AND kind = 'predict' AND labels->>'eval' = ? AND labels->>'model' = ? "
        "AND status IN ('done', 'cached') LIMIT 1",
        [run, target.eval, target.blessed_model],
    )
    return (run, "") if there else (None, f"the answers of run {run}, which was `{name}`, are not in this store")


def _deciding(store: Store, run_id: str, step: Mapping[str, Any], step_id: str, name: str) -> Iterator[str]:
    told = store.query(
        "SELECT summary->>'$.baseline.run' FROM steps WHERE run_id = ? AND step_id = ? AND "
        "summary->>'$.baseline.name' = ?",
        [run_id, step_id, name],
    )
    yield from (run for (run,) in told if run)
    from runtime.baselines import run_of_file  # which brings what blesses

    if run := run_of_file(spec_folder(store, run_id), name, step.get("content", {}).get("baseline")):
        yield run
