"""The main job on a tiny real model, through the command line: run, cache, change, refuse, explain."""

from __future__ import annotations

import json
import shutil

import pytest

from runtime.store import Store
from tests.e2e.project import Project


def store_of(project: Project) -> Store:
    return Store(project.root / ".sft")


def plan_states(project: Project) -> dict[str, tuple[str, str]]:
    done = project.sft("plan", "triage.sft", "--format", "json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    work = any(line["state"] in ("run", "rerun") for line in lines)
    assert done.returncode == (2 if work else 0), done.stderr
    return {line["step"]: (line["state"], "; ".join(line["reasons"])) for line in lines}


def changed(project: Project) -> set[str]:
    return {step for step, (state, _) in plan_states(project).items() if state != "cached"}


def test_rows_balance_in_every_step(finished: Project) -> None:
    rows = store_of(finished).query("SELECT step_id, rows_in, rows_out, rows_dropped FROM steps")
    assert rows and all(row[1] == row[2] + row[3] for row in rows), rows
    dropped = store_of(finished).query(
        "SELECT s.step_id, s.rows_dropped, count(l.rule) FROM steps s LEFT JOIN ledger l USING (step_hash) GROUP BY ALL"
    )
    assert all(row[1] == row[2] for row in dropped), dropped


def test_each_fault_is_named(finished: Project) -> None:
    drops = store_of(finished).query("SELECT step_id, rule, rule_text, line, value, survivor FROM drops ORDER BY line")
    by_line = {row[3]: row for row in drops}
    assert by_line[12][:2] == ("ingest:tickets", "unreadable")
    assert "lorem" in by_line[13][2] and by_line[13][4].lower() == "lorem ipsum"
    assert "words(instruction)" in by_line[14][2] and by_line[14][4] == "1"
    assert "dedup exact" in by_line[11][2] and by_line[11][5] is not None


def test_a_second_run_computes_nothing(project: Project) -> None:
    done = project.sft("run", "triage.sft", "--format", "json")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout.splitlines()[0])
    assert outcome["computed"] == 0 and outcome["verdict"] == "pass"


def test_the_plan_is_the_same_bytes_in_another_folder(finished: Project, project: Project) -> None:
    first = finished.process("compile", "triage.sft", "--format", "json", PYTHONHASHSEED="1")
    second = project.process("compile", "triage.sft", "--format", "json", PYTHONHASHSEED="2", LC_ALL="C")
    assert first.returncode == 0 and first.stdout == second.stdout


EVERYTHING = {
    *("ingest:tickets", "filter:triage.clean", "split:triage", "decontaminate:triage.train"),
    *("render:triage.train", "render:triage.validation"),
    *("train:tuned", "render:format.plain", "render:format.chatty", "measure:format", "gate:release"),
    *(f"predict:format.{model}.{template}" for model in ("tiny", "tuned") for template in ("plain", "chatty")),
}
PREDICTIONS = {step for step in EVERYTHING if step.startswith("predict:")}
DECISIONS = {"measure:format", "gate:release"}


