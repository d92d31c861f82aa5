"""``any of { … }`` and ``all of { … }``: one verdict from those of the members.

What is inconclusive may be either, so the verdict is what holds whichever it is (Kleene's strong logic): one pass
decides an ``any``, one fail an ``all``, and neither may be overlooked because something else is open. No correction
is made for the choice that ``any of`` gives: with k members that each pass wrongly at 5%, up to k times 5% pass
wrongly, and the reason says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from compiler.step_params import GroupRequirement
from runtime.gating import wording
from runtime.gating.decision import Decision, Verdict, worst


def combined(how: str, verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict of a group; of an empty one inconclusive."""
    if how == "all" or not verdicts:
        return worst(verdicts)
    for verdict in (Verdict.PASS, Verdict.INCONCLUSIVE):
        if verdict in verdicts:
            return verdict
    return Verdict.FAIL


def decide_group(requirement: GroupRequirement, texts: Sequence[str], verdicts: Sequence[Verdict]) -> Decision:
    """Decide from the members' verdicts, in the order of the file."""
    verdict = combined(requirement.rule, verdicts)
    counts = ", ".join(f"{verdicts.count(one)} {one}" for one in (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE))
    parts = [f"{requirement.rule} of {wording.count(len(verdicts), 'requirements')} {_need(requirement)}: {counts}"]
    deciding = [f"`{text}`" for text, one in zip(texts, verdicts, strict=True) if one is verdict]
    if verdict is Verdict.PASS and requirement.rule == "any":
        parts.append(f"{wording.listing(deciding)} {wording.verb(len(deciding), 'holds', 'hold')}")
        if len(verdicts) > 1:
            parts.append(
                "the more of them there are, the likelier one passes by chance; no correction is made for that"
            )
    elif verdict is Verdict.INCONCLUSIVE:
        parts.append(f"it turns on {wording.listing(deciding)}")
    elif verdict is Verdict.FAIL:
        parts.append(f"{wording.listing(deciding)} {wording.verb(len(deciding), 'fails', 'fail')}")
    return Decision(
        verdict, wording.paragraph(parts), unit="plain", test=f"{requirement.rule} of", threshold=0.0, n=None
    )


def _need(requirement: GroupRequirement) -> str:
    return "has to hold" if requirement.rule == "any" else "have to hold"
