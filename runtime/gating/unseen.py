"""``unseen(metric) no_worse_than trained by margin``: templates new to a model against those that it was trained on.

A model that learned the words of a template and not the task falls when the words change. The same items are asked
under both kinds, so this is a comparison of pairs, decided as two models are: each item's mean over the templates that
the model never saw, minus its mean over those that it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from compiler.measure_params import UnseenRequirement
from compiler.step_params import NoWorseRequirement
from runtime.gating.compared import Against, decide_compared
from runtime.gating.decision import Decision, Verdict
from runtime.gating.no_worse import judge_no_worse
from runtime.measuring.cells import means

Floats = npt.NDArray[np.float64]
TRAINED = "templates that it was trained on"


def decide_unseen(
    requirement: UnseenRequirement, answers: Floats, trained: Mapping[bool, Sequence[int]], seed: int
) -> Decision:
    """Decide from a matrix items × cells; ``trained`` has the columns of both kinds."""
    if set(trained) != {False, True}:
        reason = "Nothing was compared: the evaluation has templates of one kind alone."
        unit = requirement.metric.unit
        return Decision(Verdict.INCONCLUSIVE, reason, unit, "none", 0.0, level=float(requirement.level))
    unseen, seen = (means(answers, {str(kind): trained[kind]}) for kind in (False, True))
    pairs = NoWorseRequirement(
        text=requirement.text,
        metric=requirement.metric,
        baseline=TRAINED,
        margin=requirement.margin,
        level=requirement.level,
        each=None,
    )
    return decide_compared(pairs, judge_no_worse, unseen, seen, seed, Against(TRAINED))
