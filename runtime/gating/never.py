"""``never eval.tag("critical")``: no item that carries the tag is answered wrongly, whatever the averages say.

Some mistakes no average may hide, and no test on a few items would call significant. So there is no statistics here:
one failed answer of a watched model fails the gate and is named, an answer that is not there leaves it open, and so
does a tag that no item carries, because then nothing was checked.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from compiler.step_params import Checked, NeverRequirement
from runtime.gating import wording
from runtime.gating.comparing import SLACK
from runtime.gating.decision import Decision, Verdict
from runtime.gating.evidence import Evidence
from spec_lang.plain_text import one_line

Floats = npt.NDArray[np.float64]
_NAMED = 5  # items that are named; the rest are counted
_DIGITS = 12  # of a row's id, which `sft trace` takes


def decide_never(requirement: NeverRequirement, evidence: Evidence) -> Decision:
    """Decide from the answers to the items that carry the tag."""
    tagged = evidence.tagged(requirement.tag)
    n = int(tagged.sum())
    if not n:
        return _decision(requirement, Verdict.INCONCLUSIVE, 0, 0, [_nothing_tagged(requirement, evidence)])
    failed, missing = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    for checked in requirement.checked:
        answers = evidence.answers(checked.metric, checked.model)[tagged]
        failed |= _failed(answers, checked)
        missing |= np.isnan(answers).any(axis=1)
    ids = [row_id for row_id, is_tagged in zip(evidence.row_ids, tagged, strict=True) if is_tagged]
    parts = [f"{wording.count(n, 'items')} {wording.verb(n, 'carries', 'carry')} the tag {_shown(requirement.tag)}"]
    parts += _found(requirement, ids, failed, missing)
    verdict = Verdict.FAIL if failed.any() else Verdict.INCONCLUSIVE if missing.any() else Verdict.PASS
    return _decision(requirement, verdict, n, int(failed.sum()), parts)


def _failed(answers: Floats, checked: Checked) -> npt.NDArray[np.bool_]:
    """Items of which an answer under any template is not right; not those that are missing. Share metrics are 0 or 1 an
    answer, so what lies between has a sample that failed."""
    bad = answers < 1 - SLACK if checked.fails == "low" else answers > SLACK
    found: npt.NDArray[np.bool_] = bad.any(axis=1)
    return found


def _found(
    requirement: NeverRequirement, ids: list[str], failed: npt.NDArray[np.bool_], missing: npt.NDArray[np.bool_]
) -> Iterator[str]:
    watched = wording.listing([f"`{one.metric}` of `{one.model}`" for one in requirement.checked])
    count = int(failed.sum())
    if count:
        yield f"{count:,} of them {wording.verb(count, 'fails', 'fail')} {watched}: {_names(ids, failed)}"
        yield "the requirement holds when all of them are answered right; `sft trace ITEM` shows what became of one"
    absent = int((missing & ~failed).sum())
    if absent:
        lacks = f"{wording.count(absent, 'items')} {wording.verb(absent, 'lacks', 'lack')} an answer or a measurement"
        yield f"{lacks}: {_names(ids, missing & ~failed)}"
    if not count and not absent:
        yield f"none of them fails {watched}"
    elif not count:
        yield "what was not measured could be a failure"


def _nothing_tagged(requirement: NeverRequirement, evidence: Evidence) -> str:
    there = evidence.tags()
    told = f"no item of `{requirement.eval}` carries the tag {_shown(requirement.tag)}, so nothing was checked"
    if not there:
        return f"{told}; no item carries any tag"
    listed = [_shown(tag) for tag in there[:_NAMED]]
    more = [f"{len(there) - _NAMED} more"] if len(there) > _NAMED else []
    return f"{told}; tags that occur: {wording.listing([*listed, *more])}"


def _names(ids: list[str], mask: npt.NDArray[np.bool_]) -> str:
    chosen = [row_id[:_DIGITS] for row_id, is_meant in zip(ids, mask, strict=True) if is_meant]
    more = len(chosen) - _NAMED
    return ", ".join([*(f"`{item}`" for item in chosen[:_NAMED]), *([f"{more:,} more"] if more > 0 else [])])


def _shown(tag: str) -> str:
    return f"`{one_line(tag, 40)}`"


def _decision(requirement: NeverRequirement, verdict: Verdict, n: int, failed: int, parts: list[str]) -> Decision:
    return Decision(
        verdict,
        wording.paragraph(parts),
        unit="share",
        test="every tagged item",
        threshold=0.0,
        n=n,
        estimate=failed / n if n else None,
    )
