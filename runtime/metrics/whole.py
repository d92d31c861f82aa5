"""A metric of a whole set: additive statistics of each item, and a number made of their sums.

BLEU is no mean of the items' BLEU. What is counted in an item (words, matches) adds up over items, so the number of any
selection of items, a slice or a resample, is one sum and one formula, and no text is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from runtime.metrics.answer import Answer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

Statistics: TypeAlias = Sequence[Sequence[float] | None]  # one an answer, all as long; None where it cannot be measured


@dataclass(frozen=True, slots=True)
class WholeMetric:
    """``count(answers, **args)`` gives what is counted in each answer of a cell; ``score(sums, **args)`` takes sums of
    that of shape (…, k), float64, to the metric, of shape (…); not-a-number where the sums allow none.
    ``why_not(answer, **args)`` tells why an answer cannot be measured."""

    count: Callable[..., Statistics]
    score: Callable[..., Floats]
    why_not: Callable[..., str] = lambda answer, **_: ""

    def counted(self, answers: Sequence[Answer], **args: object) -> Floats:
        """A matrix answers × statistics; a row of NaN where an answer cannot be measured."""
        import numpy as np

        found = self.count(answers, **args)
        width = next((len(row) for row in found if row is not None), 0)
        missing = [np.nan] * width
        return np.array([missing if row is None else row for row in found], dtype=np.float64).reshape(len(found), width)
