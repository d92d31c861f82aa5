"""Samples go by content: not by the order of rows or files, and not by what else is there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from compiler.step_params import Sampling
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.conftest import Bench

ROWS = [{"n": number} for number in range(1500)]


def taken(bench: Bench, *names: str, share: str | None = None, rows: int | None = None, seed: int = 0) -> set[int]:
    result = bench.ingest(*names, sample=Sampling(share=share and Decimal(share), rows=rows, seed=seed))
    found = [row["n"] for row in bench.rows("ingest:s")]
    summary = result.summary
    assert (result.rows_in, result.rows_dropped) == (len(found), 0)
    assert (summary["sampled_from"], summary["not_taken"]) == (len(ROWS), len(ROWS) - len(found))
    assert bench.store.query("SELECT count(*) FROM examples WHERE step_hash = ?", [bench.steps["ingest:s"].hash]) == [
        (len(found),)
    ]
    return set(found)


def test_a_sample_is_the_same_rows_whatever_their_order(bench: Bench) -> None:
    bench.write("a.jsonl", ROWS)
    bench.write("b.jsonl", ROWS[1000:][::-1])
    bench.write("c.jsonl", ROWS[:1000])
    tenth, hundred = taken(bench, "a.jsonl", share="0.1"), taken(bench, "a.jsonl", rows=100)
    assert taken(bench, "b.jsonl", "c.jsonl", share="0.1") == tenth
    assert taken(bench, "b.jsonl", "c.jsonl", rows=100) == hundred
    assert len(hundred) == 100 and 100 < len(tenth) < 200 and max(tenth) > 1250  # never the first ones
    assert taken(bench, "a.jsonl", share="0.2") > tenth > hundred  # one order, so a smaller sample is in a larger one
    assert taken(bench, "a.jsonl", rows=100, seed=1) != hundred
    said = "has 1,500 rows and not the 5,000 of its sample"
    assert taken(bench, "a.jsonl", rows=5000) == {row["n"] for row in ROWS}
    assert said in (bench.store.root / "runs/r1/events.jsonl").read_text()


def test_a_sample_of_nothing_is_a_finding(bench: Bench) -> None:
    bench.write("a.jsonl", ROWS[:3])
    with pytest.raises(DiagnosticError) as error:
        bench.ingest("a.jsonl", sample=Sampling(share=Decimal("0.0001"), rows=None, seed=0))
    assert error.value.diagnostics[0].code == "SFT0416"


def test_a_sample_is_of_whole_conversations_and_the_others_are_still_dropped(bench: Bench) -> None:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    bench.write("a.jsonl", [{"messages": turns[: 1 + number % 2], "n": number} for number in range(40)])
    result = bench.ingest("a.jsonl", layout="conversation", sample=Sampling(share=None, rows=5, seed=0))
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (25, 5, 20)
    assert all(row["n"] % 2 for row in bench.rows("ingest:s"))
