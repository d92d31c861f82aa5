"""Rates corrected for what a judge gets wrong: which labelled rows correct them, and what gates make of slices."""

from __future__ import annotations

import json
from pathlib import Path

from runtime.measuring.judgements import Pair, of_own
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
    prompts: dict[str, list[str | None]] = {"stock": [None], **{f"x{n}": [None] for n in range(28)}, "z": [None] * 99}
    assert of_own(stock + others, prompts) == []
    prompts["x28"] = [None]
    assert of_own(stock + others, prompts) == [stock[0], *others]
    prompts["stock"] = [None] * 3
    assert len(of_own(stock + others, prompts)) == 32


def test_a_labelled_answer_is_known_by_its_prompt_too() -> None:
    """The same words are another answer where something else was asked."""
    labelled = [Pair("refused", "refused", "stock", f"question {n}") for n in range(40)]
    labelled += [Pair("refused", "complied", f"x{n}", f"question {n}.") for n in range(30)]
    prompts = {f"x{n}": [f"Answer this: question {n}."] for n in range(30)}
    asked = {**prompts, "stock": ["Answer this: question 7", "Answer this: something else", None]}
    own = of_own(labelled, asked)
    assert [pair.asked for pair in own if pair.text == "stock"] == [
        "question 0",
        "question 7",
    ]  # one prompt is not known
    other = of_own(labelled, {**asked, "x3": ["Answer this: something else"]})
    assert [pair.text for pair in own if pair not in other] == ["x3"]


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
