"""Whole specs that answer prompts, write instructions for texts and evolve instructions: rows, candidates, ledger."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.asking import Request, Result, Unanswered
from runtime.context import Interrupted
from tests.runtime.generating.specs import Project, new_project

HEAD = """edition 2026
source sums { path = "sums.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{instruction}"   assistant = "{output}" }
template told {
  user      = "{instruction}\\nHint: the right answer is {output}. Explain the steps that lead to it."
  assistant = "{output}"
}
task sums_task { from = sums   templates = [plain] }
model tiny { weights = "./tiny" }
"""
SUMS = [
    {"instruction": f"What is {a} plus {b}?", "output": str(a + b), "note": f"row {a}{b}"}
    for a in range(2, 6)
    for b in range(3, 6)
]
RESPOND = (
    HEAD
    + """
generate attempts {
  method  = respond { samples = 3   hint = told   hint_samples = 2   per_prompt = 2 }
  prompts = sums_task
  model   = tiny
  decode  = sample { temperature = 0.8   max_new_tokens = 30 }
  precision = fp32
  verify  = numeric_match()
}
mixture both { use attempts }
"""
)
CANDIDATES = (
    "SELECT row_id, number, parents, generation, round, verdict, rule, content, facts FROM candidates ORDER BY number"
)


def _numbers(content: str) -> tuple[int, int]:
    words = content.replace("?", " ").split()
    return int(words[2]), int(words[4])


def sometimes(request: Request) -> str:
    """Right in its own words for sums with 3; never right for sums with 4 unless told; with 5 right each time."""
    content = str(request.messages[-1]["content"])
    a, b = _numbers(content)
    hinted = "Hint" in content
    if b == 4 and not hinted:
        return f"I would say {a * b + 50}."
    if b == 4:
        return f"As the hint says, {a + b}" if request.sample == 0 else f"{a} and then {b} more are {a + b}"
    if b == 3 and request.sample == 0:
        return f"{a} and {b}, hm"
    return f"way {request.sample}: {a} and {b} make {a + b}"


@pytest.fixture(scope="module")
def answered(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project in which the prompts were answered; tests leave it as it is."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        project = new_project(tmp_path_factory.mktemp("answered"), tiny, monkeypatch)
        project.rows("sums.jsonl", SUMS)
        outcome = project.run(RESPOND, "both", sometimes)
        assert outcome.status == "done", outcome.findings
        yield project


def test_answers_become_rows_and_every_one_of_them_is_kept_with_its_verdict(answered: Project) -> None:
    project = answered
    plan = project.plan(RESPOND, "both")
    rows = project.made(plan, "generate:attempts")
    kept = project.query("SELECT rule, count(*) FROM candidates GROUP BY ALL ORDER BY ALL")
    # of 4 sums each: with 3 two of three are right, with 4 three are wrong, then one of two; with 5 two of three fit
    assert kept == [("mentions_hint", 4), ("per_prompt", 4), ("verify", 16), (None, 20)]
    assert len(rows) == 20
    ledger = project.query(
        "SELECT rule, count(*) FROM ledger WHERE rule IN ('verify', 'per_prompt') GROUP BY ALL ORDER BY ALL"
    )
    assert ledger == [("per_prompt", 4), ("verify", 16)]
    by_prompt = Counter(row["instruction"] for row in rows)
    assert max(by_prompt.values()) == 2 and len(by_prompt) == len(SUMS)
    notes = {row["instruction"]: row["note"] for row in SUMS}
    assert all(row["note"] == notes[row["instruction"]] and row["__generation"] == 1 for row in rows)
    assert len(project.asked) == 12 * 3 + 4 * 2


def test_no_word_of_a_hint_is_in_a_row_that_is_trained_on(answered: Project) -> None:
    project = answered
    plan = project.plan(RESPOND, "both")
    rationalised = project.query(
        "SELECT content FROM candidates WHERE verdict = 'accepted' AND facts LIKE '%rationalised%'"
    )
    assert len(rationalised) == 4
    for step in ("generate:attempts", "render:attempts.all", "mix:both"):
        for row in project.made(plan, step):
            text = json.dumps(row, default=str)
            assert "Hint" not in text and "the right answer is" not in text and "lead to it" not in text
    asked = project.query("SELECT count(*) FROM requests WHERE messages LIKE '%Hint%'")
    assert asked == [(8,)]


def test_a_run_that_is_ended_after_any_answer_goes_on_to_the_same_rows(project: Project, answered: Project) -> None:
    project.rows("sums.jsonl", SUMS)

    def ends_after(count: int):
        left = [count]

        def script(request: Request) -> str:
            if left[0] == 0:
                raise Interrupted
            left[0] -= 1
            return sometimes(request)

        return script

    assert project.run(RESPOND, "both", ends_after(20)).status == "interrupted"
    assert project.run(RESPOND, "both", sometimes).status == "done"
    assert project.query(CANDIDATES) == answered.query(CANDIDATES)
    assert project.query("SELECT count(*) FROM requests") == [(44,)]


def test_another_verifier_asks_nothing_again(answered: Project) -> None:
    project, before = answered, len(answered.asked)
    other = RESPOND.replace("numeric_match()", 'numeric_match() and regex_match(r"way|more")')
    assert project.run(other, "both", sometimes).status == "done"
    assert len(project.asked) == before


def test_prompts_without_an_answer_are_asked_where_nothing_compares(project: Project) -> None:
    project.rows("sums.jsonl", [*SUMS, {"instruction": "What is 9 plus 9?", "output": "", "note": "open"}])
    spec = RESPOND.replace("numeric_match()", 'regex_match(r"make")').replace("   hint = told   hint_samples = 2", "")
    assert project.run(spec, "both", sometimes).status == "done"
    rows = project.made(project.plan(spec, "both"), "generate:attempts")
    assert "What is 9 plus 9?" in {row["instruction"] for row in rows}


def test_a_failing_model_loses_nothing_and_nothing_accepted_is_an_error_that_says_why(project: Project) -> None:
    project.rows("sums.jsonl", SUMS)

    def fails(request: Request) -> str | Unanswered:
        return Unanswered("content_filter", "no", lasting=True) if request.sample else "no idea"

    outcome = project.run(RESPOND, "both", fails)
    assert outcome.status == "failed"
    assert [item.code for item in outcome.findings] == ["SFT0444"]
    # both kinds of prompt are asked with and without a hint
    assert project.query("SELECT rule, count(*) FROM candidates GROUP BY ALL ORDER BY ALL") == [
        ("unanswered", 36),
        ("verify", 24),
    ]


def test_what_a_server_failed_on_makes_no_row_and_the_next_run_asks_for_it_alone(project: Project) -> None:
    """A prompt with no answer would be asked with a hint, and its row be kept for good."""
    project.rows("sums.jsonl", SUMS)

    def fails(request: Request) -> str | Result:
        return Unanswered("http_500", "HTTP 500") if request.sample else sometimes(request)

    outcome = project.run(RESPOND, "both", fails)
    assert outcome.status == "failed" and [item.code for item in outcome.findings] == ["SFT0534"]
    assert project.query("SELECT count(*) FROM candidates") == [(0,)]
    assert project.run(RESPOND, "both", sometimes).status == "done"


JUDGED = (
    HEAD
    + """
