"""Conversations through the steps behind ingest: rendered as they are, asked without the last answer."""

from __future__ import annotations

import json
from pathlib import Path

from compiler.step_params import RenderParams, RenderTemplate
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


def test_a_conversation_is_rendered_and_asked_whole(bench: Bench, tmp_path: Path) -> None:
    bench.write("a.jsonl", ROWS)
    bench.ingest("a.jsonl", layout="conversation")
    params = RenderParams(part=None, templates=(RenderTemplate(roles=()),))
    bench.run(params, "talk", {"rows": "ingest:s"}, local={"templates": ["conversation"]})
    first, _ = bench.rows("render:talk")
    assert json.loads(first["messages"]) == ROWS[0]["messages"] and first["expected"] == "no"
    questions = read_questions(bench.out("render:talk"), tmp_path)
    assert list(questions[0].prompt.messages) == ROWS[0]["messages"][:3]  # type: ignore[index]
    assert questions[1].prompt.messages[1:] == (ASK,) and questions[1].expected == "hello"
