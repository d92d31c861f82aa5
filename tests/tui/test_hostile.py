"""Text of data, models and specs that is made to do harm shows as text on every screen that there is.

``WAYS`` leads to each of them, dialogs too; one that is added has to be added here. On each a line is opened and the
keys of the screen are pressed, but for those that leave it or start something. No control character, bidirectional
mark or zero-width character may reach the terminal, no markup may be taken for markup, nothing may be written to the
clipboard that acts when it is pasted, and no line may be wider than the screen.
"""

from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from runtime.detached import Started
from runtime.store import Store
from spec_lang.diagnostics import fatal
from tests.tui import hostile_store, sample_store
from tests.tui.conftest import Journey
from tests.tui.every_screen import every_screen
from tests.tui.hostile_store import TAINT
from tests.tui.sample_store import HOSTILE, RUN, event_writer
from tui import queries
from tui.actions import actions_for
from tui.screens import catalogue
from tui.screens.runs import RunsScreen
from tui.screens.view import View

Walk = Callable[..., None]
# Left to the tests of those screens: they leave, or start and stop runs.
NOT_PRESSED = {"quit", "back", "stop", "again", "bless", "next_theme"}
# Screen -> the store (`tainted`; `data`, whose steps really ran; `going`, a run that goes on), and the keys from its
# newest run, or from the list of runs where they begin with `home`. `@part` opens a part of the data.
WAYS: dict[str, tuple[str, ...]] = {
    "RunsScreen": ("tainted", "home"),
    "RunScreen": ("tainted",),
    "DataScreen": ("tainted", "2"),
    "SourcesScreen": ("data", "@sources"),
    "MixturesScreen": ("tainted", "@mixtures"),
    "DuplicatesScreen": ("tainted", "@duplicates"),
    "OverlapScreen": ("tainted", "@overlap"),
    "ThresholdsScreen": ("data", "@thresholds"),
    "TemplatesScreen": ("data", "@templates"),
    "GeneratedScreen": ("tainted", "@generated"),
    "JudgesScreen": ("tainted", "@judges"),
    "TrainingScreen": ("tainted", "3"),
    "RoundsScreen": ("tainted", "3", "p"),
    "VerdictsScreen": ("tainted", "4"),
    "PredictionsScreen": ("tainted", "5"),
    "SpecScreen": ("tainted", "6"),
    "DropsScreen": ("tainted", "2", "down", "down", "down", "enter"),
    "FateScreen": ("data", "@sources", "enter", *["down"] * 5, "enter"),
    "RowsScreen": ("data", "@sources", "down", "enter", "G"),
    "TrainingRowScreen": ("data", "@mixtures", "down", "down", "enter", "G", "enter"),
    "CompareScreen": ("tainted", "home", "x"),
    "ClusterScreen": ("tainted", "@duplicates", "enter"),
    "CandidatesScreen": ("tainted", "@generated", "enter"),
    "NearestScreen": ("tainted", "5", "m", "a"),
    "PromptScreen": ("tainted", "5", "p"),
    "AskScreen": ("tainted", "5", "o", "space", "i"),
    "PickScreen": ("tainted", "5", "s"),
    "ChooseTraining": ("tainted", "3", "x"),
    "ConfirmScreen": ("going", "S"),
    "KeysScreen": ("tainted", "5", "question_mark"),
}
WIDTH, HEIGHT = 110, 36


@pytest.fixture(scope="module")
def stores(hostile: Store, data: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Store]:
    going = sample_store.build(tmp_path_factory.mktemp("going"), status="running", hostile=True)
    events = event_writer(going)
    events.emit("progress", "train:tuned", done=21, total=50, unit="steps" + TAINT)
    events.emit("note", text=TAINT)
    events.close()
    tainted = hostile_store.build(tmp_path_factory.mktemp("tainted"), hostile)
    return {"tainted": tainted, "data": data, "going": going}


BLANK = set("\u034f\u115f\u1160\u3164\ufe0f\uffa0\U000e0100")  # and yet no controls


