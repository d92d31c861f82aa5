"""What a gate says of a rate that was counted by a judge: the rate corrected for what the judge gets wrong.

The raw rate decides, since a correction rests on more (that labelled answers are like those at hand). But where it was
made with labels of the measured answers themselves, and lies on the other side of the threshold, the judge is what
passed and not the model: a pass is then left open.
"""

from __future__ import annotations

from dataclasses import replace

from compiler.step_params import BoundRequirement
from runtime.gating import wording
from runtime.gating.comparing import holds
from runtime.gating.decision import Decision, Verdict
from runtime.gating.evidence import Evidence
from runtime.measuring.cells import ALL

_OF_OTHERS = "of other answers"


def with_correction(
    requirement: BoundRequirement, decision: Decision, evidence: Evidence, name: str = ALL, value: str = ALL
) -> Decision:
    """The decision on all items or on a slice, with a sentence on the corrected rate where there is one."""
    if evidence.metrics[requirement.metric.metric].function != "rate":
        return decision
    found = evidence.store.query(
        "SELECT estimate, low, high, labelled, method FROM corrected_rates WHERE step_hash = ? AND model = ? "
        "AND metric = ? AND template = ? AND slice = ? AND slice_value = ? AND estimate IS NOT NULL",
        [evidence.step_hash, requirement.metric.model, requirement.metric.metric, ALL, name, value],
    )
    if not found:
        return decision
    estimate, low, high, labelled, method = found[0]
    own = not method.endswith(_OF_OTHERS)
    shown = [wording.value(number, "share") for number in (estimate, low, high)]
    told = f"corrected for what the judge gets wrong on {labelled:,} labelled {'of these' if own else 'other'} answers "
    told += f"it is {shown[0]} (95% interval {shown[1]} to {shown[2]})"
    verdict = decision.verdict
    if verdict is Verdict.PASS and own and not holds(estimate, requirement.op, float(requirement.threshold)):
        verdict = Verdict.INCONCLUSIVE
        told += ", on the other side of the threshold, so this is no pass"
    return replace(decision, verdict=verdict, reason=f"{decision.reason} {wording.paragraph([told])}")
