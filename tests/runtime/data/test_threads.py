"""The same rows in the same order with any number of threads, over files of more than one row group."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from decimal import Decimal

import pytest

from compiler.params_base import Sql
from compiler.step_params import (
    ExactDedupRule,
    FilterParams,
    MixParams,
    MixPart,
    PredicateRule,
    RenderParams,
    RenderTemplate,
    Segment,
    SplitParams,
    SplitPart,
    TemplateRole,
)
from runtime.relational import PLACE, ROW_GROUP, engine, parquet
from tests.runtime.data.conftest import Bench

ROWS = ROW_GROUP + 9_000
FILTER = FilterParams(
    rules=(
        PredicateRule(rule="drop", condition=Sql(sql='"n" % ? = 0', params=(11,)), measured=Sql(sql='"n"', params=())),
        ExactDedupRule(on=(Sql(sql='"q"', params=()),)),
    )
)
SPLIT = SplitParams(
    key=(Sql(sql='"q"', params=()),),
    parts=(SplitPart(name="test", share=Decimal("0.05")), SplitPart(name="train", share=Decimal("0.95"))),
)
TEMPLATE = RenderTemplate(
    roles=(
        TemplateRole(role="user", segments=(Segment(text="Q: "), Segment(column="q"))),
        TemplateRole(role="assistant", segments=(Segment(column="a"),)),
    )
)
MIX = MixParams(parts=(MixPart(input="t"),), temperature=Decimal(1), total=ROWS, repeats=2, seed=1)


def test_every_data_step_writes_the_same_rows_with_any_number_of_threads_and_tables_on_disk(
    make_bench: Callable[[], Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        json.dumps(
            {"q": f"question {number % (ROWS - 500)}", "n": number, "a": f"answer {number}" if number % 97 else ""}
        )
        for number in range(ROWS)
    ]
    found = []
    for threads, holds in ((1, 0), (3, 0), (2, 1 << 50)):
        monkeypatch.setattr(os, "cpu_count", lambda threads=threads: threads)
        monkeypatch.setattr("runtime.steps.ingest.text_bytes", lambda files, holds=holds: holds)
        bench = make_bench()
        bench.write("rows.jsonl", "\n".join(lines) + "\n{broken\n")
        bench.ingest("rows.jsonl")
        bench.run(FILTER, "f", {"rows": "ingest:s"})
        bench.run(SPLIT, "f", {"rows": "filter:f"})
        bench.run(RenderParams(part="train", templates=(TEMPLATE,)), "t", {"rows": "split:f"})
        bench.run(MIX, "m", {"t": "render:t"})
        whole = [row["__row_id"] for row in bench.rows("split:f") if row["__split"] == "train" and row["a"]]
        assert [row["row_id"] for row in bench.rows("render:t", "row_id")] == whole, "in the order of the source"
        with engine(bench.root) as db:  # where row groups are cut depends on which thread is quicker
            files = {
                f"{step}/{path.name}": db.value(
                    f"SELECT md5(string_agg(md5(r::VARCHAR), '' ORDER BY r.{PLACE})) "
                    f"FROM (SELECT *, {PLACE} FROM {parquet(path)}) AS r"
                )
                for step in bench.steps
                for path in sorted(bench.out(step).glob("*.parquet"))
            }
        assert [len(bench.ledger(step)) > 0 for step in bench.steps] == [True, True, False, True, False]
        found.append(files)
    assert len(found[0]) == 7
    assert found[0] == found[1] == found[2]
