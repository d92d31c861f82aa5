"""Near duplicates against brute force: the greedy rule, exact at any threshold, and what the index may miss."""

import random
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import near_duplicates as module
from runtime import shared_buckets
from runtime.near_duplicates import near_duplicates
from runtime.shingles import normalised, trigrams

TEXTS = st.lists(st.none() | st.text(alphabet="ab \u00c9\n", max_size=12), max_size=30)


class NearDuplicate(NamedTuple):
    row: int
    survivor: int
    jaccard: Fraction


def found(texts: list[str | None], threshold: Fraction, **options: int) -> list[NearDuplicate]:
    columns = near_duplicates(texts, threshold, **options).columns
    return [
        NearDuplicate(row, survivor, Fraction(common, union))
        for row, survivor, common, union in zip(*(column.tolist() for column in columns), strict=True)
    ]


def brute_force(texts: list[str | None], threshold: Fraction) -> list[NearDuplicate]:
    """The rule as it is written, over all pairs."""
    survivors: list[tuple[int, frozenset[str]]] = []
    found = []
    for row, text in enumerate(texts):
        mine = trigrams(normalised(text or ""))
        if not mine:
            continue
        for other, theirs in survivors:
            similarity = Fraction(len(mine & theirs), len(mine | theirs))
            if similarity >= threshold:
                found.append(NearDuplicate(row, other, similarity))
                break
        else:
            survivors.append((row, mine))
    return found


def variants(count: int, seed: int) -> list[str]:
    """Sentences and slightly changed copies of earlier ones, short and long."""
    draw = random.Random(seed)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(2, 9))) for _ in range(500)]
    texts: list[str] = []
    for _ in range(count):
        if texts and draw.random() < 0.5:
            changed = draw.choice(texts).split()
            for _ in range(draw.randint(1, 2)):
                changed[draw.randrange(len(changed))] = draw.choice(words)
            texts.append(" ".join(changed))
        else:
            texts.append(" ".join(draw.choices(words, k=draw.choice([5, 12, 40, 120]))))
    return texts


@settings(max_examples=60)
@given(texts=TEXTS, percent=st.integers(1, 100))
def test_small_sets_are_exact(texts: list[str | None], percent: int) -> None:
    threshold = Fraction(percent, 100)
    assert found(texts, threshold) == brute_force(texts, threshold)


@pytest.mark.parametrize("percent", [60, 80, 90])
@pytest.mark.parametrize(("block", "pairs", "crowd"), [(256, 1 << 17, 256), (2, 1 << 17, 1), (16, 3, 4)])
def test_variants_are_found_whatever_the_blocks_and_crowds(
    percent: int, block: int, pairs: int, crowd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_BLOCK", block)
    monkeypatch.setattr(module, "LARGEST_BLOCK", block)
    monkeypatch.setattr(module, "AMONG_THEMSELVES", pairs)
    monkeypatch.setattr(shared_buckets, "CROWD", crowd)
    monkeypatch.setattr(shared_buckets, "EXACT_UP_TO", 10_000 if block == 16 else 0)
    texts: list[str | None] = list(variants(300, seed=percent))
    expected = brute_force(texts, Fraction(percent, 100))
    assert found(texts, Fraction(percent, 100)) == expected
    assert len(expected) > 15


def test_references_stay_and_are_all_that_rows_are_compared_with() -> None:
    texts: list[str | None] = list(variants(200, seed=5))
    threshold = Fraction(80, 100)
    known = [trigrams(normalised(text or "")) for text in texts]
    expected = {}
    for row in range(100, 200):
        for reference in range(100):
            similarity = Fraction(len(known[row] & known[reference]), len(known[row] | known[reference]))
            if similarity >= threshold:
                expected[row] = (reference, similarity)
                break
    assert {item.row: (item.survivor, item.jaccard) for item in found(texts, threshold, references=100)} == expected
    assert len(expected) > 5
    assert found(["same words here"] * 3, threshold, references=1) == [(1, 0, 1), (2, 0, 1)]


def test_likeness_does_not_chain() -> None:
    chain: list[str | None] = ["one two three four five", "one two three four six", "one two three ten six"]
    one, two, three = (trigrams(text or "") for text in chain)
    threshold = Fraction(45, 100)
    assert len(one & two) / len(one | two) >= threshold
    assert len(two & three) / len(two | three) >= threshold
    assert [(item.row, item.survivor) for item in found(chain, threshold)] == [(1, 0)]


def test_the_threshold_itself_is_enough() -> None:
    one, other = "how are you today my friend", "how are you today my friends"
    sets = trigrams(one), trigrams(other)
    exact = Fraction(len(sets[0] & sets[1]), len(sets[0] | sets[1]))
    assert [item.jaccard for item in found([one, other], exact)] == [exact]
    assert found([one, other], exact + Fraction(1, 10**9)) == []


def test_empty_and_missing_texts_are_like_nothing() -> None:
    assert found(["", None, " \n", "", None], Fraction(1, 100)) == []


def test_a_stop_comes_through() -> None:
    class Stopped(Exception): ...

    def stop(done: int, of: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        near_duplicates(["a word", "a words"], Fraction(1, 10), stop)
