"""Near duplicates among real instructions, against brute force; and what is the same in every script."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from runtime import shared_buckets
from runtime.near_duplicates import near_duplicates
from runtime.shingles import normalised, trigrams

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def instructions(count: int) -> list[str]:
    """Short instructions of several public sets, among them many that were written after each other."""
    texts = []
    for name in ("seed_tasks.jsonl", "user_oriented_instructions.jsonl"):
        for line in (DATA / "self_instruct" / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            texts += [row["instruction"], *(item["input"] for item in row["instances"])]
    for name in ("alpaca_en_demo.json", "alpaca_zh_demo.json"):
        for row in json.loads((DATA / "llamafactory_demo" / name).read_text(encoding="utf-8")):
            texts += [row["instruction"], row["input"]]
    for line in (
        (DATA / "self_instruct" / "text-davinci-003_predictions.jsonl").read_text(encoding="utf-8").splitlines()
    ):
        row = json.loads(line)
        texts += [row["prompt"], row["instruction"]]
    for row in json.loads((DATA / "alpaca_eval" / "outputs.json").read_text(encoding="utf-8")):
        texts.append(row["instruction"])
    for line in (DATA / "gsm8k" / "test.jsonl").read_text(encoding="utf-8").splitlines():
        texts.append(json.loads(line)["question"])
    short = [text for text in texts if normalised(text) and len(text) <= 400]
    for row in range(0, len(short), 9):  # copies with a small edit, which is what real sets are full of
        words = short[row].split()
        words[row % len(words)] += "s"
        short.append(" ".join(words))
    return short[:count]


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")
@pytest.mark.parametrize("percent", [80, 90])
def test_recall_and_precision_on_real_instructions(percent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_buckets, "EXACT_UP_TO", 0)
    texts = instructions(5_000)
    assert len(texts) == 5_000
    sets = [trigrams(normalised(text)) for text in texts]
    numbers = {piece: number for number, piece in enumerate(sorted(set().union(*sets)))}
    places = np.array([numbers[piece] for pieces in sets for piece in sorted(pieces)])
    sizes = np.array([len(pieces) for pieces in sets])
    matrix = csr_array((np.ones(len(places), np.int32), places, np.append(0, np.cumsum(sizes))), (5_000, len(numbers)))
    common = (matrix @ matrix.T).tocoo()
    one, other = common.coords
    near = (other < one) & (common.data * 100 >= percent * (sizes[one] + sizes[other] - common.data))
    similar: dict[int, list[int]] = {}
    for row, earlier in zip(one[near].tolist(), other[near].tolist(), strict=True):
        similar.setdefault(row, []).append(earlier)
    gone: dict[int, int] = {}
    for row in sorted(similar):
        survivor = next((other for other in sorted(similar[row]) if other not in gone), None)
        if survivor is not None:
            gone[row] = survivor
    found = near_duplicates(texts, Fraction(percent, 100), threads=1)
    dropped = dict(zip(found.rows.tolist(), found.survivors.tolist(), strict=True))
    assert len(gone) > 300
    assert sum(row in dropped for row in gone) >= 0.97 * len(gone)
    for row, survivor in dropped.items():
        assert survivor in similar[row], "every pair is above the threshold"
        assert survivor not in dropped
    again = near_duplicates(texts, Fraction(percent, 100), threads=2)
    assert all((one == two).all() for one, two in zip(found.columns, again.columns, strict=True))


@pytest.mark.parametrize(
    ("one", "other", "percent"),
    [
        ("把这句话翻译成法语,谢谢", "把这句话翻译成法语,谢谢!", 75),  # Chinese
        ("Erkläre die Straße", "ERKLA\u0308RE DIE STRASSE", 100),  # decomposed, and the capital form of ß
        ("Name three kinds of fruit", "name  three kinds of fruits", 85),  # five words
        ("アップルとは何ですか", "アッフ\u309aルとは何ですか", 100),  # a combining mark
    ],
)
def test_every_script_has_near_duplicates(one: str, other: str, percent: int) -> None:
    assert near_duplicates([one, other], Fraction(percent, 100)).rows.tolist() == [1]
    assert near_duplicates([one, "something that is quite different"], Fraction(percent, 100)).rows.tolist() == []