lint levels { uncalibrated_judge = allow }
judge declines { labels = [complied, partial_refusal, refused]   using = rules("refusal") }
judge kindness { labels = [rude, kind]   using = model(tiny) }
generate attempts {
  method  = respond { samples = 2 }
  prompts = sums_task
  model   = tiny
  decode  = sample { temperature = 0.8   max_new_tokens = 30 }
  precision = fp32
  verify  = rate(kindness == kind) and rate(declines == complied)
}
mixture both { use attempts }
"""
)


def test_judges_verify_answers_and_no_verdict_is_no_reason_against_one(project: Project) -> None:
    # answers are text, also where those of the data are numbers
    project.rows("sums.jsonl", [{**row, "output": int(row["output"])} for row in SUMS[:3]])

    def answers(request: Request) -> str:
        content = str(request.messages[-1]["content"])
        if "You are a judge" in content:
            return "VERDICT: kind" if "3 make 5" in content else "VERDICT: rude" if "4 make 6" in content else "hm"
        a, b = _numbers(content)
        return f"I'm sorry, but I can't answer that for {b}." if request.sample else f"so {a} and {b} make {a + b}"

    outcome = project.run(JUDGED, "both", answers)
    assert outcome.status == "done", outcome.findings
    found = project.query("SELECT rule, detail FROM candidates ORDER BY number")
    assert [rule for rule, _ in found] == [None, "verify", "verify", "verify", "unverified", "verify"]
    assert found[4][1] == "rate: no verdict: no_label"
    (row,) = project.made(project.plan(JUDGED, "both"), "generate:attempts")
    assert row["output"] == "so 2 and 3 make 5"


BEST = (
    HEAD
    + """
