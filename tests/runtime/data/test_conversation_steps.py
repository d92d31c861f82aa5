"""Conversations through the steps behind ingest: rendered as they are, asked without the last answer, exported."""

from __future__ import annotations

import json
from pathlib import Path

from compiler.step_params import RenderParams, RenderTemplate
from runtime.exporting.rows import Part, open_part
from runtime.relational import engine
from runtime.steps.predict import read_questions
from tests.runtime.data.conftest import Bench

ASK, SAY = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}
TOOL = {"type": "function", "function": {"name": "find", "parameters": {}}}
ROWS = [
    {
        "messages": [ASK, SAY, {"role": "user", "content": "and?"}, {"role": "assistant", "content": "no"}],
        "tools": None,
    },
    {"messages": [ASK, SAY], "tools": [TOOL]},
]


def test_a_conversation_is_rendered_asked_and_exported_whole(bench: Bench, tmp_path: Path) -> None:
    bench.write("a.jsonl", ROWS)
    bench.ingest("a.jsonl", layout="conversation")
    params = RenderParams(part=None, templates=(RenderTemplate(roles=()),))
    bench.run(params, "talk", {"rows": "ingest:s"}, local={"templates": ["conversation"]})
    first, second = bench.rows("render:talk")
    assert json.loads(first["messages"]) == ROWS[0]["messages"] and first["expected"] == "no"
    questions = read_questions(bench.out("render:talk"), tmp_path)
    assert list(questions[0].prompt.messages) == ROWS[0]["messages"][:3]  # type: ignore[index]
    assert questions[1].prompt.messages[1:] == (ASK,) and questions[1].expected == "hello"
    with engine(tmp_path) as db:
        table = open_part(db, Part("talk", bench.out("render:talk") / "rows.parquet", {}), 0)
        exported = [(json.loads(text), tools and json.loads(tools)) for text, tools in db.rows(
            f"SELECT messages, tools FROM {table.view} ORDER BY row_id = ?", [second["row_id"]])]  # fmt: skip
    assert exported == [(ROWS[0]["messages"], None), ([ASK, SAY], [TOOL])] and table.is_plain
