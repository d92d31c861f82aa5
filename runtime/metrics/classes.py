"""Metrics over the classes of a classification: every class counts alike, however many items it has.

The classes are the labels that the spec names, or else all expected answers of the set, whichever of its items were
answered, so that models with answers to other items have the same classes. An output that is no label is a
miss of the expected class, and nothing else: free text makes no class of its own. Equal to scikit-learn's ``f1_score``
(``average="macro"``) and ``recall_score`` with these labels. A class that occurs neither in the expected answers nor in
the outputs of a selection (a small slice, a resample) takes no part in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runtime.metrics.answer import Answer
from runtime.metrics.exact import NORMALISERS
from runtime.metrics.whole import Statistics, WholeMetric
from spec_lang.diagnostics import fatal

if TYPE_CHECKING:
    from runtime.metrics.whole import Floats

MOST_LABELS = 200
OF_CLASSES = frozenset({"macro_f1", "balanced_accuracy"})


def count_classes(answers: Sequence[Answer], *, labels: str | None = None, normalise: str = "text") -> Statistics:
    """Of each class: items of it that are right, outputs of it that are wrong, items of it that are wrong. Without
    ``labels`` the classes are the expected answers of these answers.

    None for an item whose expected answer is no label. Raises DiagnosticError SFT0650 for more classes than
    ``MOST_LABELS``.
    """
    form = NORMALISERS[normalise]
    named = json.loads(labels) if labels is not None else sorted({answer.expected for answer in answers})
    place = {label: index for index, label in enumerate(dict.fromkeys(map(form, named)))}
    if len(place) > MOST_LABELS:
        message = f"there are {len(place):,} different expected answers, and a metric of classes takes {MOST_LABELS}"
        raise fatal("SFT0650", message, 'name the classes: `labels = ["yes", "no"]`')

    def counted(answer: Answer) -> list[float] | None:
        wanted, given = place.get(form(answer.expected)), place.get(form(answer.output))
        if wanted is None:
            return None
        row = [0.0] * (3 * len(place))
        row[3 * wanted + (0 if given == wanted else 2)] = 1.0
        if given is not None and given != wanted:
            row[3 * given + 1] = 1.0
        return row

    return [counted(answer) for answer in answers]


def score_macro_f1(sums: Floats, **args: Any) -> Floats:
    """The mean of the classes' F1, 0 to 1."""
    right, false, missed = _by_class(sums)
    return _mean(2 * right, 2 * right + false + missed)


def score_balanced_accuracy(sums: Floats, **args: Any) -> Floats:
    """The mean over classes of the share of their items that are right, 0 to 1."""
    right, _, missed = _by_class(sums)
    return _mean(right, right + missed)


def _by_class(sums: Floats) -> tuple[Floats, Floats, Floats]:
    parts = sums.reshape(*sums.shape[:-1], -1, 3)
    return parts[..., 0], parts[..., 1], parts[..., 2]


def _mean(above: Floats, below: Floats) -> Floats:
    """The mean of above / below over the classes that have a value."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(below > 0, above / below, 0.0)
        return np.asarray(shares.sum(axis=-1) / np.count_nonzero(below > 0, axis=-1))


MACRO_F1 = WholeMetric(count_classes, score_macro_f1)
BALANCED_ACCURACY = WholeMetric(count_classes, score_balanced_accuracy)