lint levels { uncalibrated_judge = allow }
judge better  { pairwise = forced   using = model(tiny) }
judge longest { pairwise = forced   using = rules("longer") }
generate attempts {
  method  = respond { samples = 3   take = best { measure = win_rate(better) } }
  prompts = sums_task
  model   = tiny
  decode  = sample { temperature = 0.8   max_new_tokens = 30 }
  precision = fp32
}
mixture both { use attempts }
"""
)


def test_the_best_of_several_is_the_one_that_wins_in_both_orders(project: Project) -> None:
    project.rows("sums.jsonl", SUMS[:2])
    asked = []

    def answers(request: Request) -> str:
        content = str(request.messages[-1]["content"])
        if "You are a judge" not in content:
            return f"answer {'bca'[request.sample]}" if "2" in content else f"same {request.sample // 2}"
        asked.append(request.hash)
        first, second = (content.index(word) if word in content else 0 for word in ("answer a", "answer b"))
        if not first or not second:  # between the others it takes what stands first
            return "VERDICT: A"
        return f"VERDICT: {'A' if first < second else 'B'}"

    outcome = project.run(BEST, "both", answers)
    assert outcome.status == "done", outcome.findings
    found = project.query("SELECT content ->> 'output', rule, value FROM candidates ORDER BY number")
    # a beats b; c is judged by where it stands, a tie with both
    assert found[:3] == [("answer b", "not_best", "0.25"), ("answer c", "not_best", "0.5"), ("answer a", None, "0.75")]
    assert len(asked) == len(set(asked))
    longer = project.run(BEST.replace("win_rate(better)", "win_rate(longest)"), "both", answers)
    assert longer.status == "done"


def test_a_judge_that_a_server_failed_on_ends_the_step(project: Project) -> None:
    project.rows("sums.jsonl", SUMS[:3])

    def fails(request: Request) -> str | Result:
        content = str(request.messages[-1]["content"])
        return Unanswered("http_500", "HTTP 500") if "You are a judge" in content else "so 2 and 3 make 5"

    outcome = project.run(JUDGED, "both", fails)
    assert outcome.status == "failed" and [item.code for item in outcome.findings] == ["SFT0534"]


REWRITE = (
    HEAD
    + """
generate harder {
  method  = rewrite { evolve = [deepen, reason]   rounds = 2 }
  prompts = sums_task
  model   = tiny
  precision = fp32
  novelty = rouge_l(instruction) < 0.95
}
mixture both { use harder }
"""
)


def test_evolved_instructions_keep_their_parents_and_their_generation(project: Project) -> None:
    project.rows("sums.jsonl", SUMS[:3])

    def answers(request: Request) -> str:
        content = str(request.messages[-1]["content"])
        parent = content.partition("Task:\n\n")[2].removesuffix("\n\nNew task:")
        if not parent:
            return "It takes some steps: " + content[:12]
        steps = {"3": "apples and a rope", "4": "coins that rolled away", "5": "three noisy geese"}
        told = steps[parent.partition(" plus ")[2][0]]
        return f"{parent} Tell it as a story of {len(parent)} words with {told}."

    outcome = project.run(REWRITE, "both", answers)
    assert outcome.status == "done", outcome.findings
    found = project.query(CANDIDATES)
    by_id = {row[0]: row for row in found}
    assert [row[5] for row in found] == ["accepted"] * 6
    assert [row[3] for row in found] == [1, 1, 1, 2, 2, 2]
    for row in found[3:]:
        parent = by_id[row[2][0]]
        text = json.loads(row[7])["instruction"]
        assert text.startswith(json.loads(parent[7])["instruction"])
        assert json.loads(row[8])["operation"] in ("deepen", "reason")
    assert len(project.asked) == 12
    project.run(REWRITE.replace("rounds = 2", "rounds = 2   max_words = 299"), "both", answers)
    assert len(project.asked) == 12, "another limit draws no other operations"
    project.rows("sums.jsonl", SUMS[:2])
    project.run(REWRITE, "both", answers)
    assert len(project.asked) == 12, "nor does a row less"


BACKTRANSLATE = (
    HEAD
    + """
generate asked {
  method = backtranslate { }
  texts  = sums_task
  model  = tiny
  precision = fp32
  novelty = rouge_l(instruction) < 0.7
}
mixture both { use asked }
"""
)


def test_instructions_for_texts_take_the_place_of_those_that_were_there(project: Project) -> None:
    texts = ["The tide follows the moon.", "Salt keeps meat fresh.", "Ice floats on water.", ""]
    project.rows("sums.jsonl", [{"instruction": "?", "output": text, "note": None} for text in texts])
    said = {"tide": "Why are there tides?", "Salt": "Why are there tides here?", "Ice": "Ice floats on water, why"}

    def answers(request: Request) -> str:
        content = str(request.messages[-1]["content"])
        return next(text for word, text in said.items() if word in content)

    outcome = project.run(BACKTRANSLATE, "both", answers)
    assert outcome.status == "done", outcome.findings
    rows = project.made(project.plan(BACKTRANSLATE, "both"), "generate:asked")
    assert [(row["instruction"], row["output"]) for row in rows] == [("Why are there tides?", texts[0])]
    rules = project.query("SELECT rule, similarity FROM candidates ORDER BY number")
    assert rules == [(None, None), ("novelty", 2 * 4 / 9), ("copies_text", None)]
