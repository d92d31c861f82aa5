"""Rows that give a held-out item away are shown to no model that writes, whatever source they are from."""

from __future__ import annotations

from runtime.asking import Request
from tests.runtime.generating.specs import Project

QUESTIONS = [
    f"How many {what} did the {who} carry up the hill?" for what in ("pails", "eggs") for who in ("fox", "hen")
]
SPEC = """edition 2026
source lessons { path = "lessons.jsonl"   licence = "CC0-1.0"   origin = human }
source bench   { path = "bench.jsonl"     licence = "CC0-1.0"   origin = human }
template plain { user = "{instruction}"   assistant = "{output}" }
template shown { user = "{instruction}"   assistant = "{output}"   few_shot { count = 2   rows = lesson } }
task lesson { from = lessons   templates = [plain] }
task held   { from = bench     templates = [plain] }
model tiny { weights = "./tiny" }
eval exam { models = [tiny]   data = held   metric right = exact_match() }
generate answers { method = respond { templates = [shown] }   prompts = lesson    model = tiny   precision = fp32 }
generate again   { method = respond { samples = 1 }           prompts = answers   model = tiny   precision = fp32 }
mixture both { use again }
"""


def test_no_request_has_a_held_out_question(project: Project) -> None:
    rows = [{"instruction": text, "output": str(at)} for at, text in enumerate(QUESTIONS)]
    project.rows("lessons.jsonl", rows)
    project.rows("bench.jsonl", rows[:1])

    def script(request: Request) -> str:
        return "Seven, as far as I can tell."

    outcome = project.run(SPEC, "both", script)
    assert outcome.status == "done", outcome.findings
    texts = [turn["content"] for request in project.asked for turn in request.messages]
    assert [sum(text.endswith(question) for text in texts) > 0 for question in QUESTIONS] == [False, True, True, True]
    assert not any(QUESTIONS[0] in text for text in texts)
    made = project.made(project.plan(SPEC, "both"), "generate:again")
    assert sorted(row["instruction"] for row in made) == sorted(QUESTIONS[1:])
    assert {row["__generation"] for row in made} == {2}
