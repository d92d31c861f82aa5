"""Rounds of evolving instructions, and instructions for texts, with a model that answers from a table."""

from __future__ import annotations

from decimal import Decimal

from compiler.respond_params import Rewrite
from compiler.step_params import Greedy, RenderTemplate, Segment, TemplateRole
from runtime.asking.request import Unanswered
from runtime.generating.backtranslating import Backtranslating, own_prompt
from runtime.generating.rewriting import Evolved, Rewriting, Written
from runtime.generating.turns import columns_asked, question
from tests.runtime.generating.scripted import DECODE, Scripted

SHOWN = RenderTemplate(
    roles=(
        TemplateRole(role="system", segments=(Segment(text="Be brief."),)),
        TemplateRole(
            role="user",
            segments=(
                Segment(column="instruction"),
                Segment(optional=(Segment(text="\nInput: "), Segment(column="input"))),
            ),
        ),
        TemplateRole(role="assistant", segments=(Segment(column="output"),)),
    )
)
PARAMS = Rewrite(
    operations=("constrain", "broaden"),
    rounds=2,
    column="instruction",
    answer="output",
    templates=(SHOWN,),
    too_like=Decimal("0.9"),
    max_words=60,
)
ROWS = [
    Written("a", {"instruction": "Name a river in France", "input": None, "output": "Loire"}, "a"),
    Written("b", {"instruction": "Name a lake in Italy", "input": "", "output": "Garda"}, "b"),
]


def run(script: Scripted, rows: list[Written] = ROWS, **changed: object) -> list[Evolved]:
    found: list[Evolved] = []

    def take(one: Evolved) -> str:
        found.append(one)
        return f"new {len(found)}" if one.verdict.accepted else ""

    Rewriting(PARAMS.model_copy(update=changed), DECODE, script, 0).run(rows, take)
    return found


def _parent(content: str) -> str:
    return content.partition("Task:\n\n")[2].removesuffix("\n\nNew task:")


def test_what_is_accepted_is_evolved_further_and_keeps_its_parent() -> None:
    def answers(content: str, sample: int) -> str:
        parent = _parent(content)
        return f"New task: {parent} that few people know of, with its length" if parent else "the Aisne, 356 km"

    found = run(Scripted(answers))
    assert [(one.of.row_id, one.round, one.of.own, one.verdict.rule) for one in found] == [
        ("a", 0, "a", ""),
        ("b", 0, "b", ""),
        ("a", 1, "new 1", ""),
        ("b", 1, "new 2", ""),
    ]
    assert found[2].instruction.count("that few people know of") == 2
    assert found[2].answer == "the Aisne, 356 km"
    assert all(len(one.requests) == 2 for one in found)


def test_what_is_given_up_leaves_its_parent_for_the_next_round() -> None:
    def answers(content: str, sample: int) -> str | tuple[str, str]:
        parent = _parent(content)
        if "river" in content and parent:
            return parent.upper()
        if parent:
            return f"Name three lakes in Italy and their depths, as a table {len(parent)}"
        return "I'm sorry, but I can't do that."

    found = run(Scripted(answers))
    assert [(one.of.row_id, one.round, one.of.own, one.verdict.rule) for one in found] == [
        ("a", 0, "a", "no_gain"),
        ("b", 0, "b", "answer_refusal"),
        ("a", 1, "a", "no_gain"),
        ("b", 1, "b", "answer_refusal"),
    ]
    assert found[0].verdict.value == 1.0
    assert len(found[0].requests) == 1  # no answer is asked of what is given up


def test_what_is_tried_again_is_asked_for_another_answer_and_of_a_greedy_model_never() -> None:
    def answers(content: str, sample: int) -> str:
        if parent := _parent(content):
            return f"{parent} that few people know of, with its length and its sea" if sample == 2 else "Name it"
        return "the Aisne, 356 km"

    once, more = Scripted(answers), {"operations": ("constrain",), "rounds": 3, "rows": ROWS[:1]}
    found = run(once, too_like=Decimal("0.1"), **more)
    assert [sample for content, sample in once.asked if _parent(content)] == [0, 1, 2]
    greedy, made = Scripted(answers), []
    left_out = Rewriting(
        PARAMS.model_copy(update={"operations": ("constrain",), "rounds": 3, "too_like": Decimal("0.1")}),
        Greedy(max_new_tokens=9), greedy, 0,
    ).run(ROWS[:1], lambda one: made.append(one) or "")  # fmt: skip
    assert (len(found), len(made), len(greedy.asked), left_out) == (3, 1, 1, 0)


def test_an_instruction_that_is_there_already_is_a_duplicate() -> None:
    def answers(content: str, sample: int) -> str:
        return "Name a lake  in Italy" if _parent(content) else "the Garda"

    found = run(Scripted(answers), rounds=1, rows=[ROWS[0], ROWS[1]])
    assert [one.verdict.rule for one in found] == ["duplicate", "no_gain"]


def test_faults_of_the_answer_are_told_from_those_of_the_instruction() -> None:
    def answers(content: str, sample: int) -> str | tuple[str, str] | Unanswered:
        if "river" in _parent(content):
            return ("Name three rivers and", "length")
        if _parent(content):
            return "Name three deep lakes of the Alps and the towns at their shores"
        return ("Como, Garda and", "length")

    assert [one.verdict.rule for one in run(Scripted(answers), rounds=1)] == ["truncated", "answer_truncated"]


def test_what_a_budget_left_out_is_no_attempt() -> None:
    def answers(content: str, sample: int) -> str | Unanswered:
        if not _parent(content):
            return Unanswered("budget_tokens", "used up")
        return "Name three deep lakes of the Alps and the towns at their shores" if "lake" in content else ""

    assert [(one.of.row_id, one.verdict.rule) for one in run(Scripted(answers), rounds=1)] == [("a", "empty")]


def test_a_question_in_python_is_that_of_the_template() -> None:
    asked = question(SHOWN, {"instruction": "Say {this}", "input": " it "})
    assert asked == ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say {this}\nInput:  it "})
    assert question(SHOWN, {"instruction": "Say", "input": " "})[-1]["content"] == "Say"
    assert question(SHOWN, {"instruction": " ", "input": "x"}) is None
    assert columns_asked([SHOWN]) == ["instruction", "input"]


def test_instructions_for_texts() -> None:
    texts = {
        "The tide comes in twice a day because of the moon.": "Task: Why are there tides?",
        "Salt keeps meat from going bad.": "Explain salt keeps meat from going bad",
        "Моряки знают приливы.": "Explain to a child why tides matter",
    }

    def answers(content: str, sample: int) -> str:
        return next(said for text, said in texts.items() if text in content)

    prompts = [own_prompt(str(place), text) for place, text in enumerate(texts)]
    found = list(Backtranslating(DECODE, Scripted(answers), 20).tried(prompts))
    assert [(one.prompt.row_id, one.verdict.rule) for one in found] == [
        ("0", ""),
        ("1", "copies_text"),
        ("2", "other_script"),
    ]
    assert found[0].text == "Why are there tides?"
