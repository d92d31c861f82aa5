"""Splits: which part a row goes to depends on its key and the seed, and on nothing else."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.step_params import SplitParams, SplitPart, Sql
from runtime.relational import Engine, engine
from runtime.row_hashes import HASH_BITS, plain_text, upper_ends
from runtime.steps.split import statement, statements
from tests.runtime.data.conftest import Bench
from tests.runtime.data.hostile import HOSTILE

KEY = Sql(sql='"q"', params=(), type="text")
HALF = Decimal("0.5")
PARTS = {"test": "0.2", "train": "0.7", "validation": "0.1"}


def split(
    bench: Bench,
    rows: list[dict[str, Any]],
    parts: dict[str, str] = PARTS,
    key: tuple[Sql, ...] = (KEY,),
    seed: int = 0,
) -> list[str]:
    """The part of every row, in source order."""
    bench.write("a.jsonl", rows)
    bench.ingest("a.jsonl")
    shares = tuple(SplitPart(name=name, share=Decimal(share)) for name, share in parts.items())
    bench.run(SplitParams(key=key, parts=shares, seed=seed), "t", {"rows": "ingest:s"})
    found = bench.rows("split:t")
    assert [row["__line"] for row in found] == list(range(1, len(rows) + 1))
    return [row["__split"] for row in found]


def test_shares_are_met_on_average(bench: Bench) -> None:
    found = split(bench, [{"q": f"question {number}"} for number in range(20_000)])
    for name, share in PARTS.items():
        expected = float(share) * 20_000
        assert abs(found.count(name) - expected) < 5 * (expected * (1 - float(share))) ** 0.5
    counts = bench.results["split:t"].summary["parts"]
    assert counts == {name: found.count(name) for name in PARTS}


def test_keys_that_differ_in_case_space_or_composition_stay_together(bench: Bench) -> None:
    forms = ["How are  you, Zoé?", "how ARE you, zoé?", "\u3000how are\tyou, zoe\u0301?\n", "HOW ARE YOU, ZOÉ?"]
    for seed in range(3):
        assert len(set(split(bench, [{"q": form} for form in forms], seed=seed))) == 1


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for all examples: to open one takes longer than what they ask it."""
    with engine(tmp_path_factory.mktemp("engine"), threads=1) as opened:
        yield opened


def parts_of(texts: list[str], seed: int, db: Engine) -> list[str]:
    """The statement alone, over rows with nothing but a key."""
    params = SplitParams(
        key=(KEY,), parts=(SplitPart(name="a", share=HALF), SplitPart(name="b", share=HALF)), seed=seed
    )
    select, values = statement(params)
    db.execute(
        "CREATE OR REPLACE TABLE rows AS SELECT unnest(?::VARCHAR[]) AS q, unnest(range(?)) AS __ord, '' AS __row_id",
        [texts, len(texts)],
    )
    return [part for _, part in db.rows(f"{select} ORDER BY __ord", values)]


@settings(max_examples=40)
@given(
    before=st.lists(st.text(max_size=5), min_size=1, max_size=8), more=st.lists(st.text(max_size=5), max_size=8),
    seed=st.integers(0, 3),
)  # fmt: skip
def test_other_rows_move_no_row_and_equal_keys_stay_together(
    db: Engine, before: list[str], more: list[str], seed: int
) -> None:
    together = parts_of([*more, *before, *before], seed, db)
    alone = parts_of(before, seed, db)
    assert together[len(more) :] == alone * 2


@settings(max_examples=200)
@given(st.lists(st.text(alphabet="aAZ é\u0301É中 \n\t!~\u3000\x1f", max_size=8), max_size=20))
def test_a_key_is_compared_without_case_space_and_composition(db: Engine, texts: list[str]) -> None:
    found = db.rows(f"SELECT {plain_text('t')} FROM (SELECT unnest(?::VARCHAR[]) AS t)", [texts])
    assert [text for (text,) in found] == [" ".join(normalize("NFC", text).lower().split()) for text in texts]


def test_a_part_that_grows_keeps_its_rows(bench: Bench) -> None:
    rows = [{"q": str(number)} for number in range(300)]
    small = split(bench, rows, {"a": "0.3", "b": "0.7"})
    large = split(bench, rows, {"a": "0.4", "b": "0.6"})
    assert all(after == "a" for before, after in zip(small, large, strict=True) if before == "a")
    assert large.count("a") > small.count("a")


def test_another_seed_is_another_split(bench: Bench) -> None:
    rows = [{"q": str(number)} for number in range(200)]
    assert split(bench, rows, seed=0) != split(bench, rows, seed=1)


def test_keys_of_several_columns_are_kept_apart(bench: Bench) -> None:
    key = (KEY, Sql(sql='"more"', params=(), type="text"))
    rows = [{"q": "a b", "more": "c"}, {"q": "a", "more": "b c"}, {"q": "A  B", "more": "C "}]
    seen = {tuple(split(bench, rows, {"x": "0.5", "y": "0.5"}, key, seed)) for seed in range(5)}
    assert all(one == three for one, _, three in seen)
    assert any(one != two for one, two, _ in seen)


def test_rows_without_a_key_are_split_by_their_id(bench: Bench) -> None:
    found = split(bench, [{"q": None, "n": number} for number in range(400)])
    assert set(found) == set(PARTS)


def test_a_part_without_a_row_is_noted(bench: Bench) -> None:
    split(bench, [{"q": "only"}], {"a": "0.999999", "b": "0.000001"})
    assert "the part `b` of t got none of 1 rows" in (bench.store.root / "runs/r1/events.jsonl").read_text()


def test_parts_far_from_their_shares_are_noted_and_those_near_are_not(bench: Bench) -> None:
    def noted(keys: int) -> int:
        events = bench.store.root / "runs/r1/events.jsonl"
        before = events.read_text().count("few keys hold many rows") if events.exists() else 0
        split(bench, [{"q": f"key {number % keys}"} for number in range(100)], {"a": "0.7", "b": "0.3"}, seed=10)
        return events.read_text().count("few keys hold many rows") - before

    assert (noted(2), noted(100)) == (2, 0)


def test_hostile_text_and_names_pass_through(bench: Bench) -> None:
    rows = [{"q": text, **dict.fromkeys(["h", "key", "keyed", "rows", "k0"], text)} for text in HOSTILE]
    assert len(split(bench, rows)) == len(HOSTILE)
    assert [row["keyed"] for row in bench.rows("split:t")] == HOSTILE
    assert "sha256" in statements(bench.steps["split:t"])[0]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=6))
def test_ends_are_cumulative_and_leave_no_gap(weights: list[int]) -> None:
    shares = [Decimal(weight) / Decimal(sum(weights)) for weight in weights]
    ends = upper_ends(shares)
    assert ends[-1] == 1 << HASH_BITS
    assert ends == sorted(ends)
    starts = [0, *ends[:-1]]
    for share, start, end in zip(shares, starts, ends, strict=True):
        assert (end - start) / (1 << HASH_BITS) == pytest.approx(float(share), abs=1e-9)