@pytest.mark.parametrize(
    ("what", "old", "new", "file", "reruns", "reason"),
    [
        ("comment", "edition 2026", "edition 2026  # hello", "triage.sft", set(), ""),
        ("because", "too short or too long", "not a ticket", "triage.sft", set(), ""),
        ("licence", "CC0-1.0", "MIT", "triage.sft", set(), ""),
        ("threshold", "(tuned) <= 100%", "(tuned) <= 99%", "triage.sft", {"gate:release"}, "0.99"),
        ("decode", "max_new_tokens = 6", "max_new_tokens = 7", "triage.sft", PREDICTIONS | DECISIONS, "max_new_tokens"),
        (
            "seed",
            "seed          = 7",
            "seed          = 8",
            "triage.sft",
            {"train:tuned", *(step for step in PREDICTIONS if ".tuned." in step), *DECISIONS},
            "seed",
        ),
        (
            "eval template",
            "A customer writes",
            "A customer wrote",
            "triage.sft",
            {"render:format.chatty", *(step for step in PREDICTIONS if step.endswith("chatty")), *DECISIONS},
            "template",
        ),
        (
            "train template",
            "Sort the message.",
            "Sort the message!",
            "triage.sft",
            EVERYTHING
            - {"ingest:tickets", "filter:triage.clean", "split:triage", "decontaminate:triage.train"}
            - {"render:format.chatty", "predict:format.tiny.chatty"},
            "template",
        ),
        ("data row", "refund", "refunt", "tickets.jsonl", EVERYTHING, "tickets.jsonl"),
        (
            "chat template",
            "assistant",
            "assistent",
            "tiny/tokenizer_config.json",
            {"train:tuned", *PREDICTIONS, *DECISIONS},
            "chat",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value and len(value) < 12 else "",
)
def test_one_changed_character_reruns_exactly_what_it_must(
    project: Project, what: str, old: str, new: str, file: str, reruns: set[str], reason: str
) -> None:
    project.edit(old, new, file)
    states = plan_states(project)
    assert set(states) == EVERYTHING
    assert {step for step, (state, _) in states.items() if state != "cached"} == reruns, what
    assert all(why for step, (state, why) in states.items() if state != "cached")
    if reruns:
        assert any(reason in why for step, (state, why) in states.items()), (what, states)


def test_raising_a_floor_reruns_only_the_gate_and_exits_2(project: Project) -> None:
    project.edit("require format.exact(tuned) <= 100%", "require format.length(tuned) >= 1000")
    done = project.sft("run", "triage.sft", "--format", "json")
    outcome = json.loads(done.stdout.splitlines()[0])
    assert (done.returncode, outcome["verdict"], outcome["computed"]) == (2, "fail", 1), done.stderr


def test_a_run_without_its_model_directory_says_so(project: Project) -> None:
    shutil.rmtree(project.root / "tiny")
    done = project.sft("run", "triage.sft")
    assert done.returncode == 1 and "./tiny" in done.stderr and "Traceback" not in done.stderr


def test_show_explain_and_bless_work_on_the_finished_run(project: Project) -> None:
    for view in ("runs", "run", "ledger", "training", "verdicts", "predictions", "environment"):
        for form in ("text", "json", "markdown"):
            done = project.sft("show", "last", view, "--format", form)
            assert done.returncode == 0 and done.stdout.strip(), (view, form, done.stderr)
            if form == "json":
                json.loads(done.stdout)
    explained = project.sft("explain", "filter:triage.clean")
    assert explained.returncode == 0 and "regexp_matches" in explained.stdout
    assert project.sft("bless", "last", "main").returncode == 0
    project.edit("(tuned) <= 100%", "(tuned) <= 99%")
    assert project.sft("run", "triage.sft").returncode == 0
    taken = project.sft("bless", "last", "main")
    assert taken.returncode == 1 and "--replace" in taken.stderr


def test_a_typo_never_reaches_the_run(project: Project) -> None:
    project.edit("learning_rate = 1e-3", "lerning_rate = 1e-3")
    done = project.sft("run", "triage.sft")
    assert done.returncode == 1 and "did you mean `learning_rate`" in done.stderr
    runs = store_of(project).query("SELECT count(*) FROM runs")
    assert runs == [(1,)]


def test_two_runs_are_compared_by_steps_verdicts_and_paired_metrics(project: Project) -> None:
    first = store_of(project).query("SELECT run_id FROM runs")[0][0]
    project.edit("learning_rate = 1e-3", "learning_rate = 5e-2")
    project.edit("(tuned) >= 0", "(tuned) >= 0.5")
    assert project.sft("run", "triage.sft").returncode in (0, 2)
    same, other = project.sft("diff", "last", "last"), project.sft("diff", first, "last", "--format", "json")
    assert (same.returncode, other.returncode) == (0, 2), other.stderr
    found = json.loads(other.stdout)
    changed = {step["step"]: step["reasons"] for step in found["steps"] if step["state"] == "changed"}
    assert changed["train:tuned"] == ["learning_rate: 0.001 -> 0.05 (triage.sft:44)"]
    assert [(pair["text"], bool(pair["first"]), bool(pair["second"])) for pair in found["verdicts"]] == [
        ("format.length(tuned) >= 0.5", False, True),
        ("format.exact(tuned) <= 100%", True, True),
        ("format.length(tuned) >= 0", True, False),
    ]
    metrics = {(pair["model"], pair["metric"]): pair for pair in found["metrics"]}
    untouched, tuned = metrics["tiny", "length"]["paired"], metrics["tuned", "length"]
    assert (untouched["estimate"], untouched["gained"], untouched["lost"]) == (0, 0, 0)
    paired = tuned["paired"]
    assert paired["n"] == tuned["first"]["n"] == 13 and paired["templates"] == ["plain", "chatty"]
    assert paired["estimate"] == pytest.approx(tuned["second"]["estimate"] - tuned["first"]["estimate"])
    text = project.sft("diff", first, "last").stdout
    assert "two intervals side by side are no test" in text and "13 rows under plain and chatty" in text
