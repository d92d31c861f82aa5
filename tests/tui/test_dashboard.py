"""Journeys through the dashboard, keys in and screen out, on real stores."""

from __future__ import annotations

import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.store import Store
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN, event_writer
from tui.screens.predictions import PredictionsScreen
from tui.screens.run import RunScreen
from tui.screens.runs import RunsScreen
from tui.widgets.big_table import BigTable

Walk = Callable[..., None]


def test_from_the_list_of_runs_to_a_dropped_row_and_back(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        assert RUN in go.text() and "✗ fail" in go.text()
        await go.press("enter")
        assert "14 of 14 steps" in go.text() and "filter triage.clean" in go.text()
        await go.press("j", "enter")  # the filter's step opens the data view at it
        assert "keep what no rule below drops" in go.text()
        await go.press("down", "enter")
        assert "2 of 611 rows" in go.text() and "too short or too long" in go.text()
        assert "tickets.jsonl:31" in go.text()
        await go.press("escape", "escape")
        assert isinstance(go.app.screen, RunScreen)
        await go.press("escape")
        assert isinstance(go.app.screen, RunsScreen)
        await go.press("escape")  # nothing lies below home
        assert isinstance(go.app.screen, RunsScreen)

    walk(done, journey)


def test_a_duplicate_is_shown_against_its_survivor(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("2", *["j"] * 6, "enter")
        assert "23 of 596 rows" in go.text() and "kept instead: line 150" in go.text()
        assert "Regards" in go.text()

    walk(done, journey, run_id=RUN)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_every_view_stands_on_its_screen(done: Store, walk: Walk, size: tuple[int, int]) -> None:
    told = {
        "1": ("took 1 min 24 s", "predict format.tuned.chatty"),
        "2": ("dedup exact on", "kept"),
        "3": ("validation", "tokens a second", "step 0"),
        "4": ("92.5%", "┃", "bootstrap over items", "used 3 times"),
        "5": ("8 failed", "expected", "smol", "tuned", "wrong value 8", "1 of 120"),
    }

    async def journey(go: Journey) -> None:
        for key, texts in told.items():
            await go.press(key)
            for text in texts:
                assert text in go.text(), f"{text!r} not in view {key}:\n{go.text()}"

    walk(done, journey, run_id=RUN, size=size)


def test_a_requirement_opens_its_items_and_a_slice_only_those_of_the_slice(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("4", "g", *["j"] * 5, "enter")
        assert isinstance(go.app.screen, PredictionsScreen)
        assert "category delivery" in go.text() and "[3 failed]" in go.text()
        await go.press("s")
        assert "[8 failed]" in go.text()
        await go.press("escape")
        assert "Korn-Graubard" in go.text() or "Clopper-Pearson" in go.text(), "back leads to the gates"

    walk(done, journey, run_id=RUN)


def test_filter_keys_walk_through_the_items(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5", "o")
        assert "[8 failed]" in go.text() and "112 fixed" in go.text()
        assert go.app.screen.query_one(BigTable).total == 8
        await go.press("t")
        assert "template plain" in go.text() and "No item is failed" in go.text()
        await go.press("t", "c")
        assert "template chatty" in go.text() and "metric json" in go.text()
        await go.press("m")
        assert "model smol" in go.text() and "beside tuned" in go.text() and "regressed" in go.text()

    walk(done, journey, run_id=RUN)


def test_an_item_takes_the_whole_screen_and_escape_gives_the_list_back(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5", "enter")
        assert not go.app.screen.query_one(BigTable).display
        assert "system  Triage" in go.text(), "every turn as it was put to the model"
        assert "marked against the expected text" in go.text()
        await go.press("x")
        assert "marked against smol's output" in go.text()
        await go.press("escape")
        assert isinstance(go.app.screen, PredictionsScreen) and go.app.screen.query_one(BigTable).size.height

    walk(done, journey, run_id=RUN)


def test_long_lists_read_what_is_seen(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5")
        table = go.app.screen.query_one(BigTable)
        assert table.total == 120 and "1 of 120" in go.text()
        await go.press("G")
        assert "120 of 120" in go.text() and table.current is not None
        seen = {row.key for place in range(120) if (row := table.row_at(place)) is not None}
        assert len(seen) < 120

    walk(done, journey, run_id=RUN)


def test_views_replace_each_other_and_back_leads_to_the_run(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("2", "3", "4", "5", "4")
        await go.press("escape")
        assert isinstance(go.app.screen, RunScreen)

    walk(done, journey, run_id=RUN)


def test_the_keys_screen_names_the_keys_of_the_view(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5", "question_mark")
        assert "│  Failures  " in go.text() and "mark against the expected text" in go.text()
        await go.press("escape")
        assert isinstance(go.app.screen, PredictionsScreen)

    walk(done, journey, run_id=RUN, size=(120, 40))


def test_the_command_palette_offers_the_actions(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        commands = {command.title: command for command in go.app.get_system_commands(go.app.screen)}
        assert {"Data", "Gates", "Refresh", "Theme"} <= set(commands)
        await commands["Gates"].callback()
        await go.settle()
        assert "bootstrap over items" in go.text()

    walk(done, journey, run_id=RUN)


def test_hostile_text_stays_text_everywhere(hostile: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        for keys in (
            (),
            ("1",),
            ("2",),
            ("j", "j", "j", "enter"),
            ("3",),
            ("4",),
            ("5",),
            ("enter",),
            ("question_mark",),
        ):
            await go.press(*keys)
            unsafe = [c for c in go.text() if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]
            assert not unsafe, (keys, unsafe)
        await go.press("escape", "escape", "4")
        assert "[bold]markup[/bold]" in go.text()

    walk(hostile, journey, run_id=RUN, size=(120, 40))


def test_an_empty_store_says_what_to_do(tmp_path: Path, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        assert "No run yet" in go.text() and "sft run FILE" in go.text()
        await go.press("enter", "2", "r", "escape")
        assert "No run yet" in go.text()

    walk(Store(tmp_path / "missing"), journey)
    walk(Store(tmp_path / "created").create(), journey)


def test_the_first_run_appears_by_itself(begun: Store, tmp_path: Path, walk: Walk) -> None:
    root = tmp_path / "new" / ".sft"

    async def journey(go: Journey) -> None:
        assert "No run yet" in go.text()
        shutil.copytree(begun.root, root)
        await go.until(RUN)

    walk(Store(root), journey)


def test_a_running_run_moves(running: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.until("20/50 steps")
        assert "▶ running" in go.text() and "40%" in go.text()
        events = event_writer(running)
        events.emit("train_step", "train:tuned", at_step=21, loss=0.4321, tokens_per_second=612.0)
        events.emit("progress", "train:tuned", done=21, total=50, unit="steps")
        await go.until("21/50 steps")
        assert "loss 0.4321" in go.text() and "612 tokens/s" in go.text()
        await go.press("3")
        await go.until("0.4321")
        events.emit("train_step", "train:tuned", at_step=22, loss=0.3999, tokens_per_second=612.0)
        await go.until("0.3999")
        events.close()

    walk(running, journey, run_id=RUN)


def test_the_store_is_asked_again_when_a_step_has_ended(running: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.until("20/50 steps")
        with running.writing() as con:
            con.execute("UPDATE steps SET status = 'done', rows_out = 399, seconds = 7 WHERE step_id = 'train:tuned'")
        events = event_writer(running)
        events.emit("step_finished", "train:tuned", status="done")
        events.close()
        await go.until("7.0 s")
        assert "399" in go.text()

    walk(running, journey, run_id=RUN)


def test_items_that_were_opened_before_they_were_measured_are_sorted_when_they_are(
    done: Store, tmp_path: Path, walk: Walk
) -> None:
    store = Store(Path(shutil.copytree(done.root, tmp_path / ".sft")))
    later = ("item_metrics", "metrics")
    with store.writing() as con:
        for table in later:
            con.execute(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}")
            con.execute(f"DELETE FROM {table}")

    async def journey(go: Journey) -> None:
        await go.press("5")
        assert "metric none" in go.text() and "not measured" in go.text()
        with store.writing() as con:
            for table in later:
                con.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")
        await go.press("r")
        assert "metric exact" in go.text() and "failed" in go.text() and "not measured" not in go.text()

    walk(store, journey, run_id=RUN)


def test_a_killed_run_is_shown_as_interrupted(killed: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        assert "! interrupted" in go.text() and "R continues it after the steps that are finished" in go.text()
        await go.press("escape")
        assert "interrupted" in go.text()

    walk(killed, journey, run_id=RUN)


def test_views_of_a_run_that_is_not_there_yet_say_so(running: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("4")
        assert "no verdict yet" in go.text()
        await go.press("5")
        assert "No prediction yet" in go.text()

    walk(running, journey, run_id=RUN)


HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read(); c.close()"


def test_a_store_held_by_another_process_is_waited_for(running: Store, walk: Walk) -> None:
    store = running
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None and holder.stdout is not None
    assert holder.stdout.readline().strip() == "held"

    async def journey(go: Journey) -> None:
        await go.until(f"held by process {holder.pid}")
        assert "trying again" in go.text()
        holder.communicate("")
        await go.until("one run in this store")

    try:
        walk(Store(store.root, patience=0.2), journey)
    finally:
        holder.kill()


def test_a_store_that_is_held_in_mid_journey_is_a_line_and_no_crash(running: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(running.database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout is not None and holder.stdout.readline().strip() == "held"
        await go.press("2")
        await go.until("trying again")
        holder.communicate("")
        await go.until("dedup exact")

    walk(Store(running.root, patience=0.2), journey, run_id=RUN)
