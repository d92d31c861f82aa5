"""``sft trace``: from a line to its fate in every step of a real run, and from steps back to lines."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

import sft
from runtime.store import Store
from sft.plain_tables import as_text
from sft.tracing import trace
from spec_lang.diagnostics import DiagnosticError
from tests.e2e.project import Project


@pytest.fixture(scope="module")
def store(finished: Project) -> Store:
    return Store(finished.root / ".sft")


def steps(store: Store, row: str) -> dict[str, dict[str, Any]]:
    return {step["step"]: step for step in json.loads(json.dumps(trace(store, "last", row).data))["steps"]}


def rendered(store: Store, step_id: str, place: int) -> tuple[str, int, str]:
    """Row id, line and messages of a rendered row, read past what is tested."""
    row = store.query(
        "SELECT row_id, e.line, messages FROM renders r JOIN steps s USING (step_hash) JOIN examples e USING (row_id) "
        "WHERE s.step_id = ? AND ord = ?",
        [step_id, place],
    )[0]
    return row[0], row[1], row[2]


def test_a_row_that_was_learned_from(store: Store) -> None:
    found = steps(store, f"tickets.jsonl:{rendered(store, 'render:triage.train', 0)[1]}")
    assert found["split:triage"]["added"] == {"split": "train"}
    assert found["render:triage.train"]["rows"][0]["template"] == "plain"
    assert found["render:triage.validation"]["state"] == "absent"
    learned = found["train:tuned"]["learned_in"]
    assert [one["epoch"] for one in learned] == [1, 2]
    losses = dict(store.query("SELECT step, loss FROM train_steps"))
    assert all(one["loss"] == losses[one["step"]] for one in learned)
    assert not [step for step in found if step.startswith(("predict", "measure", "gate"))]


def test_a_row_that_was_asked(store: Store) -> None:
    found = steps(store, f"tickets.jsonl:{rendered(store, 'render:format.plain', 0)[1]}")
    answer = found["predict:format.tuned.chatty"]["answer"]
    assert answer["prompt"][0]["content"].startswith("A customer writes") and answer["expected"]
    measured = found["measure:format"]
    metrics = {(one["model"], one["template"], one["metric"]): one["value"] for one in measured["metrics"]}
    assert metrics["tuned", "chatty", "length"] == len(answer["output"]) and len(metrics) == 8
    assert set(measured["slices"]) == {"category"} and "train:tuned" not in found


def test_dropped_rows(store: Store) -> None:
    dropped = steps(store, "tickets.jsonl:11")["filter:triage.clean"]["dropped_by"][0]
    assert dropped["text"] == "dedup exact on instruction"
    assert (dropped["survivor_file"], dropped["survivor_line"]) == ("tickets.jsonl", 4)
    short = steps(store, "tickets.jsonl:14")["filter:triage.clean"]["dropped_by"][0]
    assert (short["value"], short["reason"]) == ("1", "too short or too long to be a ticket")
    lost = trace(store, "last", "tickets.jsonl:12")
    assert "not JSON" in lost.head and lost.data["row_id"] is None


def test_back_from_a_batch_and_from_a_rendered_row(store: Store) -> None:
    for step in (1, 22):
        rows = trace(store, "last", f"train:tuned@{step}").data["rows"]
        for row in rows:
            assert step in [one["step"] for one in steps(store, row["row_id"])["train:tuned"]["learned_in"]]
    row_id, line, messages = rendered(store, "render:triage.train", 5)
    back = trace(store, "last", "render:triage.train@5").data
    assert (back["row_id"], back["places"][0]["line"]) == (row_id, line)
    assert back["content"]["instruction"] == json.loads(messages)[1]["content"]
    assert trace(store, "last", row_id[:12]).data == back
    asked = trace(store, "last", "predict:format.tuned.plain@2").data
    assert asked["row_id"] == rendered(store, "render:format.plain", 2)[0]


def test_text_is_safe_for_a_terminal(store: Store) -> None:
    text = as_text(trace(store, "last", "tickets.jsonl:11"), 80)
    assert "stands in for it: tickets.jsonl:4" in text
    assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]


@pytest.mark.parametrize(
    ("row", "code", "says"),
    [
        ("tickets.jsonl:999", "SFT0926", "no row at line 999"),
        ("tikets.jsonl:1", "SFT0926", "`tickets.jsonl`?"),
        ("ffffffffffff", "SFT0926", "no row"),
        ("what is this", "SFT0926", "neither"),
        ("train:tuned@99", "SFT0926", "from 1 to 22"),
        ("train:tunde@1", "SFT0910", "`train:tuned`?"),
        ("render:triage.train@500", "SFT0926", "counted from 0"),
        ("gate:release@0", "SFT0922", "no rows"),
    ],
)
def test_what_is_not_there_is_named(store: Store, row: str, code: str, says: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        trace(store, "last", row)
    finding = caught.value.diagnostics[0]
    assert finding.code == code and says in f"{finding.message} {finding.help}"


def test_the_command(project: Project) -> None:
    done = project.sft("trace", "tickets.jsonl:11", "--format", "json")
    assert done.returncode == 0 and json.loads(done.stdout)["places"][0]["line"] == 11, done.stderr
    assert project.sft("trace", "tickets.jsonl:0").returncode == 1


def test_a_place_that_is_several_rows_is_none(tmp_path: Path) -> None:
    """Files of the same name, and a file that two sources read."""
    spec = "edition 2026\nfilter some { keep words(t) >= 1 }\n"
    sources = (("one", "a/x", ""), ("two", "b/x", ""), ("three", "y", ""), ("four", "y", "columns { u = w }"))
    for name, file, more in (*sources, ("five", "z/y", "")):
        spec += f'source {name} {{ path = "{file}.jsonl"   licence = "CC0-1.0"   origin = human   {more} }}\n'
        spec += f"task of_{name} {{ from = {name}   filters = [some] }}\n"
    (tmp_path / "s.sft").write_text(spec, encoding="utf-8")
    for file, texts in (
        ("a/x", ["same", "of a", "more"]),
        ("b/x", ["same", "of b"]),
        ("y", ["y"]),
        ("z/y", ["y", "z"]),
    ):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        rows = [json.dumps({"t": text, "w": text}) for text in texts]
        (tmp_path / f"{file}.jsonl").write_text("\n".join(rows) + "\n{cut\n", encoding="utf-8")
    outcome = sft.run(tmp_path / "s.sft")
    assert outcome.status == "done", outcome.findings
    store = Store(tmp_path / ".sft")

    def found(row: str) -> str:
        try:
            return " ".join(f"{one['file']}:{one['line']}" for one in trace(store, "last", row).data["places"])
        except DiagnosticError as error:
            assert error.diagnostics[0].code == "SFT0926"
            return error.diagnostics[0].message

    assert found("x.jsonl:1") == "a/x.jsonl:1 b/x.jsonl:1"  # one row, in two files
    assert "`a/x.jsonl:2` (row `" in found("x.jsonl:2") and "`b/x.jsonl:2` (row `" in found("x.jsonl:2")
    assert "` of one), `b/x.jsonl:3` (unreadable)" in found("x.jsonl:3")  # a row of one, a cut line of the other
    assert found("x.jsonl:4") == "a/x.jsonl:4" and found("b/x.jsonl:2") == "b/x.jsonl:2"
    assert "` of three), `y.jsonl:1` (row `" in found("y.jsonl:1") and "` of four)" in found("y.jsonl:1")
    assert (
        found("z/y.jsonl:1") == "z/y.jsonl:1" and found("y.jsonl:2") == "y.jsonl:2"
    )  # a whole path goes before its end
