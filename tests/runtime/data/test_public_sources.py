"""Published data sets of every shape, where they lie beside the project: no row is lost that is not accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.step_params import ExactDedupRule, FilterParams, Sql
from tests.runtime.data.conftest import Bench

SHARED = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the public data sets are not there")

SETS: list[tuple[str, dict[str, Any], int, dict[str, int]]] = [
    ("self_instruct/seed_tasks.jsonl",
     {"layout": "alpaca", "columns": {"input": "instances.0.input", "output": "instances.0.output"}}, 175, {}),
    ("llamafactory_demo/v1_sft_demo.jsonl", {"layout": "conversation"}, 500, {}),
    ("llamafactory_demo/glaive_toolcall_en_demo.json", {"layout": "conversation"}, 300, {}),
    ("llamafactory_demo/alpaca_zh_demo.json", {"layout": "alpaca"}, 1000, {}),
    ("llamafactory_demo/dpo_en_demo.json", {"layout": "preference"}, 300, {}),
    ("hh_rlhf/test.jsonl.gz", {"layout": "preference"}, 2312, {"empty_turn": 4, "turn_order": 9}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "how", "rows", "dropped"), SETS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_row_is_kept_or_in_the_ledger(
    bench: Bench, name: str, how: dict[str, Any], rows: int, dropped: dict[str, int]
) -> None:
    bench.write(Path(name).name, (SHARED / name).read_bytes())
    result = bench.ingest(Path(name).name, format="json" if name.endswith(".json") else "jsonl", **how)
    assert (result.rows_in, result.rows_dropped) == (rows, sum(dropped.values()))
    rules = [entry["rule"] for entry in bench.ledger("ingest:s")]
    assert {rule: rules.count(rule) for rule in rules} == dropped


def test_the_tool_calls_of_glaive_are_all_there(bench: Bench) -> None:
    name = "glaive_toolcall_en_demo.json"
    data = (SHARED / "llamafactory_demo" / name).read_bytes()
    bench.write(name, data)
    bench.ingest(name, format="json", layout="conversation")
    messages = [row["messages"] for row in bench.rows("ingest:s", "messages")]
    assert sum(text.count('"tool_calls":') for text in messages) == data.count(b'"function_call"') > 100
    assert sum(text.count('"role":"tool",') for text in messages) == data.count(b'"observation"')


def test_the_duplicates_of_alpaca(bench: Bench) -> None:
    bench.write("alpaca.json", (SHARED / "llamafactory_demo/alpaca_en_demo.json").read_bytes())
    bench.ingest("alpaca.json", format="json")
    rule = ExactDedupRule(on=(Sql(sql='"instruction"', type="text"), Sql(sql='"input"', type="text")))
    result = bench.run(FilterParams(rules=(rule,)), "dedup", {"rows": "ingest:s"})
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (999, 985, 14)
    assert all(entry["survivor"] for entry in bench.ledger("filter:dedup"))
