"""Novelty of new instructions against pools of 1,000, 10,000 and 50,000, beside the package rouge-score: decisions and
cost.

    python benchmarks/novelty.py [POOL ...]

Instructions are made (English of `instruction_rows`, 4 to 150 words, some with the words of others), so that the
same call gives the same texts. Half of the candidates are rows of the pool with a word more, less or moved; the others
are new. The other side is what the code of Self-Instruct does for each candidate: ``scorer.score`` against every text
of the pool, without the four processes that it opens a candidate. It takes seconds a candidate, so it judges a sample;
all of the sample have to be decided alike, at the highest similarity and at 0.7. Times are processor seconds of one
process.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

LIMIT = Decimal("0.7")
POOLS = (1_000, 10_000, 50_000)
CANDIDATES = 400
SAMPLES = {1_000: 60, 10_000: 10, 50_000: 4}


@dataclass(frozen=True)
class Measured:
    """Milliseconds of processor time a candidate; ``judged`` of them by both sides."""

    pool: int
    adding: float
    ours: float
    slowest: float
    theirs: float
    judged: int
    alike: int
    rejected: int


def main(pools: Sequence[int]) -> None:
    texts = list(instructions(max(pools) + CANDIDATES))
    head = ("pool", "add ms", "ms a candidate", "slowest", "rouge-score ms", "times")
    print("  ".join(f"{name:>{width}}" for name, width in zip(head, (7, 7, 14, 8, 14, 7), strict=True)), " decisions")
    for size in pools:
        one = measure(texts[:size], candidates(texts[:size], texts[max(pools) :]), SAMPLES.get(size, 4))
        verdict = f"{one.alike} of {one.judged} alike, {one.rejected} of them rejected"
        print(
            f"{size:>7,}  {one.adding:>7.3f}  {one.ours:>14.3f}  {one.slowest:>8.2f}  {one.theirs:>14,.0f}  "
            f"{one.theirs / one.ours:>7,.0f}  {verdict}",
            flush=True,
        )


def instructions(count: int) -> Iterator[str]:
    """Different ones, of words that novelty and rouge-score cut alike."""
    import json

    from instruction_rows import BLOCK, _lines

    seen: set[str] = set()
    block = 0
    while True:
        for line in _lines(7, block, BLOCK):
            try:
                row = json.loads(line)
            except ValueError:
                continue
            text = row.get("instruction") or ""
            if text.isascii() and 4 <= len(text.split()) <= 150 and text not in seen:
                seen.add(text)
                yield text
                if len(seen) == count:
                    return
        block += 1


def candidates(pool: Sequence[str], new: Sequence[str]) -> list[str]:
    drawn = random.Random(3)
    changed = []
    for text in drawn.sample(list(pool), len(new) // 2):
        words = text.split()
        place = drawn.randrange(len(words))
        match drawn.randrange(3):
            case 0:
                words.insert(place, "really")
            case 1:
                words.pop(place)
            case _:
                words.append(words.pop(place))
        changed.append(" ".join(words))
    return [text for pair in zip(changed, new, strict=False) for text in pair]


def measure(texts: Sequence[str], asked: Sequence[str], sample: int) -> Measured:
    from rouge_score.rouge_scorer import RougeScorer

    from runtime.generating.novelty import Pool, tokens_of

    pool, began = Pool(), time.process_time()
    for place, text in enumerate(texts):
        pool.add(str(place), text)
    adding = 1000 * (time.process_time() - began) / len(texts)
    tokens_of.cache_clear()
    took, found = [], []
    for text in asked:
        began = time.process_time()
        found.append(pool.nearest(text))
        took.append(1000 * (time.process_time() - began))
    scorer, theirs, alike, rejected = RougeScorer(["rougeL"], use_stemmer=False), [], 0, 0
    for text, nearest in list(zip(asked, found, strict=True))[:sample]:
        began = time.process_time()
        highest = max(scorer.score(other, text)["rougeL"].fmeasure for other in texts)
        theirs.append(1000 * (time.process_time() - began))
        own = nearest.similarity if nearest is not None else 0.0
        novel = nearest is None or nearest.passes("<", LIMIT)
        # rounding: a fraction on the limit is there for a float that is not
        alike += novel == (round(highest, 9) < float(LIMIT)) and abs(own - highest) < 1e-9
        rejected += not novel
    return Measured(
        *(len(texts), adding, statistics.fmean(took), max(took), statistics.fmean(theirs), len(theirs), alike, rejected)
    )


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or POOLS)
