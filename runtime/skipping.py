"""What a loop stops: which steps are not run because a guard or a stop rule said so, and what that makes of the run.

A guard or round step that ends its loop says so in its summary (``stopped``); the steps that stand after it are skipped
with that reason, and so is what cannot do without them. Which ones they are follows from the plan and from cached
summaries alone, so every run of the same plan skips the same steps. A step that stands behind a stop is skipped even if
an earlier run, under other limits, had made it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from compiler.plan import Plan, Step, StepKind
from runtime.places import Files, placed
from spec_lang.diagnostics import Diagnostic, DiagnosticError, Severity

VERDICTS = ("fail", "inconclusive", "pass")  # worst first


@dataclass
class Skipping:
    """The steps of a run that are skipped, by id, with the reason; ``stops`` are the steps that ended a loop."""

    reasons: dict[str, str] = field(default_factory=dict)
    stops: dict[str, str] = field(default_factory=dict)

    def ended(self, step: Step, summary: Mapping[str, Any]) -> None:
        """Take note of a step whose result is there."""
        if told := stop_told(step, summary):
            self.stops[step.id] = told

    def reason(self, step: Step) -> str | None:
        """Why a step is not run; None when it is. What is skipped is noted."""
        found = next((told for before in step.after if (told := self._of(before))), None)
        if found is None:
            found = self._lacks(step)
        if found is not None:
            self.reasons[step.id] = found
        return found

    def lacking(self, step: Step) -> dict[str, str]:
        """The roles of inputs that were skipped, with the reason, of a step that runs without them."""
        return {role: self.reasons[source] for role, source in step.inputs.items() if source in self.reasons}

    def _of(self, step_id: str) -> str | None:
        return self.stops.get(step_id) or self.reasons.get(step_id)

    def _lacks(self, step: Step) -> str | None:
        lacking = self.lacking(step)
        if not lacking or step.kind is StepKind.GATE:  # what it asks of things that are not there stays open
            return None
        if step.kind is StepKind.SELECT:  # one round that was completed is enough
            rounds = [role for role in step.inputs if role.startswith("round:")]
            if any(role not in lacking for role in rounds):
                return None
        return next(iter(lacking.values()))


def stop_told(step: Step, summary: Mapping[str, Any]) -> str | None:
    """Why a guard or round step ends its loop, with the line of its rule in the spec as it is now."""
    stopped = summary.get("stopped")
    if not isinstance(stopped, Mapping):
        return None
    line = step.local.get("lines", {}).get(stopped["entry"])
    name = step.local.get("labels", {}).get("round", step.name)
    where = f", line {line}" if line is not None else ""
    return f"{name} stopped: {stopped['reason']}{where}"


def notices(steps: Iterator[tuple[Step, Mapping[str, Any]]], files: Files) -> tuple[Diagnostic, ...]:
    """What guards and rounds found, with places in the spec; given again by every run that has their results."""
    found: list[Diagnostic] = []
    for step, summary in steps:
        for item in summary.get("findings", ()):
            finding = Diagnostic(item["code"], item["message"], None, item["help"], severity=Severity.WARNING)
            found += placed(DiagnosticError(finding, about=item.get("entry")), step, files)
    return tuple(found)


def overall_verdict(plan: Plan, ran: Iterable[tuple[Step, Mapping[str, Any]]]) -> str | None:
    """The worst verdict of the gates among the steps that ran; None when there is no gate. A guard that ended its loop
    leaves the run inconclusive where no gate asks about that loop: what the spec asked for was not made, and a gate on
    something else does not say that it is good enough."""
    found, guards, gates = set[str](), list[str](), list[str]()
    for step, summary in ran:
        if step.kind is StepKind.GATE:
            found.add(str(summary.get("verdict", "inconclusive")))
            gates.append(step.id)
        elif step.kind is StepKind.GUARD and "stopped" in summary:
            guards.append(step.id)
    if guards:
        asked = {step.id for step in plan.behind(gates)}
        if not asked.issuperset(guards):
            found.add("inconclusive")
    return next((verdict for verdict in VERDICTS if verdict in found), None)
