"""Near duplicates against brute force: exact for small sets, nearly complete for large ones, never wrong."""

import json
import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import near_duplicates as module
from runtime.near_duplicates import NearDuplicate, band_width, near_duplicates
from runtime.shingles import SIGNATURE, normalised, signatures, trigrams

PUBLIC = Path("/work/shared/data")


def brute_force(texts: Sequence[str | None], threshold: Fraction) -> list[NearDuplicate]:
    """The definition, word for word: every row against every earlier survivor, in order."""
    sets = [{f" {form} "[i : i + 3] for i in range(len(form))} for form in (normalised(text or "") for text in texts)]
    survivors: list[int] = []
    found = []
    for row, mine in enumerate(sets):
        if not mine:
            continue
        for other in survivors:
            jaccard = Fraction(len(mine & sets[other]), len(mine | sets[other]))
            if jaccard >= threshold:
                found.append(NearDuplicate(row, other, jaccard))
                break
        else:
            survivors.append(row)
    return found


def corpus(rows: int, seed: int) -> list[str]:
    """Instructions of 3 to 30 words, a third of them edited copies, edits of copies included."""
    rnd = random.Random(seed)
    words = ["".join(rnd.choices("etaoinshrdlu", k=rnd.randint(2, 9))) for _ in range(800)]
    texts: list[str] = []
    for _ in range(rows):
        if texts and rnd.random() < 0.35:
            parts = rnd.choice(texts).split()
            for _ in range(rnd.randint(0, 2)):
                parts[rnd.randrange(len(parts))] = rnd.choice(words)
            texts.append(rnd.choice(["", "  ", "Please "]) + " ".join(parts) + rnd.choice(["", ".", "!"]))
        else:
            texts.append(" ".join(rnd.choices(words, k=rnd.randint(3, 30))))
    return texts


@settings(max_examples=150, deadline=None)
@given(
    texts=st.lists(st.none() | st.text(alphabet="aAbß é\t", max_size=8) | st.text(max_size=6), max_size=12),
    percent=st.integers(1, 100),
)
def test_small_sets_are_exact(texts: list[str | None], percent: int) -> None:
    assert near_duplicates(texts, Fraction(percent, 100)) == brute_force(texts, Fraction(percent, 100))


@pytest.mark.parametrize("percent", [60, 80, 90, 95])
def test_a_corpus_is_exact_through_the_prefix_index(percent: int) -> None:
    texts = corpus(700, seed=percent)
    found = near_duplicates(texts, Fraction(percent, 100))
    assert found == brute_force(texts, Fraction(percent, 100))
    assert len(found) > 20


@pytest.mark.parametrize("percent", [60, 80, 90])
def test_signatures_find_nearly_all_and_nothing_else(percent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", 0)
    threshold = Fraction(percent, 100)
    texts = corpus(1200, seed=percent)
    wanted = {item.row for item in brute_force(texts, threshold)}
    found = near_duplicates(texts, threshold)
    assert len(wanted & {item.row for item in found}) >= 0.97 * len(wanted)
    fallen = {item.row for item in found}
    for item in found:
        one, other = trigrams(normalised(texts[item.row])), trigrams(normalised(texts[item.survivor]))
        assert item.jaccard == Fraction(len(one & other), len(one | other)) >= threshold
        assert item.survivor < item.row and item.survivor not in fallen


def test_nothing_chains() -> None:
    """b is like a, c is like b and not like a: c stays, because b, which it is like, is gone."""
    a, b, c = "abcdefghijkl", "abcdefghijkm", "xbcdefghijkm"
    threshold = Fraction(6, 10)
    assert [(item.row, item.survivor) for item in near_duplicates([a, b, c], threshold)] == [(1, 0)]
    assert [(item.row, item.survivor) for item in near_duplicates([b, c], threshold)] == [(1, 0)]


def test_case_space_and_width_of_five_words() -> None:
    texts = [
        "Write a poem about cats",
        "write  a poem\tabout cats",
        "write a poem about cats.",
        "Write a poem about rats",
    ]
    found = near_duplicates(texts, Fraction(9, 10))
    assert [(item.row, item.survivor, round(float(item.jaccard), 3)) for item in found] == [(1, 0, 1.0), (2, 0, 0.917)]


@pytest.mark.parametrize(
    "texts", [["早上好，请写一首诗。", "早上好,请写一首诗。", "早上好，请写一首诗。"], ["ЁЖ Ёжик", "ёж ёжик"]]
)
def test_other_scripts(texts: list[str]) -> None:
    assert near_duplicates(texts, Fraction(1))[-1].row == len(texts) - 1


def test_a_percentage_is_exact_at_its_border() -> None:
    """9 of 10 trigrams in common: 90% drops, a hair more keeps."""
    texts = ["abcdefghij", "abcdefghij"[:8]]
    jaccard = brute_force(texts, Fraction(1, 10))[0].jaccard
    assert len(near_duplicates(texts, jaccard)) == 1
    assert near_duplicates(texts, jaccard + Fraction(1, 10**12)) == []


def test_signatures_do_not_depend_on_threads_and_estimate_similarity() -> None:
    texts = [normalised(text) for text in corpus(900, seed=3)]
    found = signatures(texts, threads=1)
    assert found.shape == (900, SIGNATURE)
    assert (found == signatures(texts, threads=4)).all()
    assert (found[7] == signatures([texts[7]])[0]).all(), "a signature is a function of its text alone"
    rnd = random.Random(5)
    errors = []
    for _ in range(300):
        one, other = rnd.sample(range(900), 2)
        sets = trigrams(texts[one]), trigrams(texts[other])
        errors.append((found[one] == found[other]).mean() - len(sets[0] & sets[1]) / len(sets[0] | sets[1]))
    assert abs(sum(errors) / len(errors)) < 0.01, "no bias"


@pytest.mark.parametrize("percent", [30, 50, 70, 90, 99])
def test_bands_find_a_pair_at_the_threshold(percent: int) -> None:
    threshold, width = percent / 100, band_width(percent / 100)
    assert 1 - (1 - threshold**width) ** (SIGNATURE // width) >= 0.995


@pytest.mark.skipif(not PUBLIC.exists(), reason="the public data sets are not on this machine")
@pytest.mark.parametrize("exact_up_to", [0, 3000])
def test_public_instructions(exact_up_to: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", exact_up_to)
    with (PUBLIC / "self_instruct" / "user_oriented_instructions.jsonl").open() as lines:
        texts = [json.loads(line)["instruction"] for line in lines]
    texts += [row["instruction"] for row in json.loads((PUBLIC / "llamafactory_demo/alpaca_en_demo.json").read_text())]
    wanted = brute_force(texts, Fraction(7, 10))
    found = near_duplicates(texts, Fraction(7, 10))
    if exact_up_to:
        assert found == wanted
    assert len({item.row for item in found} & {item.row for item in wanted}) >= 0.97 * len(wanted)
