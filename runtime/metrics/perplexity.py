"""How well a model foresees the expected answers: nats over tokens, words or bytes of the whole set.

Perplexity is exp(sum of nats / sum of tokens) over all items: a long answer counts as much as it is long. Through a
chat template it is the exp of the loss of a training; in a plain prompt there is no end of turn to count. Over words
and bytes only the text counts and not the token that ends the turn, so models whose tokenizers cut otherwise can be
compared (Gao et al., lm-evaluation-harness, `word_perplexity`, `byte_perplexity`, `bits_per_byte`; here of the answer
after its prompt).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from runtime.metrics.answer import Answer, TextLikelihood
from runtime.metrics.whole import Statistics, WholeMetric

if TYPE_CHECKING:
    from runtime.metrics.whole import Floats


NatsAndUnits: TypeAlias = Callable[[TextLikelihood], tuple[float, float]]


def _counted(of: NatsAndUnits) -> Callable[[Sequence[Answer]], Statistics]:
    def count(answers: Sequence[Answer]) -> Statistics:
        return [_one(of, answer.likelihood) for answer in answers]

    return count


def _one(of: NatsAndUnits, read: TextLikelihood | None) -> tuple[float, float] | None:
    """Nats and units of an answer; None where its likelihood is not known, or there is no unit of it."""
    if read is None or read.log_likelihood is None:
        return None
    nats, units = of(read)
    return (nats, units) if units else None


def _nats(read: TextLikelihood) -> float:
    return -read.log_likelihood if read.log_likelihood is not None else math.nan


def _of_tokens(read: TextLikelihood) -> tuple[float, float]:
    ended = read.ending is not None
    return _nats(read) - (read.ending or 0.0), read.tokens + ended


def _exp(sums: Floats) -> Floats:
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(np.exp(sums[..., 0] / sums[..., 1]))


def _bits(sums: Floats) -> Floats:
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1] / math.log(2))


PERPLEXITY = WholeMetric(_counted(_of_tokens), _exp)
WORD_PERPLEXITY = WholeMetric(_counted(lambda read: (_nats(read), read.words)), _exp)
BYTE_PERPLEXITY = WholeMetric(_counted(lambda read: (_nats(read), read.bytes)), _exp)
BITS_PER_BYTE = WholeMetric(_counted(lambda read: (_nats(read), read.bytes)), _bits)
