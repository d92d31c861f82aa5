"""Published data sets of every shape, where they lie beside the project: no row is lost that is not accounted for."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from compiler.step_params import ExactDedupRule, FilterParams, Sql
from tests.runtime.data.conftest import Bench

SHARED = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the public data sets are not there")

SETS: list[tuple[str, dict[str, Any]]] = [
    ("self_instruct/seed_tasks.jsonl",
     {"layout": "alpaca", "columns": {"input": "instances.0.input", "output": "instances.0.output"}}),
    ("llamafactory_demo/v1_sft_demo.jsonl", {"layout": "conversation"}),
    ("llamafactory_demo/glaive_toolcall_en_demo.json", {"layout": "conversation"}),
    ("llamafactory_demo/alpaca_zh_demo.json", {"layout": "alpaca"}),
    ("llamafactory_demo/dpo_en_demo.json", {"layout": "preference"}),
    ("hh_rlhf/test.jsonl.gz", {"layout": "preference"}),
]  # fmt: skip
ROLES = {"human": "user", "gpt": "assistant", "function_call": "call", "observation": "tool"}
FOLLOWS = {
    "start": ("user",),
    "user": ("assistant", "call"),
    "assistant": ("user",),
    "call": ("tool",),
    "tool": ("assistant", "call"),
}

Turns = list[tuple[str, str]]


def read(name: str) -> list[dict[str, Any]]:
    """The rows of a set, by the standard library alone."""
    data = (SHARED / name).read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
    return json.loads(text) if name.endswith(".json") else [json.loads(line) for line in text.split("\n") if line]


def conversations(row: dict[str, Any]) -> list[Turns]:
    """What the row says, as roles and texts; a pair says two things."""
    if isinstance(row.get("chosen"), str):  # as HH-RLHF writes a conversation
        turn = re.compile(r"\n\n(Human|Assistant):(.*?)(?=\n\n(?:Human|Assistant):|\Z)", re.DOTALL)
        names = {"Human": "user", "Assistant": "assistant"}
        return [[(names[who], text) for who, text in turn.findall(row[side])] for side in ("chosen", "rejected")]
    if "instruction" in row:
        answer = row["output"] if "output" in row else row["instances"][0]["output"]
        return [[("user", row["instruction"]), ("assistant", answer)]]
    turns = row.get("messages") or row["conversations"]
    return (
        [[said(one) for one in [*turns, *end]] for end in ([row["chosen"]], [row["rejected"]])]
        if ("chosen" in row)
        else [[said(one) for one in turns]]
    )


def said(turn: dict[str, Any]) -> tuple[str, str]:
    text = turn["content"] if "content" in turn else turn["value"]
    who = turn["role"] if "role" in turn else turn["from"]
    return ROLES.get(who, who), text if isinstance(text, str) else "".join(part["value"] for part in text)


def fault(turns: Turns) -> str | None:
    """The first thing that is wrong with a conversation."""
    before = "start"
    for who, text in turns[1:] if turns[0][0] == "system" else turns:
        if who not in FOLLOWS[before]:
            return "turn_order"
        if not text.strip():
            return "empty_turn"
        before = who
    return None if before == "assistant" else "no_answer"


@pytest.mark.parametrize(("name", "how"), SETS, ids=lambda value: value if isinstance(value, str) else "")
def test_every_row_is_kept_or_in_the_ledger(bench: Bench, name: str, how: dict[str, Any]) -> None:
    bench.write(Path(name).name, (SHARED / name).read_bytes())
    result = bench.ingest(Path(name).name, format="json" if name.endswith(".json") else "jsonl", **how)
    rows = read(name)
    faults = Counter(filter(None, (next(filter(None, map(fault, conversations(row))), None) for row in rows)))
    assert (result.rows_in, result.rows_dropped) == (len(rows), faults.total())
    assert Counter(entry["rule"] for entry in bench.ledger("ingest:s")) == faults
    assert len(rows) > 100 and (faults.total() > 0) == name.startswith("hh_rlhf")


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
    rows = read("llamafactory_demo/alpaca_en_demo.json")
    different = len({(row["instruction"], row["input"]) for row in rows})
    assert (result.rows_in, result.rows_out) == (len(rows), different) and different < len(rows)
    assert all(entry["survivor"] for entry in bench.ledger("filter:dedup"))
