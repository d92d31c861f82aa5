"""What a bootstrap of 10,000 resamples of 10,000 items takes: BLEU of a model, and of two side by side.

``python benchmarks/bootstrap.py`` prints processor and wall time, the best of three. Statistics are counted once, when
the answers are measured; an interval or a gate pays for the resamples alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from runtime.metrics import WHOLE, Answer
from runtime.statistics.resampling import RESAMPLES, Sums

ITEMS, WORDS = 10_000, 20


def main() -> None:
    random = np.random.default_rng(1)
    words = [f"word{number}" for number in range(500)]
    expected = [" ".join(random.choice(words, WORDS)) for _ in range(ITEMS)]
    answers = [Answer(_garbled(text, random, 0.3), text) for text in expected]
    bleu = WHOLE["bleu"]
    counted = bleu.counted(answers)
    _print(f"counting what BLEU counts in {ITEMS:,} answers of {WORDS} words", lambda: bleu.counted(answers))
    _print(
        f"BCa interval of BLEU, {RESAMPLES:,} resamples",
        lambda: Sums.of(counted, 7).taken(bleu.score).bounds(0.025),
    )
    other = bleu.counted([Answer(_garbled(text, random, 0.32), text) for text in expected])
    joined, k = np.hstack([counted, other]), counted.shape[1]

    def difference() -> object:
        sums = Sums.of(joined, 7)
        return sums.columns(0, k).taken(bleu.score).less(sums.columns(k, 2 * k).taken(bleu.score)).bounds(0.05)

    _print(f"BCa interval of a difference of BLEU, {RESAMPLES:,} resamples", difference)


def _garbled(text: str, random: np.random.Generator, share: float) -> str:
    return " ".join("x" if random.random() < share else word for word in text.split())


def _print(what: str, work: Callable[[], object]) -> None:
    taken = []
    for _ in range(3):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        taken.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu, wall = min(taken)
    print(f"{what}: {cpu:.2f} s of processor time, {wall:.2f} s")


if __name__ == "__main__":
    main()
