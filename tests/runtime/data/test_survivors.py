"""Which of several rows alike survives: by value, by source order, or those of other rows."""

from decimal import Decimal
from typing import Any

import pytest

from compiler.step_params import Against, ExactDedupRule, FilterParams, NearDedupRule, SplitParams, SplitPart, Sql
from tests.runtime.data.conftest import Bench

TEXT = Sql(sql='"text"', params=(), type="text")
SCORE = Sql(sql='"score"', params=(), type="number")
HUMAN = Sql(sql='"who" = ?', params=("human",), type="bool")
SAME = "the very same words in both of them"


def rule(near: bool, **more: Any) -> ExactDedupRule | NearDedupRule:
    if near:
        return NearDedupRule(on=(TEXT,), threshold=Decimal("0.8"), **more)
    return ExactDedupRule(on=(TEXT,), **more)


def gone(bench: Bench, step: str = "filter:t.f") -> dict[int, str]:
    """The survivor of every dropped line."""
    return {row["line"]: row["survivor"] for row in bench.ledger(step)}


def run(bench: Bench, rows: list[dict[str, Any]], one: ExactDedupRule | NearDedupRule) -> list[str]:
    """The ids of the rows, in source order."""
    bench.write("a.jsonl", rows)
    bench.ingest("a.jsonl")
    bench.run(FilterParams(rules=(one,)), "t.f", {"rows": "ingest:s"})
    return [row["__row_id"] for row in bench.rows("ingest:s")]


@pytest.mark.parametrize("near", [False, True])
def test_the_greatest_value_survives_and_a_missing_one_is_last(near: bool, bench: Bench) -> None:
    end = "." if near else ""
    rows = [{"text": SAME + end * n, "score": score} for n, score in enumerate([None, 2, 10, 10, 9.5])]
    ids = run(bench, rows, rule(near, by=(SCORE,)))
    assert gone(bench) == dict.fromkeys([1, 2, 4, 5], ids[2])
    assert [row["score"] for row in bench.rows("filter:t.f")] == [10]


@pytest.mark.parametrize("near", [False, True])
def test_later_values_decide_between_equal_ones(near: bool, bench: Bench) -> None:
    rows = [
        {"text": SAME, "who": who, "score": score} for who, score in [("gpt", 9), ("human", 1), ("human", 2), (None, 9)]
    ]
    ids = run(bench, rows, rule(near, by=(HUMAN, SCORE)))
    assert gone(bench) == dict.fromkeys([1, 2, 4], ids[2])


def test_what_is_no_number_is_missing(bench: Bench) -> None:
    score = Sql(sql='"score"::DOUBLE', params=(), type="number")
    rows = [{"text": SAME, "score": value} for value in ("nan", "3", "-inf")]
    ids = run(bench, rows, rule(False, by=(score,)))
    assert gone(bench) == dict.fromkeys([1, 3], ids[1])


@pytest.mark.parametrize("near", [False, True])
def test_rows_of_others_stay_and_are_all_that_is_compared_with(near: bool, bench: Bench) -> None:
    bench.write("other.jsonl", [{"text": "something else"}, {"text": SAME}, {"text": SAME.upper()}, {"text": SAME}])
    bench.ingest("other.jsonl")
    other = bench.rows("ingest:s")
    parts = (SplitPart(name="a", share=Decimal(1)),)
    bench.run(SplitParams(key=(TEXT,), parts=parts), "o", {"rows": "ingest:s"})
    bench.write(
        "a.jsonl", [{"text": SAME}, {"text": "two alike"}, {"text": "two alike"}, {"text": None}, {"text": SAME + "."}]
    )
    bench.ingest("a.jsonl")
    for part, expected in (("a", {1: other[1]["__row_id"], **({5: other[1]["__row_id"]} if near else {})}), ("b", {})):
        against = (Against(input="o", part=part, on=(TEXT,)),)
        bench.run(FilterParams(rules=(rule(near, against=against),)), "t.f", {"rows": "ingest:s", "o": "split:o"})
        assert gone(bench) == expected


def test_rules_that_use_nothing_new_are_written_as_before() -> None:
    assert set(ExactDedupRule(on=(TEXT,)).model_dump(mode="json")) == {"rule", "on"}
    assert set(ExactDedupRule(on=(TEXT,), by=(SCORE,)).model_dump(mode="json")) == {"rule", "on", "by"}
    assert "similar" not in SplitParams(key=(TEXT,), parts=()).model_dump(mode="json")
