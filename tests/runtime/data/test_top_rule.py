"""The ``top`` rule against a sort in Python: whom it keeps, how ties fall, and what the ledger says."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.step_params import FilterParams, Sql, TopRule
from runtime.relational import engine, parquet
from tests.runtime.data.conftest import Bench

BY = Sql(sql='"n"', params=(), type="number")
GROUP = Sql(sql='"g"', params=(), type="text")


def top(share: str | None = None, rows: int | None = None, per: Sql | None = None, by: Sql = BY) -> TopRule:
    return TopRule(by=by, per=per, share=None if share is None else Decimal(share), rows=rows)


def filtered(bench: Bench, rows: list[dict[str, Any]], rule: TopRule) -> list[dict[str, Any]]:
    bench.write("a.jsonl", rows)
    bench.ingest("a.jsonl")
    bench.run(FilterParams(rules=(rule,)), "t.f", {"rows": "ingest:s"})
    return bench.rows("filter:t.f")


def test_a_share_is_rounded_up_and_the_ledger_has_number_rank_and_cut_off(bench: Bench) -> None:
    rows = [{"n": n} for n in (5, 1, 4, 2, 3)]
    assert [row["n"] for row in filtered(bench, rows, top("0.5"))] == [5, 4, 3]
    found = {row["value"]: row["detail"] for row in bench.ledger("filter:t.f")}
    assert found == {
        "1": "rank 5 of 5, and 3 are kept; the last of them has 3",
        "2": "rank 4 of 5, and 3 are kept; the last of them has 3",
    }


def test_a_row_without_a_number_is_never_kept(bench: Bench) -> None:
    rows = [{"n": None, "g": "a"}, {"n": 1, "g": "b"}, {"g": "c"}]
    nan = Sql(sql="CASE WHEN \"g\" = 'c' THEN 'nan'::DOUBLE ELSE \"n\" END", params=(), type="number")
    assert [row["g"] for row in filtered(bench, rows, top("1", by=nan))] == ["b"]
    assert [row["detail"] for row in bench.ledger("filter:t.f")] == ["no number to rank it by"] * 2


ROW = st.fixed_dictionaries({"n": st.none() | st.integers(0, 3), "g": st.none() | st.sampled_from("ab")})


@settings(max_examples=8)
@given(
    rows=st.lists(ROW, min_size=1, max_size=12),
    share=st.sampled_from(["0.01", "0.125", "0.3333333333", "0.5", "1"]),
    count=st.none() | st.integers(1, 5),
    grouped=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_it_is_a_sort_by_number_then_row_id_whatever_the_order(
    make_bench: Callable[[], Bench],
    rows: list[dict[str, Any]],
    share: str,
    count: int | None,
    grouped: bool,
    order: Any,
) -> None:
    rows = [{**row, "id": place} for place, row in enumerate(rows)] + [{"n": 1, "g": "a", "id": -1}]
    shuffled = list(rows)
    order.shuffle(shuffled)
    rule = top(None if count else share, count, GROUP if grouped else None)
    first, second = make_bench(), make_bench()
    kept = filtered(first, rows, rule)
    assert {row["id"] for row in kept} == {row["id"] for row in filtered(second, shuffled, rule)}
    assert {row["id"] for row in kept} == expected(first.rows("ingest:s"), share, count, grouped)


@settings(max_examples=4)
@given(
    sets=st.lists(st.lists(ROW, min_size=1, max_size=12), min_size=6, max_size=10),
    share=st.sampled_from(["0.01", "0.125", "0.3333333333", "0.5", "1"]),
    count=st.none() | st.integers(1, 5),
    order=st.randoms(use_true_random=False),
)
def test_each_group_is_sorted_by_itself(
    make_bench: Callable[[], Bench],
    sets: list[list[dict[str, Any]]],
    share: str,
    count: int | None,
    order: Any,
) -> None:
    """Many sets of rows in one file, a group each: what a file a set would show, for the cost of one."""
    rows = [{"n": row["n"], "g": f"set {at}"} for at, one in enumerate(sets) for row in one]
    rows = [{**row, "id": place} for place, row in enumerate(rows)] + [{"n": 1, "g": "set 0", "id": -1}]
    shuffled = list(rows)
    order.shuffle(shuffled)
    rule = top(None if count else share, count, GROUP)
    first, second = make_bench(), make_bench()
    kept = filtered(first, rows, rule)
    assert {row["id"] for row in kept} == {row["id"] for row in filtered(second, shuffled, rule)}
    assert {row["id"] for row in kept} == expected(first.rows("ingest:s"), share, count, grouped=True)


def expected(rows: list[dict[str, Any]], share: str, count: int | None, grouped: bool) -> set[int]:
    wanted: set[int] = set()
    for group in {row["g"] if grouped else None for row in rows}:
        members = [row for row in rows if not grouped or row["g"] == group]
        ranked = sorted((row for row in members if row["n"] is not None), key=lambda row: (-row["n"], row["__row_id"]))
        most = count if count is not None else math.ceil(Fraction(share) * len(members))
        wanted |= {row["id"] for row in ranked[:most]}
    return wanted


def test_equal_numbers_fall_alike_on_one_core_and_on_three(
    make_bench: Callable[[], Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"n": place % 3, "text": f"row {place}"} for place in range(5000)]
    kept = []
    for cores in (1, 3):  # an engine has two threads or more
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        bench = make_bench()
        kept.append({row["__row_id"] for row in filtered(bench, rows, top("0.4"))})
    with engine(bench.root) as db:
        found = db.rows(
            f"SELECT __row_id FROM {parquet(bench.out('ingest:s') / 'rows.parquet')} "
            "ORDER BY n DESC, __row_id LIMIT 2000"
        )
    assert kept == [{row[0] for row in found}] * 2
