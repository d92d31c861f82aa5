"""Scores of a whole run: what runs again after an edit, what a killed run keeps, and rows that cannot be scored."""

from __future__ import annotations

import json
import math
import os
import signal
import statistics
from pathlib import Path
from typing import Any

import pytest

import sft
from runtime.events import Event
from runtime.relational import engine, parquet
from runtime.store import Store
from sft.exporting import Wanted, export
from sft.show import show
from spec_lang.diagnostics import DiagnosticError
from tests import forks
from tests.tiny_model import build_tiny_model

SPEC = """
edition 2026
model base { weights = "./m" }
source talk { path = "talk.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{q}"   assistant = "{a}" }
score quality {
  ifd    = ifd(model = base)
  ppl    = perplexity(model = base)
  length = words(a)
  keep top 50% by length per task
}
task scored { from = talk   scores = [quality]   templates = [plain] }
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SFT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("runtime.scoring.passes.WINDOW", 8)
    build_tiny_model(tmp_path / "m")
    write(tmp_path, 20)
    (tmp_path / "s.sft").write_text(SPEC, encoding="utf-8")
    return tmp_path / "s.sft"


def write(folder: Path, rows: int) -> None:
    lines = [{"q": f"question {place}", "a": "word " * (place % 7 + 1)} for place in range(rows)]
    lines += [{"q": "no answer", "a": ""}, {"q": "a <|im_end|> b", "a": "fine"}]
    (folder / "talk.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def edit(spec: Path, old: str, new: str) -> None:
    assert old in spec.read_text(encoding="utf-8")
    spec.write_text(spec.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def ran(spec: Path, **options: Any) -> dict[str, dict[str, Any]]:
    """Run; the summaries of the steps that were computed."""
    computed: dict[str, dict[str, Any]] = {}

    def listen(event: Event) -> None:
        if event.kind == "step_finished" and event.data["status"] == "done":
            computed[event.step or ""] = event.data["summary"]

    outcome = sft.run(spec, listeners=[listen, *options.pop("listeners", [])])
    assert outcome.status == options.get("status", "done"), outcome.findings
    return computed


def test_an_edit_asks_the_model_what_it_has_not_said(spec: Path) -> None:
    first = ran(spec)["score:scored.quality"]
    assert (first["asked"], first["kept_before"]) == (2 * 21, 0)  # both losses of the rows that are rendered
    assert first["missing"] == {"ifd": 2, "length": 0, "ppl": 2}
    edit(spec, "keep top 50%", "keep top 20%")
    assert {*ran(spec)} == {"filter:scored.quality"}
    edit(spec, "ifd(model = base)", "ifd(model = base, ratio = perplexity)")
    second = ran(spec)["score:scored.quality"]
    assert (second["asked"], second["device"]) == (0, None)  # the model was not even loaded
    write(spec.parent, 23)
    assert ran(spec)["score:scored.quality"]["asked"] == 2 * 3
    edit(spec, 'user = "{q}"', 'user = "Q: {q}"')
    assert ran(spec)["score:scored.quality"]["asked"] == 2 * 24  # every conversation is another text


def test_scores_are_in_the_store_with_reasons(spec: Path) -> None:
    ran(spec)
    store = Store(spec.parent / ".sft")
    rows = store.query("SELECT score, count(*), count(value), count(reason) FROM scores GROUP BY score ORDER BY score")
    assert rows == [("ifd", 22, 20, 2), ("length", 22, 22, 0), ("ppl", 22, 20, 2)]
    reasons = {row[0] for row in store.query("SELECT reason FROM scores WHERE score = 'ppl' AND value IS NULL")}
    assert "the row has no conversation" in reasons and any("control token" in reason for reason in reasons)


def test_they_are_shown_as_text_and_json(spec: Path) -> None:
    edit(spec, "  keep top", "  wide = 1000 * words(a)\n  keep top")
    ran(spec)
    store = Store(spec.parent / ".sft")
    text = show(store, None, "scores", width=160)
    assert next(line for line in text.splitlines() if line.startswith("wide")).split()[:3] == ["wide", "22", "0"]
    assert "the row has no conversation" in text and "control token" in text
    found = {
        row["score"]: row
        for row in json.loads(show(store, None, "scores", "json", step="score:scored.quality"))["scores"]
    }
    lengths = [*sorted(place % 7 + 1 for place in range(20)), 0, 1]
    assert (found["length"]["low"], found["length"]["high"]) == (0, 7)
    assert found["length"]["mean"] == pytest.approx(sum(lengths) / 22)
    assert found["length"]["quantiles"][2] == statistics.median(lengths)
    assert sum(found["length"]["bins"]) == 22 - sum(value < found["length"]["first"] for value in lengths)
    assert [row["value"] for row in found["length"]["lowest"]] == [0, 1, 1]
    assert "this step scores nothing" in show(store, None, "scores", step="ingest:talk")
    with pytest.raises(DiagnosticError, match="this run has no step `score:other`"):
        show(store, None, "scores", step="score:other")


def test_a_stopped_scoring_continues(spec: Path) -> None:
    """Asked to stop at the first scores; what was said until then is not asked again."""
    stopped = False

    def stop(event: Event) -> None:
        nonlocal stopped
        if not stopped and event.kind == "progress" and event.step == "score:scored.quality" and event.data["done"]:
            stopped = True
            os.kill(os.getpid(), signal.SIGTERM)

    ran(spec, listeners=[stop], status="interrupted")
    kept = Store(spec.parent / ".sft").query("SELECT count(*) FROM scorings")[0][0]
    assert 0 < kept < 42
    summary = ran(spec)["score:scored.quality"]
    assert (summary["asked"], summary["kept_before"]) == (42 - kept, kept)


def test_a_killed_scoring_continues(spec: Path) -> None:
    """Killed at the first scores: what was written until then is not asked again."""
    process = forks.start("tests.runtime.scoring.killed_scoring", str(spec))
    _, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, err
    kept = Store(spec.parent / ".sft").query("SELECT count(*) FROM scorings")[0][0]
    assert 0 < kept < 42
    summary = ran(spec)["score:scored.quality"]
    assert (summary["asked"], summary["kept_before"]) == (42 - kept, kept)


def test_when_no_row_can_be_scored_the_run_stops(spec: Path) -> None:
    edit(spec, 'assistant = "{a}"', 'assistant = "<{a}>{q}"')
    write(spec.parent, 0)
    (spec.parent / "talk.jsonl").write_text('{"q": "x <|im_end|>", "a": "y"}\n', encoding="utf-8")
    outcome = sft.run(spec)
    assert [item.code for item in outcome.findings] == ["SFT0436"]
    assert "control token" in outcome.findings[0].message


def test_the_table_of_scores_comes_to_an_older_store(spec: Path) -> None:
    store = Store(spec.parent / ".sft").create()
    with store.writing() as con:
        con.execute("DROP TABLE scores")
        con.execute("DROP TABLE scorings")
        con.execute("UPDATE meta SET schema_version = 2")
    assert "score:scored.quality" in ran(spec)


def test_what_is_not_finite_is_no_score(spec: Path) -> None:
    edit(spec, "length = words(a)", "length = words(a)\n  huge = words(a) * 1e308")
    summary = ran(spec)["score:scored.quality"]
    store = Store(spec.parent / ".sft")
    rows = store.query("SELECT value, reason FROM scores WHERE score = 'huge' AND (value IS NULL OR isinf(value))")
    assert {*rows} == {(None, "the value is inf")} and summary["missing"]["huge"] == len(rows) == 17
    step = store.query("SELECT step_hash FROM steps WHERE step_id = 'score:scored.quality'")[0][0]
    with engine(spec.parent) as db:
        kept = db.rows(f"SELECT a, huge FROM {parquet(store.root / 'objects' / step / 'rows.parquet')}")
    assert [text for text, _ in kept] == [json.loads(line)["a"] for line in (spec.parent / "talk.jsonl").open()]
    assert sum(value is None for _, value in kept) == len(rows) and all(value != math.inf for _, value in kept)
    json.loads(show(store, None, "scores", "json"), parse_constant=pytest.fail)


def test_progress_reaches_its_total_when_texts_repeat(spec: Path) -> None:
    line = json.dumps({"q": "the same", "a": "words"}) + "\n"
    (spec.parent / "talk.jsonl").write_text(line * 20, encoding="utf-8")
    told = []

    def listen(event: Event) -> None:
        if event.kind == "progress" and event.step == "score:scored.quality":
            told.append((event.data["done"], event.data["total"]))

    summary = ran(spec, listeners=[listen])["score:scored.quality"]
    assert told[-1] == (40, 40) and sorted(told) == told
    assert (summary["asked"], summary["kept_before"]) == (2, 4)  # once, and once a window that follows


def test_the_rows_at_both_ends_stand_where_their_task_read_them(spec: Path) -> None:
    """The store has the same rows out of two files, each of another run."""
    ran(spec)
    lines = (spec.parent / "talk.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (spec.parent / "copy.jsonl").write_text("".join(lines[:-1]), encoding="utf-8")
    edit(spec, '"talk.jsonl"', '"copy.jsonl"')
    ran(spec)
    store = Store(spec.parent / ".sft")
    runs = [row[0] for row in store.query("SELECT run_id FROM runs ORDER BY started_at")]
    for run_id, file in zip(runs, ("talk", "copy"), strict=True):
        for score in json.loads(show(store, run_id, "scores", "json"))["scores"]:
            ends = [*score["lowest"], *score["highest"]]
            assert {one["place"].partition(":")[0] for one in ends} == {f"{file}.jsonl"} and len(ends) == 6


def test_conversations_that_were_rendered_for_a_score_are_no_rows_of_an_export(spec: Path, tmp_path: Path) -> None:
    ran(spec)
    with pytest.raises(DiagnosticError, match="made nothing that is called `scored`"):
        export(Wanted("scored", tmp_path / "out", run="last"), None, Store(spec.parent / ".sft"))
