"""``gate`` -> one ``gate`` step over the measurements it names: a changed threshold measures nothing again.

Requirements stand in the order of the file, a group before what it holds, so that a position names one of them in the
plan, in the store and on the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from compiler.blessed_params import Renamed
from compiler.known import sure
from compiler.lower.builder import Line, PlanBuilder
from compiler.measure_params import UnseenRequirement, WorstRequirement
from compiler.measured_alike import differences, how_measured, same_templates
from compiler.resolved_gate import FigureOf, Grouped, Member, Never, Requirement, ResolvedGate
from compiler.rule_text import rule_text
from compiler.step_params import (
    Blessed,
    BoundRequirement,
    Checked,
    EquivalentRequirement,
    FigureRequirement,
    GateParams,
    GroupRequirement,
    MetricRef,
    NeverRequirement,
    NoRegressionRequirement,
    NoWorseRequirement,
    SpreadRequirement,
)
from compiler.step_params import Requirement as RequirementParams
from spec_lang.source import Span

_SHOWN = 60  # characters of a member in the text of its group


def lower_gate(
    gate: ResolvedGate, measured: Mapping[str, str], figures: Mapping[str, str], builder: PlanBuilder
) -> str:
    """The id of the gate step; ``measured`` maps an eval to its measure step, ``figures`` a review or judge to the step
    that measured its agreement."""
    lowered = _Lowered(gate, measured, builder)
    for member in gate.members:
        lowered.add(member)
    baseline = gate.baseline if lowered.blessed else None
    return builder.add(
        GateParams(requirements=tuple(lowered.requirements), strict=gate.strict),
        gate.name,
        gate.block,
        inputs={item.name: measured[item.name] for item in gate.evals}
        | {item.of: figures[item.of] for item in gate.figures},
        content={"baseline": baseline.content} if baseline is not None else {},
        labels={"gate": gate.name},
        lines={f"requirements.{index}": line for index, line in enumerate(lowered.lines)},
        reasons=lowered.reasons,
        **({"baseline": baseline.path} if baseline is not None else {}),
    )


class _Lowered:
    """Requirements with their lines and reasons, by position."""

    def __init__(self, gate: ResolvedGate, measured: Mapping[str, str], builder: PlanBuilder) -> None:
        self.gate, self.measured, self.builder = gate, measured, builder
        self.requirements: list[RequirementParams] = []
        self.lines: list[Line] = []
        self.reasons: list[str | None] = []
        self.blessed = False

    def add(self, member: Member) -> int:
        """Add a member of a spec without mistakes, and give its position."""
        assert member is not None
        at = len(self.requirements)
        if isinstance(member, Grouped):
            self._append(_group(member, ()), member.head, None)
            members = tuple(self.add(item) for item in member.members)
            self.requirements[at] = _group(member, members)
            return at
        lowered: RequirementParams
        if isinstance(member, FigureOf):
            lowered = _figure(member)
        else:
            lowered = _never(member) if isinstance(member, Never) else self._requirement(member)
        self._append(lowered, member.entry.node.span, member.entry.clause("because"))
        return at

    def _append(self, params: RequirementParams, span: Span, reason: str | None) -> None:
        self.requirements.append(params)
        self.lines.append(self.builder.line(span, self.gate.block))
        self.reasons.append(reason)

    def _requirement(self, item: Requirement) -> RequirementParams:
        entry, of = item.entry, item.metric
        metric = MetricRef(
            input=of.eval, eval=of.eval, metric=of.metric, model=of.model, unit=of.unit, better=of.better
        )
        shared: dict[str, Any] = {"text": rule_text(entry.node, verb=False), "metric": metric, "level": item.level}
        if item.rule == "spread":
            over = sure(item.over)
            op_of = cast(Literal["<=", "<"], item.op)
            return SpreadRequirement(**shared, op=op_of, limit=item.limit, axis=over.axis, over=over.slice)
        if item.rule == "unseen":
            return UnseenRequirement(**shared, margin=item.limit)
        if item.rule == "worst":
            over, op = sure(item.over), cast(Literal[">=", ">", "<=", "<"], item.op)
            shared["metric"] = metric.model_copy(update={"better": "higher"})  # the threshold says which side is good
            return WorstRequirement(**shared, op=op, threshold=item.limit, axis=over.axis, over=over.slice)
        shared["each"] = entry.clause("each").text if "each" in entry.clauses else None
        shared["correct"] = entry.clause("correct") or "none"
        if item.rule == "bound":
            op = cast(Literal[">=", ">", "<=", "<"], item.op)
            shared["metric"] = metric.model_copy(update={"better": "higher"})  # the threshold says which side is good
            return BoundRequirement(**shared, op=op, threshold=item.limit)
        shared |= {"baseline": item.baseline, "blessed": self._blessed(item) if item.blessed else None}
        if item.rule == "no_significant_regression":
            return NoRegressionRequirement(**shared)
        kind = NoWorseRequirement if item.rule == "no_worse_than" else EquivalentRequirement
        return kind(**shared, margin=item.limit)

    def _blessed(self, item: Requirement) -> Blessed:
        self.blessed = True
        facts, of = sure(self.gate.baseline), item.metric
        now, then = how_measured(self.builder.step(self.measured[of.eval]), self.builder.step), facts.evals[of.eval].how
        told = differences(then, now, of.metric, of.model, item.blessed, f"baseline `{facts.name}`")
        names = same_templates(then, item.blessed, now, of.model)
        renamed = tuple(Renamed(template=name, was=was) for name, was in names.items() if name != was)
        return Blessed(name=facts.name, model=item.blessed, differs=tuple(told), renamed=renamed)


def _never(item: Never) -> NeverRequirement:
    return NeverRequirement(
        text=rule_text(item.entry.node),
        input=item.eval,
        eval=item.eval,
        tag=item.tag,
        checked=tuple(Checked(metric=one.metric, model=one.model, fails=one.fails) for one in item.watched),
    )


def _figure(item: FigureOf) -> FigureRequirement:
    return FigureRequirement(
        text=rule_text(item.entry.node, verb=False),
        input=item.of,
        of=item.of,
        figure=item.figure,
        unit=item.unit,
        op=cast(Literal[">=", ">", "<=", "<"], item.op),
        threshold=item.limit,
        level=item.level,
    )


def _group(item: Grouped, members: tuple[int, ...]) -> GroupRequirement:
    held = [_text(member) for member in item.members]
    return GroupRequirement(rule=item.how, text=f"{item.how} of: {'; '.join(held)}", members=members)


def _text(member: Member) -> str:
    if isinstance(member, Grouped):
        return f"{member.how} of {len(member.members)}"
    assert member is not None
    text = rule_text(member.entry.node, verb=isinstance(member, Never))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
