"""Made instruction rows for the data benchmarks: seeded, as long and as repetitive as real ones, in several languages.

Words follow Zipf's law over a vocabulary a language (Latin, Cyrillic, Arabic and Chinese letters; Chinese has no
spaces); lengths are log-normal, with medians of 14 words of instruction and 110 of answer, about 1 kB a row. A share
of the rows has one of a thousand common instructions, or that of an earlier row, or it with a word more; some answers
are empty, some are refusals, some lines are broken. Block ``n`` of a file depends on the seed and ``n`` alone, so a
longer file begins with the shorter one. A million rows take about a minute on two cores.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import count, repeat
from math import log10
from pathlib import Path
from typing import Any

BLOCK = 10_000
COMMON, EXACT, NEAR, EMPTY, REFUSED, BROKEN = 0.02, 0.04, 0.03, 0.004, 0.01, 0.0002
REFUSAL = "As an AI language model, I cannot help with that. "
_VOCABULARY = 30_000
# Language -> (share of the rows, letters, what stands between words).
LANGUAGES = {
    "en": (0.70, "etaoinshrdlucmfwypvbgkjqxz", " "),
    "de": (0.08, "enisratdhulcgmobwfkzpvüäöß", " "),
    "ru": (0.08, "оеаинтсрвлкмдпуяыьгзбчйхжш", " "),
    "zh": (0.08, "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生", ""),
    "ar": (0.06, "اليمونرتبةعدسفهكقحجشطصخضذ", " "),
}


def write_rows(path: Path, rows: int, seed: int = 0, processes: int = 2) -> None:
    """Write so many rows as JSONL: ``id``, ``lang``, ``instruction``, ``input`` (often null), ``output``."""
    blocks = range((rows + BLOCK - 1) // BLOCK)
    sizes = [min(BLOCK, rows - block * BLOCK) for block in blocks]
    with path.open("wb") as handle, ProcessPoolExecutor(processes) as pool:
        for start in range(0, len(blocks), 16):  # a few blocks at a time, so that memory stays flat
            handle.writelines(pool.map(_block, repeat(seed), blocks[start : start + 16], sizes[start : start + 16]))


def _block(seed: int, block: int, rows: int) -> bytes:
    return "".join(_lines(seed, block, rows)).encode()


def _lines(seed: int, block: int, rows: int) -> Iterator[str]:
    import numpy as np

    random = np.random.default_rng([seed, block])
    names = list(LANGUAGES)
    chosen = random.choice(len(names), BLOCK, p=[share for share, _, _ in LANGUAGES.values()])
    fate, nth = random.random((BLOCK, 2)), random.integers(0, BLOCK, BLOCK)
    asked, given, added = (
        np.clip(random.lognormal(np.log(median), sigma, BLOCK), 1, most).astype(int)
        for median, sigma, most in ((14, 0.7, 400), (110, 0.8, 2000), (40, 0.7, 800))
    )
    words = {name: _vocabulary(name) for name in names}
    written: dict[str, list[str]] = {name: [] for name in names}
    for row in range(rows):
        name = names[chosen[row]]
        between = LANGUAGES[name][2]

        def text(length: int, words: list[str] = words[name], between: str = between) -> str:
            ranks = random.zipf(1.15, length) - 1
            return between.join([words[rank % _VOCABULARY] for rank in ranks.tolist()])

        instruction = text(asked[row])
        if fate[row, 0] < COMMON:
            instruction = _common(name)[nth[row] % 1000]
        elif fate[row, 0] < COMMON + EXACT + NEAR and written[name]:
            instruction = written[name][nth[row] % len(written[name])]
            if fate[row, 0] > COMMON + EXACT:
                instruction += between + words[name][nth[row]]
        written[name].append(instruction)
        output = text(given[row])
        if fate[row, 1] < EMPTY:
            output = ""
        elif fate[row, 1] < EMPTY + REFUSED:
            output = REFUSAL + output
        value: dict[str, Any] = {"id": block * BLOCK + row, "lang": name, "instruction": instruction}
        value |= {"input": text(added[row]) if row % 4 == 0 else None, "output": output}
        line = json.dumps(value, ensure_ascii=False)
        yield (line[: len(line) // 2] if fate[row, 1] > 1 - BROKEN else line) + "\n"


@cache
def _vocabulary(language: str) -> list[str]:
    """Words by rank: frequent ones are short, as in every language."""
    import numpy as np

    letters = LANGUAGES[language][1]
    random = np.random.default_rng(len(letters))
    weight = 1 / np.arange(1, len(letters) + 1) ** 0.7
    drawn = "".join(random.choice(list(letters), _VOCABULARY * 40, p=weight / weight.sum()))
    words: dict[str, None] = {}
    at = 0
    for rank in count(1):
        mean = 0.6 * log10(rank + 9) if language == "zh" else 1.6 * log10(rank + 9)
        length = max(1, round(mean + random.standard_normal()))
        words[drawn[at : at + length]] = None
        at += length
        if len(words) == _VOCABULARY:
            return list(words)
    raise AssertionError


@cache
def _common(language: str) -> list[str]:
    """Instructions that stand all over the file."""
    import numpy as np

    random = np.random.default_rng(1)
    words, between = _vocabulary(language), LANGUAGES[language][2]
    return [between.join(words[rank] for rank in random.integers(0, 2000, random.integers(4, 12))) for _ in range(1000)]
