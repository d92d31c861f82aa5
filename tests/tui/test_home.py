"""Home on real runs: what each measured, its change against a reference, comparing two, and what can be done."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from runtime.processes import identity
from runtime.run_record import PROCESS
from runtime.store import Store
from sft.show import show
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN
from tui import home_queries
from tui.compare_queries import Comparison, comparison
from tui.home_queries import Headline, Reference, headline_of
from tui.screens.compare import CompareScreen
from tui.screens.run import RunScreen
from tui.view_models.home import home_line

Walk = Callable[..., None]


def said(go: Journey) -> str:
    """What was told in passing."""
    return " ".join(one.message for one in go.app._notifications)


@pytest.fixture
def own(three: Path, tmp_path: Path) -> Path:
    """A copy to write to."""
    return Path(shutil.copytree(three, tmp_path / "own"))


def test_a_run_is_held_against_the_blessed_one_and_that_against_nothing(three: Path) -> None:
    store = Store(three / ".sft")
    third, second, first = home_queries.home(store, 10)
    assert first.blessed == ("main",) and first.reference is None
    assert second.reference == Reference(first.run.run_id, "main")
    assert third.reference == second.reference
    line = home_line(second, home_queries.delta(store, second), 0.0)
    assert (line.name, line.estimate, line.n) == ("exam.exact(new)", "70%", "40")
    assert line.change.startswith("▼ -20pt [-") and line.leaning == "worse"
    assert "0 answers better, 8 worse" in line.words and "against main" in line.words


def test_the_headline_is_what_the_gate_names_first() -> None:
    def measured(eval: str, model: str, metric: str) -> Headline:
        return Headline(eval, model, metric, 9, 0, 0.5, 0.4, 0.6, 0.95, "share", "h")

    found = [measured("a", "m", "x"), measured("a", "t", "x"), measured("a", "t", "y"), measured("b.c", "t", "z")]
    assert headline_of(found, ["require spread(b.c.z(t), templates) <= 1pt", "require a.x(m) >= 1"]).name == "b.c.z(t)"
    assert headline_of(found, ["require q.x(m) >= 1"]).name == "a.x(t)"


def test_show_runs_says_the_same(three: Path) -> None:
    store = Store(three / ".sft")
    text = show(store, None, "runs", "text", width=100)
    assert "baseline main; exam.exact(new) 90%" in text and "0 answers better, 8 worse" in text
    third, second, first = json.loads(show(store, None, "runs", "json"))
    assert first["blessed"] == ["main"] and first["change"] is None
    assert second["change"]["baseline"] == "main" and second["change"]["lost"] == 8
    assert third["headline"]["estimate"] == pytest.approx(0.7)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_home_shows_what_changed_and_leads_to_the_comparison_and_the_failures(
    three: Path, walk: Walk, size: tuple[int, int]
) -> None:
    async def journey(go: Journey) -> None:
        await go.until("-20pt")
        assert "70%" in go.text() and "★" in go.text()
        await go.press("j", "x")
        await go.until("exam.exact(new)")
        assert isinstance(go.app.screen, CompareScreen)
        assert "▼" in go.text() and "0 answers better, 8 worse" in " ".join(go.text().split())
        await go.press("g")
        assert "two intervals side by side are no test" in " ".join(go.text().split())
        await go.press("j", "j", "j")
        assert "0 answers better, 8 worse" in " ".join(go.text().split())
        await go.press("s")
        await go.until("▲")
        await go.press("s")
        await go.until("▼")
        await go.press("enter")
        await go.until("exam.")

    walk(Store(three / ".sft"), journey, size=size)


def test_what_is_opened_while_two_runs_are_swapped_is_what_stands_there(
    three: Path, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    swapped, opened = Event(), []

    def slow(self: CompareScreen) -> Comparison:
        swapped.wait(30)
        return comparison(self.board.store, self.first, self.second)

    async def journey(go: Journey) -> None:
        await go.press("j", "x")
        await go.until("▼")
        screen = go.app.screen
        assert isinstance(screen, CompareScreen)
        first, second = screen.first, screen.second
        monkeypatch.setattr(CompareScreen, "fetch", slow)
        go.app.open_failures = lambda *about: opened.append((about[0], about[-1]))  # type: ignore[method-assign]
        await go.pilot.press("s", "enter")
        assert opened == [(second, first)]
        swapped.set()
        await go.until("▲")
        await go.press("enter")
        assert opened[1:] == [(first, second)]

    walk(Store(three / ".sft"), journey)


def test_a_killed_run_is_interrupted_in_a_comparison_too(killed: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        go.app.open_above("compare", RUN, RUN)
        await go.settle()
        assert go.text().count("interrupted") == 2 and "running" not in go.text()

    walk(killed, journey)


def test_a_marked_run_is_the_first_of_the_two(three: Path, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("space", "j", "x")
        screen = go.app.screen
        assert isinstance(screen, CompareScreen)
        await go.until("steps: 1 of 7 differ")
        await go.press("G")
        assert "requirement 2: 2 -> 1" in go.text()  # the step that differs: its threshold
        runs = [row.run.run_id for row in home_queries.home(Store(three / ".sft"), 3)]
        assert (screen.first, screen.second) == (runs[0], runs[1])

    walk(Store(three / ".sft"), journey)


def test_the_same_answers_are_said_to_be_the_same(three: Path) -> None:
    store = Store(three / ".sft")
    runs = [row.run.run_id for row in home_queries.home(store, 3)]
    from tui.view_models.compare import compare_lines

    lines = compare_lines(comparison(store, runs[1], runs[0]).found)
    exact = next(line for line in lines if line.name == "exam.exact(new)")
    assert (exact.change, exact.words.rpartition("\n")[2]) == ("=", "the same measurement")
    (step,) = [line for line in lines if line.kind == "step"]
    assert step.name == "gate:release" and "1 -> 2" in step.words


def test_a_step_shows_its_lines_parameters_and_what_its_hash_covers(three: Path, walk: Walk) -> None:
    store = Store(three / ".sft")

    async def journey(go: Journey) -> None:
        await go.press("enter")
        await go.until("filter questions.clean")
        await go.press("g", "j")
        await go.until("keep where")
        assert "keep characters(question) in 1..40" in go.text()
        await go.press("z")
        assert "the hash covers the parameters and" in go.text() and "as in the run before" in go.text()
        await go.press("escape")
        assert isinstance(go.app.screen, RunScreen)

    walk(store, journey, size=(200, 60))
    page = json.loads(show(store, None, "run", "json", step="gate:release"))
    changed = [value for value in page["parameters"] if "was" in value]
    assert [(value["value"], value["was"]) for value in changed][1:] == [("2", "1")]
    text = show(store, None, "run", "text", width=90, step="questions.clean")
    assert "the hash covers" in text and "keep characters(question) in 1..40" in text


# --- what can be done -------------------------------------------------------------------------------


def test_blessing_asks_for_the_name_and_again_where_it_is_taken(own: Path, walk: Walk) -> None:
    store = Store(own / ".sft")
    before = (own / "baselines" / "main.json").read_text()

    async def journey(go: Journey) -> None:
        await go.press("j", "b")
        await go.until("bless as")
        assert "baselines/NAME.json" in go.text() and "There are: main" in " ".join(go.text().split())
        await go.press("escape")
        assert (own / "baselines" / "main.json").read_text() == before
        await go.press("b", "enter")
        await go.until("Move the baseline main?")
        await go.press("escape")
        assert (own / "baselines" / "main.json").read_text() == before
        await go.press("b", "enter")
        await go.until("Move the baseline main?")
        await go.press("enter")
        assert "main is run" in said(go)

    walk(store, journey)
    second = home_queries.home(store, 3)[1]
    assert second.blessed == ("main",) and (own / "baselines" / "main.json").read_text() != before


def test_a_run_that_did_not_pass_is_blessed_only_when_that_is_confirmed(own: Path, walk: Walk) -> None:
    store = Store(own / ".sft")
    with store.writing() as con:
        con.execute("UPDATE runs SET verdict = 'fail'")

    async def journey(go: Journey) -> None:
        await go.press("b", *["backspace"] * 4, *"new", "enter")
        await go.until("Bless a run that did not pass as new?")
        await go.press("enter")
        assert "new is run" in said(go)

    walk(store, journey)
    assert home_queries.home(store, 1)[0].blessed == ("new",)


def test_stopping_asks_and_sends_the_signal_of_ctrl_c(running: Store, walk: Walk) -> None:
    told = subprocess.Popen(
        [sys.executable, "-c", "import signal,time\nprint('up', flush=True)\nsignal.sigwait([signal.SIGINT])"],
        stdout=subprocess.PIPE,
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]),
    )
    try:
        assert told.stdout is not None and told.stdout.readline() == b"up\n"
        with running.writing() as con:
            con.execute("UPDATE runs SET pid = ?, started_at = now()", [told.pid])
            con.execute("INSERT OR REPLACE INTO environment VALUES (?, ?, ?)", [RUN, PROCESS, identity(told.pid)])

        async def journey(go: Journey) -> None:
            await go.press("S")
            await go.until(f"Sends process {told.pid} the signal of Ctrl-C")
            await go.press("escape")
            assert told.poll() is None
            await go.press("S", "enter")
            assert "asked to stop" in said(go)

        walk(running, journey)
        assert told.wait(10) == 0
    finally:
        told.kill()


def test_nothing_is_done_to_a_run_that_it_does_not_fit(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("S")
        assert "nothing to stop" in go.text()
        await go.press("R")
        await go.until("is not beside the store")
        await go.press("enter", "b", "enter")
        await go.until("is not beside the store")

    walk(done, journey)


def test_the_run_that_goes_on_stands_on_top(running: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.until("20/50 steps")
        assert "▶ triage.sft" in go.text() and "5 of 14 steps done" in go.text() and "train tuned" in go.text()
        await go.until("runner")
        assert "free" in go.text()

    for size in ((80, 24), (140, 44)):
        walk(running, journey, size=size)


def test_a_killed_run_leaves_the_top(killed: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        assert "! interrupted" in go.text() and "R continues it" in go.text()
        assert "5 of 14 steps done" not in go.text()
        await go.press("enter")
        assert RUN in go.text()

    walk(killed, journey)


def test_hostile_text_is_only_text_here(hostile: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        for keys in ((), ("enter",), ("j", "z"), ("escape",), ("R",), ("escape",), ("b",), ("enter",)):
            await go.press(*keys)
            unsafe = [c for c in go.text() if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]
            assert not unsafe, (keys, unsafe)
        assert "DROP TABLE runs" in go.text() or "[bold]" in go.text()

    walk(hostile, journey, size=(120, 40))


def test_a_narrow_terminal_may_be_made_wide_and_back(three: Path, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("enter")
        for size in ((130, 30), (60, 15), (200, 60), (80, 24)):
            await go.pilot.resize_terminal(*size)
            await go.settle()
            assert "ingest asked" in go.text() and go.app.screen.has_class("-wide") == (size[0] >= 120)

    walk(Store(three / ".sft"), journey, size=(80, 24))
