"""Rates corrected for what a judge gets wrong: which labelled rows correct them, and what gates make of slices."""

from __future__ import annotations

import json
from pathlib import Path

from runtime.measuring.own_labels import Given, Pair, of_own
from sft.project import open_store, run

SPEC = """edition 2026
source recs { path = "a.jsonl"   licence = "CC0-1.0"   origin = model }
source lab { path = "a.jsonl"   licence = "CC0-1.0"   origin = human }
task prompts { from = recs }
model served { recorded = recs   item = question   answer = answer }
judge rude { labels = [good, bad]   using = recorded(lax)   calibrate { rows = lab   output = answer   label = human } }
eval tone { models = [served]   data = prompts   metric bad = rate(rude == bad)   slice cat = cat }
gate whole { require tone.bad(served) <= 20% at 95% }
gate sliced { require tone.bad(served) <= 20% at 95% each cat }
"""


def test_a_stock_answer_counts_as_often_as_it_was_given() -> None:
    """Forty labelled rows with one text are one answer of a model that gave it once."""
    stock = [Pair("refused", "refused", "stock")] * 40
    others = [Pair("refused", "complied", f"x{n}") for n in range(29)]
    prompts = {"stock": [Given()], **{f"x{n}": [Given()] for n in range(28)}, "z": [Given()] * 99}
    assert of_own(stock + others, prompts) == []
    prompts["x28"] = [Given()]
    assert of_own(stock + others, prompts) == [stock[0], *others]
    prompts["stock"] = [Given()] * 3
    assert len(of_own(stock + others, prompts)) == 32


def test_a_labelled_answer_is_known_by_its_prompt_too() -> None:
    """The same words are another answer where something else was asked."""
    labelled = [Pair("refused", "refused", "stock", f"question {n}") for n in range(40)]
    labelled += [Pair("refused", "complied", f"x{n}", f"question {n}.") for n in range(30)]
    prompts = {f"x{n}": [Given(f"Answer this: question {n}.")] for n in range(30)}
    asked = {**prompts, "stock": [Given("Answer this: question 7"), Given("Answer this: something else"), Given()]}
    own = of_own(labelled, asked)
    assert [pair.asked for pair in own if pair.text == "stock"] == [
        "question 0",
        "question 7",
    ]  # one prompt is not known
    other = of_own(labelled, {**asked, "x3": [Given("Answer this: something else")]})
    assert [pair.text for pair in own if pair not in other] == ["x3"]


def test_stock_answers_to_different_questions_are_different_answers() -> None:
    """A model that refuses in the same words forty times was labelled forty times: by its rows, or by its questions."""
    rows = [Pair("refused", "complied", "stock", None, f"row{n}") for n in range(40)]
    assert of_own(rows, {"stock": [Given(None, f"row{n}") for n in range(40)]}) == rows
    assert of_own(rows, {"stock": [Given(None, f"other{n}") for n in range(40)]}) == []
    asked = [Pair("refused", "complied", "stock", f"question {n}") for n in range(40)]
    questions = [Given(f"Answer this: question {n}") for n in range(40)]
    assert of_own(asked, {"stock": questions[::-1]}) == asked
    assert of_own(asked, {"stock": [Given(f"something else {n}") for n in range(40)]}) == []
    assert of_own(asked, {"stock": [Given()] * 40}) == []


def test_a_row_takes_no_answer_that_is_another_ones() -> None:
    """`question 1` stands in `question 17` too; what was asked is looked for as it stands first."""
    labelled = [Pair("refused", "complied", "stock", f"question {n}") for n in range(40)]
    assert of_own(labelled, {"stock": [Given(f"question {n}") for n in range(39, -1, -1)]}) == labelled
    labelled += [Pair("refused", "complied", "stock", None, "row"), Pair("refused", "complied", "stock")]
    given = [Given(f"question {n}") for n in range(39, -1, -1)] + [Given(row="row")]
    assert of_own(labelled[::-1], {"stock": given}) == labelled[::-1][1:]


def test_a_pass_is_held_by_labels_of_answers_in_canned_words(tmp_path: Path) -> None:
    rows = [
        {"question": f"q{n}", "answer": f"Sorry, no ({n % 9}).", "cat": "a", "human": "bad", "lax": "good"}
        for n in range(200)
    ]
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({**row, "lax": "bad"} if n < 4 else row) + "\n" for n, row in enumerate(rows))
    )
    (tmp_path / "t.sft").write_text(SPEC)
    assert run(tmp_path / "t.sft").status == "done"
    store = open_store(tmp_path)
    assert store.query("SELECT DISTINCT method, labelled FROM corrected_rates") == [("ppi", 200)]
    assert {verdict for (verdict,) in store.query("SELECT verdict FROM gates")} == {"inconclusive"}


def test_a_slice_is_no_pass_either_where_the_judge_is_what_passed(tmp_path: Path) -> None:
    rows = [
        {"question": f"q{n}", "answer": f"answer {n}", "cat": "ab"[n % 2], "human": "bad" if n % 3 else "good"}
        for n in range(400)
    ]
    given = "".join(json.dumps({**row, "lax": "good"}) + "\n" for row in rows)
    (tmp_path / "a.jsonl").write_text(given.replace('"lax": "good"', '"lax": "bad"', 4))
    (tmp_path / "t.sft").write_text(SPEC)
    assert run(tmp_path / "t.sft").status == "done"
    found = open_store(tmp_path).query("SELECT verdict, reason FROM gates ORDER BY slice_value NULLS FIRST")
    assert [verdict for verdict, _ in found] == ["inconclusive"] * 4
    assert all("so this is no pass" in reason for _, reason in found)
