"""Near duplicates against brute force: the greedy rule, exact at any threshold, and what the index may miss."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import near_duplicates as module
from runtime.near_duplicates import NearDuplicate, band_width, near_duplicates
from runtime.shingles import SIGNATURE, normalised, trigrams

TEXTS = st.lists(st.none() | st.text(alphabet="ab \u00c9\n", max_size=12), max_size=30)


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


@given(texts=TEXTS, percent=st.integers(1, 100))
def test_small_sets_are_exact(texts: list[str | None], percent: int) -> None:
    threshold = Fraction(percent, 100)
    assert near_duplicates(texts, threshold) == brute_force(texts, threshold)


@pytest.mark.parametrize("percent", [70, 80, 90, 95])
def test_variants_in_small_sets_are_exact(percent: int) -> None:
    texts: list[str | None] = list(variants(250, seed=percent))
    expected = brute_force(texts, Fraction(percent, 100))
    assert near_duplicates(texts, Fraction(percent, 100)) == expected
    assert len(expected) > 15


@pytest.mark.parametrize("percent", [60, 80, 90])
def test_the_index_for_large_sets_finds_nearly_all_and_nothing_false(
    percent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str | None] = list(variants(300, seed=percent))
    threshold = Fraction(percent, 100)
    expected = {item.row for item in brute_force(texts, threshold)}
    monkeypatch.setattr(module, "EXACT_UP_TO", 0)
    found = near_duplicates(texts, threshold)
    dropped = {item.row for item in found}
    assert len(expected & dropped) >= 0.97 * len(expected)
    for item in found:
        one, other = (trigrams(normalised(texts[row] or "")) for row in (item.row, item.survivor))
        assert item.jaccard == Fraction(len(one & other), len(one | other)) >= threshold
        assert item.survivor < item.row
        assert item.survivor not in dropped


def test_likeness_does_not_chain() -> None:
    chain: list[str | None] = ["one two three four five", "one two three four six", "one two three ten six"]
    one, two, three = (trigrams(text or "") for text in chain)
    threshold = Fraction(45, 100)
    assert len(one & two) / len(one | two) >= threshold
    assert len(two & three) / len(two | three) >= threshold
    assert [(item.row, item.survivor) for item in near_duplicates(chain, threshold)] == [(1, 0)]


def test_the_threshold_itself_is_enough() -> None:
    one, other = "how are you today my friend", "how are you today my friends"
    sets = trigrams(one), trigrams(other)
    exact = Fraction(len(sets[0] & sets[1]), len(sets[0] | sets[1]))
    assert [item.jaccard for item in near_duplicates([one, other], exact)] == [exact]
    assert near_duplicates([one, other], exact + Fraction(1, 10**9)) == []


def test_empty_and_missing_texts_are_like_nothing() -> None:
    assert near_duplicates(["", None, " \n", "", None], Fraction(1, 100)) == []


def test_a_stop_comes_through() -> None:
    class Stopped(Exception): ...

    def stop(done: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        near_duplicates(["a"], Fraction(9, 10), stop)


@pytest.mark.parametrize("percent", range(10, 101, 5))
def test_a_pair_at_the_threshold_is_found_with_995_in_1000(percent: int) -> None:
    width = band_width(percent / 100)
    found = 1 - (1 - (percent / 100) ** width) ** (SIGNATURE // width)
    assert found >= 0.995 or width == 1