def unsafe(text: str) -> list[str]:
    hidden = [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs") or c in BLANK]
    return [f"U+{ord(c):04X}" for c in hidden if c != "\n"]


def look(go: Journey, told: str) -> None:
    text = go.text()
    assert not unsafe(text), (told, unsafe(text))
    assert all(cell_len(line) <= WIDTH for line in text.split("\n")), told
    for strip in go.app.screen._compositor.render_strips():
        assert all(segment.control is None for segment in strip), told
        actions = [s.style.meta for s in strip if s.style and s.style.meta and "@click" in s.style.meta]
        assert "app.quit" not in str(actions), told


async def press_all(go: Journey, screen: View[Any], told: str) -> None:
    """The keys of a screen, and Escape until it is in front again."""
    for action in actions_for(*(scope for scope in screen.scopes() if scope not in ("app", "run", "table", "long"))):
        if action.name.partition("(")[0] in NOT_PRESSED:
            continue
        await go.press(action.keys[0])
        look(go, f"{told}: {action.name}")
        for _ in range(6):
            if go.app.screen is screen:
                break
            await go.press("escape")
        if go.app.screen is not screen or not screen.is_attached:
            return


def newest(store: Store) -> str:
    return queries.runs(store, 1)[0].run_id


def test_a_way_leads_to_every_screen() -> None:
    tables = {**catalogue.VIEWS, **catalogue.PARTS, **catalogue.ABOVE}
    assert {catalogue.screen_class(where).__name__ for where in tables.values()} <= set(WAYS)
    assert set(every_screen()) == set(WAYS)


@pytest.mark.parametrize("name", sorted(WAYS))
def test_hostile_text_is_text(stores: dict[str, Store], walk: Walk, name: str) -> None:
    store, *keys = WAYS[name]
    run_id = newest(stores[store])

    async def journey(go: Journey) -> None:
        copied_out: list[str] = []
        go.app.copy_to_clipboard = copied_out.append  # type: ignore[method-assign]
        for key in keys:
            if key.startswith("@"):
                go.app.open_part(key[1:], run_id)
                await go.settle()
            elif key != "home":
                await go.press(key)
            look(go, f"{name}: {key}")
        screen = go.app.screen
        look(go, name)
        assert type(screen).__name__ == name
        if not isinstance(screen, View):
            return
        for key in ("y", "Y", "j", "enter"):
            await go.press(key)
            look(go, f"{name}: {key}")
        for _ in range(3):
            if go.app.screen is not screen:
                await go.press("escape")
        await press_all(go, screen, name)
        assert not any(unsafe(text.replace("\t", "")) for text in copied_out), "what is copied acts when it is pasted"
        assert go.app.is_running

    walk(stores[store], journey, run_id=None if keys[:1] == ["home"] else run_id, size=(WIDTH, HEIGHT))


def test_hostile_runs_are_listed_and_compared(stores: dict[str, Store], walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("G")  # a run whose id, state and verdict are made to do harm as well
        look(go, "about a run")
        assert isinstance(go.app.screen, RunsScreen) and HOSTILE in (go.app.screen.table().current or "")
        for key in ("space", "g", "x", "escape", "G", "enter"):
            await go.press(key)
            look(go, f"runs: {key}")

    walk(stores["tainted"], journey, size=(WIDTH, HEIGHT))


@pytest.mark.parametrize("home", [True, False])
def test_what_a_run_that_goes_on_says_is_text(stores: dict[str, Store], walk: Walk, home: bool) -> None:
    async def journey(go: Journey) -> None:
        await go.until("⟨U+202E⟩")
        look(go, "going")

    walk(stores["going"], journey, run_id=None if home else RUN, size=(WIDTH, HEIGHT))


def test_errors_are_text(done: Store, walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be read, and what a run says that ended before it began: on its screen, and on others."""
    output = tmp_path / "output.txt"
    output.write_text(TAINT, encoding="utf-8")
    process = subprocess.Popen(["false"])
    process.wait()

    def refuse(*_: object) -> None:
        raise fatal("SFT0590", TAINT, TAINT)

    async def journey(go: Journey) -> None:
        screen = go.app.screen
        assert isinstance(screen, View)
        with monkeypatch.context() as broken:
            broken.setattr(type(screen), "fetch", refuse)
            await go.press("r")
        look(go, "refused")
        assert "⟨U+202E⟩" in go.text()
        go.app.take_started(Started("20261124-101500-beef", output, process))
        await go.until("a run ended before it began")
        look(go, "told")
        go.app.open_run("20261124-101500-beef")
        await go.settle()
        assert "The run ended before it began" in go.text() and "␛" in go.text()
        look(go, "not begun")

    walk(done, journey, run_id=RUN, size=(WIDTH, HEIGHT))


def test_the_taint_is_in_what_is_shown(stores: dict[str, Store], walk: Walk) -> None:
    """The tests above look at something: markup and escape characters stand there as text."""

    async def journey(go: Journey) -> None:
        await go.press("5", "enter")
        text = go.text()
        assert "[bold]markup" in text and "␛[31m" in text and "⟨U+" in text

    walk(stores["tainted"], journey, run_id=RUN, size=(WIDTH, 60))
