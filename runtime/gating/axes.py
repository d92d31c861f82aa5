"""Requirements over an axis: which answers of an evaluation are one template, one number of examples, one slice.

Templates and numbers of examples are columns of the same items, so they are compared item by item; a cell of the other
axis is averaged away first. Slices are different items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from compiler.measure_params import UnseenRequirement, WorstRequirement
from compiler.step_params import SpreadRequirement
from runtime.gating.decision import Decision, Verdict
from runtime.gating.evidence import Evidence
from runtime.gating.group_spread import decide_group_spread
from runtime.gating.spread import decide_spread
from runtime.gating.unseen import decide_unseen
from runtime.gating.whole_set import WholeSet, decide_whole_spread, whole_set_of
from runtime.gating.worst import Member, decide_worst
from runtime.measuring.cells import by_few_shot, by_template, by_trained, means
from runtime.measuring.slices import Part

AxisRequirement: TypeAlias = SpreadRequirement | WorstRequirement | UnseenRequirement
OF_AXES = (SpreadRequirement, WorstRequirement, UnseenRequirement)


def decide_axis(requirement: AxisRequirement, evidence: Evidence) -> Decision:
    """Decide from all items of the evaluation."""
    answers = evidence.answers(requirement.metric.metric, requirement.metric.model)
    whole = whole_set_of(requirement.metric, evidence)
    if isinstance(requirement, WorstRequirement):
        parts = _parts(requirement, evidence)
        sets = [None if whole is None else whole.of_part(part) for part in parts]
        members = [
            Member(part.value, part.of(answers), part.is_small, of_set, part.is_pool)
            for part, of_set in zip(parts, sets, strict=True)
        ]
        return decide_worst(requirement, members, evidence.votes(requirement.metric.metric))
    if whole is not None:
        return _whole(requirement, evidence, whole)
    cells = evidence.cells(requirement.metric.model)
    if isinstance(requirement, UnseenRequirement):
        return decide_unseen(requirement, answers, by_trained(cells), evidence.seed)
    if requirement.axis == "slice":
        parts = _parts(requirement, evidence)
        members = [Member(part.value, part.of(answers), part.is_small) for part in parts]
        return decide_group_spread(requirement, members)
    groups = _groups(requirement, evidence)
    return decide_spread(requirement, means(answers, groups), tuple(groups))


def _parts(requirement: SpreadRequirement | WorstRequirement, evidence: Evidence) -> Sequence[Part]:
    """The members of the axis."""
    if requirement.axis == "slice":
        assert requirement.over is not None
        return evidence.parts(requirement.over)
    everything = np.ones(len(evidence.row_ids), dtype=bool)
    groups = _groups(requirement, evidence)
    return [Part(name, everything, columns=tuple(columns)) for name, columns in groups.items()]


def _groups(requirement: SpreadRequirement | WorstRequirement, evidence: Evidence) -> Mapping[str, Sequence[int]]:
    """Columns by template, or by number of examples under a name that says so."""
    cells = evidence.cells(requirement.metric.model)
    if requirement.axis == "templates":
        return by_template(cells)
    return {f"{count} example{'' if count == '1' else 's'}": found for count, found in by_few_shot(cells).items()}


def _whole(requirement: SpreadRequirement | UnseenRequirement, evidence: Evidence, whole: WholeSet) -> Decision:
    """A metric of the whole set is compared over templates alone."""
    cells = evidence.cells(requirement.metric.model)
    over_templates = isinstance(requirement, SpreadRequirement) and requirement.axis == "templates"
    if over_templates and not by_few_shot(cells):
        answers = evidence.answers(requirement.metric.metric, requirement.metric.model)
        return decide_whole_spread(requirement, answers, whole, evidence.templates)
    reason = (
        f"`{requirement.metric.metric}` is a number of the whole set, of which only a spread over templates is decided."
    )
    return Decision(Verdict.INCONCLUSIVE, reason, requirement.metric.unit, "none", 0.0)
