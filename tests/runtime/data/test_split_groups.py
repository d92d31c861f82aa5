"""Splits with ``similar``: no pair above the threshold straddles, in any order, and the rest stays where it was."""

from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.step_params import SplitParams, SplitPart, Sql
from runtime import near_groups as module
from runtime import shared_buckets
from runtime.near_groups import near_groups
from runtime.shingles import normalised, trigrams
from tests.runtime.data.conftest import Bench
from tests.runtime.data.test_near_duplicates import variants

KEY = Sql(sql='"q"', params=(), type="text")
PARTS = tuple(SplitPart(name=name, share=Decimal(share)) for name, share in [("test", "0.3"), ("train", "0.7")])


def alike(one: str, other: str, threshold: Fraction) -> bool:
    a, b = trigrams(normalised(one)), trigrams(normalised(other))
    return bool(a) and len(a & b) * threshold.denominator >= len(a | b) * threshold.numerator


def components(texts: list[str], threshold: Fraction) -> list[int]:
    """The first member of every text's group, over all pairs."""
    leader = list(range(len(texts)))
    for one, other in combinations(range(len(texts)), 2):
        if alike(texts[one], texts[other], threshold):
            old, new = sorted((leader[one], leader[other]))[::-1]
            leader = [new if item == old else item for item in leader]
    return leader


@pytest.mark.parametrize(("percent", "exact", "size"), [(60, 10_000, 1 << 24), (60, 0, 50), (85, 0, 1 << 24)])
def test_groups_are_the_connected_components(
    percent: int, exact: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_buckets, "EXACT_UP_TO", exact)
    monkeypatch.setattr(module, "SLICE", size)
    texts = list(dict.fromkeys(map(normalised, variants(100, seed=percent))))
    expected = components(texts, Fraction(percent, 100))
    assert near_groups(texts, Fraction(percent, 100)).tolist() == expected
    assert len(set(expected)) < len(expected) - 10


def split(bench: Bench, texts: list[str | None], similar: str | None, seed: int = 0) -> list[str]:
    bench.write("a.jsonl", [{"q": text, "n": number} for number, text in enumerate(texts)])
    bench.ingest("a.jsonl")
    value = None if similar is None else Decimal(similar)
    bench.run(SplitParams(key=(KEY,), parts=PARTS, seed=seed, similar=value), "t", {"rows": "ingest:s"})
    return [row["__split"] for row in bench.rows("split:t")]


def test_no_pair_straddles_and_a_row_without_a_twin_stays_where_it_was(bench: Bench) -> None:
    texts: list[str | None] = [*variants(200, seed=1), None, "", " "]
    threshold = Fraction(6, 10)
    plain, grouped = split(bench, texts, None), split(bench, texts, "0.6")
    keys = [text or "" for text in texts[:200]]
    pairs = [pair for pair in combinations(range(200), 2) if alike(keys[pair[0]], keys[pair[1]], threshold)]
    assert sum(plain[one] != plain[other] for one, other in pairs) > 5
    assert [(one, other) for one, other in pairs if grouped[one] != grouped[other]] == []
    paired = {row for pair in pairs for row in pair}
    assert all(plain[row] == grouped[row] for row in range(203) if row not in paired)
    summary = bench.results["split:t"].summary
    leaders = components(keys, threshold)
    sizes = [leaders.count(leader) for leader in set(leaders)]
    assert (summary["groups"], summary["largest_group"]) == (sum(size > 1 for size in sizes), max(sizes))


WORDS = st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon"]), min_size=2, max_size=4).map(" ".join)


@settings(max_examples=3)
@given(texts=st.lists(WORDS, min_size=2, max_size=15), order=st.randoms(use_true_random=False), seed=st.integers(0, 2))
def test_the_order_of_rows_moves_none(texts: list[str], order: object, seed: int, make_bench: object) -> None:
    shuffled = list(texts)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = split(make_bench(), texts, "0.5", seed), split(make_bench(), shuffled, "0.5", seed)  # type: ignore[operator]
    assert dict(zip(texts, one, strict=True)) == dict(zip(shuffled, other, strict=True))


def test_a_large_group_is_noted(bench: Bench) -> None:
    split(bench, [f"What is {number} plus {number + 1}?" for number in range(30)], "0.4")
    assert "30 of 30 rows of t are alike" in (bench.store.root / "runs/r1/events.jsonl").read_text()


def test_keys_that_differ_only_for_the_finer_form_stay_together(bench: Bench) -> None:
    assert len(set(split(bench, ["STRASSE nach Rom", "straße nach rom", "Stra\u00dfe  nach ROM"], "1"))) == 1
