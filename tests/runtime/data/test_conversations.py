"""Conversations of every shape as one: what rows become, and why a malformed one is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compiler.plan import Plan
from runtime.relational import engine
from runtime.tracing.find import Scene, Unreadable, find
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.conftest import Bench

ASK, SAY = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}
CALL = {"name": "find", "arguments": {"q": "x"}}


def turn(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def spoken(role: str, value: Any) -> dict[str, Any]:
    return {"from": role, "value": value}


MALFORMED = [
    ([], "not_turns", "there is no turn"),
    ("hi", "not_turns", "it is no list of turns"),
    ([SAY], "turn_order", "the conversation begins with a turn of the assistant"),
    ([ASK], "no_answer", "the last turn is of the user, and no answer follows"),
    ([ASK, ASK, SAY], "turn_order", "turn 2 (user) follows turn 1 (user)"),
    ([ASK, SAY, SAY], "turn_order", "turn 3 (assistant) follows turn 2 (assistant)"),
    ([ASK, SAY, turn("system", "x"), ASK, SAY], "turn_order", "turn 3 (system) follows turn 2 (assistant)"),
    ([ASK, turn("assistant", " \n ")], "empty_turn", "turn 2 (assistant) has no text"),
    ([turn("user", None), SAY], "empty_turn", "turn 1 (user) has no text"),
    ([turn("critic", "x"), SAY], "unknown_role", "turn 1 has the role `critic`"),
    ([{"content": "x"}, SAY], "unknown_role", "turn 1 has no role"),
    (["x", SAY], "unknown_role", "turn 1 has no role"),
    ([turn("user", [{"type": "image_url", "image_url": "x"}]), SAY], "not_text", "turn 1 is not only text"),
    ([turn("user", {"a": 1}), SAY], "not_text", "turn 1 is not only text"),
    ([ASK, turn("assistant", "x", weight=0.5)], "weight", "turn 2 has a weight that is neither 0 nor 1"),
    ([ASK, spoken("function_call", "find(x)")], "tool_call", "turn 2 is a tool call without a name"),
    ([ASK, spoken("function_call", '{"name": "find", "arguments": 1}')], "tool_call", "without an object"),
    ([ASK, turn("assistant", None, tool_calls=[{"function": {"arguments": {}}}])], "tool_call", "turn 2"),
    (
        [ASK, spoken("function_call", json.dumps(CALL)), SAY],
        "turn_order",
        "turn 3 (assistant) follows turn 2 (tool call)",
    ),
    ([ASK, SAY, spoken("observation", "x"), SAY], "turn_order", "turn 3 (tool) follows turn 2 (assistant)"),
    ([ASK, turn("assistant", "x", tool_calls=CALL)], "tool_call", "the tool calls of turn 2 are no list of calls"),
    ([ASK, turn("assistant", "x", tool_calls="find(x)")], "tool_call", "the tool calls of turn 2 are no list"),
    ([ASK, turn("assistant", "x", tool_calls=7)], "tool_call", "the tool calls of turn 2 are no list of calls"),
    ([ASK, turn("assistant", "x", tool_calls=[CALL, 7])], "tool_call", "the tool calls of turn 2 are no list"),
    ([turn("user", "x", tool_calls=[CALL]), SAY], "tool_call", "turn 1 (user) has tool calls"),
    ([turn("system", "x", tool_calls=json.dumps([CALL])), ASK, SAY], "tool_call", "turn 1 (system) has tool calls"),
]


def test_a_malformed_conversation_is_in_the_ledger_with_the_first_thing_wrong(bench: Bench) -> None:
    bench.write("a.jsonl", [{"messages": turns} for turns, *_ in MALFORMED] + [{"messages": [ASK, SAY]}, 7])
    result = bench.ingest("a.jsonl", layout="conversation")
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (len(MALFORMED) + 2, 1, len(MALFORMED) + 1)
    assert (result.summary["malformed"], result.summary["unreadable"]) == (len(MALFORMED), 1)
    ledger = bench.ledger("ingest:s")
    assert [entry["rule"] for entry in ledger] == [rule for _, rule, _ in MALFORMED] + ["unreadable"]
    for entry, (_, _, words) in zip(ledger, MALFORMED, strict=False):
        assert words in entry["detail"]
        assert entry["row_id"] and entry["line"]
    shown = dict(bench.store.query("SELECT row_id, content FROM examples"))
    assert [json.loads(shown[entry["row_id"]])["messages"] for entry in ledger[:-1]] == [
        turns for turns, *_ in MALFORMED
    ]


def test_a_malformed_conversation_is_found_by_its_id(bench: Bench) -> None:
    bench.write("a.jsonl", [{"messages": [ASK, SAY]}, {"messages": [ASK]}])
    bench.ingest("a.jsonl", layout="conversation")
    (entry,) = bench.ledger("ingest:s")
    plan = Plan(format=1, edition=2026, spec="s.sft", steps=(bench.steps["ingest:s"],))
    with engine(bench.root) as db:
        for wanted in (entry["row_id"], entry["row_id"][:12]):
            found = find(Scene(plan, bench.store, db), wanted)
            assert isinstance(found, Unreadable) and (found.line, found.reason) == (2, entry["detail"])
        with pytest.raises(DiagnosticError):
            find(Scene(plan, bench.store, db), "0" * 32)


GIVEN: list[tuple[str, dict[str, Any], list[dict[str, Any]]]] = [
    ("conversation", {"messages": [turn("system", ""), ASK, SAY]}, [turn("system", ""), ASK, SAY]),
    ("conversation", {"conversations": [spoken("human", "hi"), spoken("gpt", "hello")]}, [ASK, SAY]),
    ("conversation", {"messages": [ASK, SAY], "system": "be kind"}, [turn("system", "be kind"), ASK, SAY]),
    ("conversation", {"messages": [turn("user", [{"type": "text", "text": "h"}, {"type": "text", "text": "i"}]), SAY]},
     [ASK, SAY]),
    ("conversation", {"messages": [ASK, turn("assistant", "hello", weight=0), ASK, SAY]},
     [ASK, turn("assistant", "hello", loss=False), ASK, SAY]),
    ("alpaca", {"instruction": "add", "input": "1 2", "output": "3"},
     [turn("user", "add\n1 2"), turn("assistant", "3")]),
    ("alpaca", {"instruction": "add", "input": "", "output": "3", "system": "s", "history": [["hi", "hello"]]},
     [turn("system", "s"), ASK, SAY, turn("user", "add"), turn("assistant", "3")]),
    ("prompt_completion", {"prompt": "hi", "completion": "hello"}, [ASK, SAY]),
    ("prompt_completion", {"prompt": [ASK, SAY, ASK], "completion": [SAY]}, [ASK, SAY, ASK, SAY]),
    ("preference", {"prompt": "hi", "chosen": "hello", "rejected": "go"}, [ASK, SAY]),
    ("preference", {"prompt": [ASK], "chosen": [SAY], "rejected": [turn("assistant", "go")]}, [ASK, SAY]),
    ("preference", {"chosen": [ASK, SAY], "rejected": [ASK, turn("assistant", "go")]}, [ASK, SAY]),
    ("preference", {"prompt": "hi", "chosen": [ASK, SAY], "rejected": [ASK, turn("assistant", "go")]}, [ASK, SAY]),
    ("preference", {"conversations": [spoken("human", "hi")], "chosen": spoken("gpt", "hello"),
                    "rejected": spoken("gpt", "go")}, [ASK, SAY]),
    ("preference", {"instruction": "hi", "input": "", "chosen": "hello", "rejected": "go"}, [ASK, SAY]),
    ("preference", {"chosen": "\n\nHuman: hi\n\nAssistant: hello", "rejected": "\n\nHuman: hi\n\nAssistant: go"},
     [ASK, SAY]),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "row", "wanted"), GIVEN)
def test_rows_of_every_shape_become_messages(
    bench: Bench, layout: str, row: dict[str, Any], wanted: list[dict[str, Any]]
) -> None:
    bench.write("a.jsonl", [row])
    bench.ingest("a.jsonl", layout=layout)
    (found,) = bench.rows("ingest:s")
    assert json.loads(found["messages"]) == wanted
    assert found["assistant"] == wanted[-1]["content"]
    assert found["user"] == next(item["content"] for item in wanted if item["role"] == "user")
    assert found["turns"] == sum(item["role"] != "system" for item in wanted)
    assert found["system"] == (wanted[0]["content"] if wanted[0]["role"] == "system" else None)
    if layout == "preference":
        assert (found["chosen"], found["rejected"]) == ("hello", "go")


def test_texts_that_look_like_turns_are_texts_beside_lists_of_turns(bench: Bench) -> None:
    bench.write("a.jsonl", [{"prompt": "[1]", "completion": "42", "more": "[2]"},
                            {"prompt": [ASK], "completion": [SAY], "more": {"k": "v"}}])  # fmt: skip
    bench.ingest("a.jsonl", layout="prompt_completion")
    rows = bench.rows("ingest:s")
    assert [json.loads(row["messages"]) for row in rows] == [[turn("user", "[1]"), turn("assistant", "42")], [ASK, SAY]]
    assert [row["more"] for row in rows] == ["[2]", '{"k":"v"}']
    assert rows[0]["prompt"] == "[1]" and json.loads(rows[1]["prompt"]) == [ASK]


def test_tools_and_their_calls_are_one_thing_whatever_wrote_them(bench: Bench) -> None:
    tool = {"name": "find", "parameters": {"type": "object"}}
    calls = [{"id": "1", "type": "function", "function": {"name": "find", "arguments": '{"q": "x"}'}}]
    openai = [ASK, turn("assistant", None, tool_calls=calls), turn("tool", "", tool_call_id="1"), SAY]
    sharegpt = [ASK, spoken("function_call", json.dumps(CALL)), spoken("observation", ""), SAY]
    bench.write("a.jsonl", [{"messages": openai, "tools": [{"type": "function", "function": tool}]},
                            {"messages": sharegpt, "tools": json.dumps([tool])},
                            {"messages": [ASK, SAY], "tools": "[]"}, {"messages": [ASK, SAY], "tools": None},
                            {"messages": [ASK, SAY], "tools": "find things"}])  # fmt: skip
    bench.ingest("a.jsonl", layout="conversation")
    first, second, *others = [json.loads(row["messages"]) for row in bench.rows("ingest:s")]
    assert (
        json.loads(first[0]["content"]) == json.loads(second[0]["content"]) == [{"type": "function", "function": tool}]
    )
    called = {"type": "function", "function": CALL}
    assert second[1:] == [ASK, turn("assistant", "", tool_calls=[called]), turn("tool", ""), SAY]
    assert first[2]["tool_calls"] == [{"id": "1", **called}] and first[3] == turn("tool", "", tool_call_id="1")
    assert others == [[ASK, SAY]] * 2
    assert [entry["rule"] for entry in bench.ledger("ingest:s")] == ["tools"]


def test_pairs_answer_the_same_turns(bench: Bench) -> None:
    worse = [[turn("user", "ho"), SAY], [ASK], [ASK, SAY]]
    bench.write("a.jsonl", [{"chosen": [ASK, SAY], "rejected": turns} for turns in worse])
    assert bench.ingest("a.jsonl", layout="preference").rows_out == 1
    found = [(entry["rule"], entry["detail"]) for entry in bench.ledger("ingest:s")]
    assert found == [
        ("other_prompt", "chosen and rejected differ before their last answers"),
        ("no_answer", "rejected: the last turn is of the user, and no answer follows"),
    ]


def test_hostile_text_goes_through_as_it_is(bench: Bench) -> None:
    from tests.runtime.data.hostile import HOSTILE

    texts = [text for text in HOSTILE if text.strip()]
    bench.write("a.jsonl", [{"messages": [turn("user", text), turn("assistant", text)]} for text in texts])
    bench.ingest("a.jsonl", layout="conversation")
    rows = bench.rows("ingest:s")
    assert [row["user"] for row in rows] == texts
    assert [[item["content"] for item in json.loads(row["messages"])] for row in rows] == [[text] * 2 for text in texts]


def test_nothing_whole_is_a_finding_and_what_is_not_read_is_said(bench: Bench) -> None:
    bench.write("a.jsonl", [{"messages": [turn("critic", "\x1b[31m")]}])
    with pytest.raises(DiagnosticError) as error:
        bench.ingest("a.jsonl", layout="conversation")
    (finding,) = error.value.diagnostics
    assert finding.code == "SFT0415" and "line 1: turn 1 has the role `critic`" in finding.message
    bench.write("b.jsonl", [{"messages": [{**ASK, "time": 5}, {**SAY, "thinking": "…"}]}] * 2)
    assert bench.ingest("b.jsonl", layout="conversation").summary["unread_keys"] == {"thinking": 2, "time": 2}


def test_tool_calls_may_stand_in_a_text(bench: Bench) -> None:
    called = [ASK, turn("assistant", "x", tool_calls=[CALL])]
    as_text = [ASK, turn("assistant", "x", tool_calls=json.dumps([CALL]))]
    without = [[ASK, turn("assistant", "x", tool_calls=nothing)] for nothing in ("", " ", "[]", "null", [], None)]
    bench.write("a.jsonl", [{"messages": turns} for turns in (called, as_text, *without)])
    bench.ingest("a.jsonl", layout="conversation")
    first, second, *others = [json.loads(row["messages"]) for row in bench.rows("ingest:s")]
    assert first == second and json.loads(json.dumps(first[-1]["tool_calls"]))[0]["function"]["name"] == "find"
    assert others == [[ASK, turn("assistant", "x")]] * 6


@pytest.mark.parametrize("name", ["turn", "part", "call", "found", "seen", "heard", "n", "cell", "turns", "letters"])
def test_a_column_may_be_called_as_anything_inside_the_macros(bench: Bench, name: str) -> None:
    turns = [ASK, turn("assistant", "", tool_calls=[CALL]), turn("tool", "x"), SAY]
    tools = json.dumps([{"name": "find"}])
    made = []
    for file, more in (("a.jsonl", {}), ("b.jsonl", {name: "7"})):
        bench.write(file, [{"messages": turns, "tools": tools, **more}, {"messages": [ASK], **more}])
        bench.ingest(file, layout="conversation")
        assert [entry["rule"] for entry in bench.ledger("ingest:s")] == ["no_answer"]
        made += bench.rows("ingest:s", 'messages, "user", assistant')
    assert made[0] == made[1] and made[0]["user"] == "hi"
