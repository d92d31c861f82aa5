"""Text of data, models and specs that is made to do harm shows as text on every screen that there is.

``WAYS`` leads to each of them, dialogs too; one that is added has to be added here. Lines and details are copied, and
where keys show other texts they are pressed. No control character, bidirectional mark or zero-width character may reach
the terminal, no markup may be taken for markup, nothing may be written to the clipboard that acts when it is pasted,
and no line may be wider than the screen.
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
# The store (`tainted`; `data`, whose steps really ran; `going`, a run that goes on), the keys from its newest run, or
# from the list of runs after `home`, and the screens that they come to. `@part` opens a part of the data, `*` presses
# every key of the screen that its own table tells, `see` is the next line and copies of it.
WAYS = {
    "home": ("tainted", "home see question_mark escape k x see", "RunsScreen KeysScreen CompareScreen"),
    "run": ("tainted", "see z z 2 j j see enter see", "RunScreen DataScreen DropsScreen"),
    "gates": ("tainted", "4 see", "VerdictsScreen"),
    "failures": ("tainted", "5 see enter *", "PredictionsScreen AskScreen PickScreen NearestScreen PromptScreen"),
    "training": ("tainted", "3 x escape p see", "TrainingScreen ChooseTraining RoundsScreen"),
    "spec": ("tainted", "6 see *", "SpecScreen"),
    "counts": ("tainted", "@mixtures see @overlap see @judges j see", "MixturesScreen OverlapScreen JudgesScreen"),
    "made": ("tainted", "@generated see enter see", "GeneratedScreen CandidatesScreen"),
    "alike": ("tainted", "@duplicates see enter see", "DuplicatesScreen ClusterScreen"),
    "limits": ("data", "@thresholds right see @templates j j comma see comma see", "ThresholdsScreen TemplatesScreen"),
    "rows": ("data", "@sources see enter G k see enter see", "SourcesScreen RowsScreen FateScreen"),
    "conversation": ("data", "@mixtures down enter slash z e r o enter enter v", "RowsScreen TrainingRowScreen"),
    "stop": ("going", "S", "ConfirmScreen"),
}
SEE = {"see": ("j", "y", "Y")}
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


async def press_all(go: Journey, screen: View[Any], told: str, seen: set[str]) -> None:
    """The keys of a screen, and Escape until it is in front again."""
    for action in actions_for(*(scope for scope in screen.scopes() if scope not in ("app", "run", "table", "long"))):
        if action.name.partition("(")[0] in NOT_PRESSED:
            continue
        await go.press(action.keys[0])
        look(go, f"{told}: {action.name}")
        seen.add(type(go.app.screen).__name__)
        for _ in range(6):
            if go.app.screen is screen:
                break
            await go.press("escape")
        if go.app.screen is not screen or not screen.is_attached:
            return


def newest(store: Store) -> str:
    return queries.runs(store, 1)[0].run_id


def test_a_way_leads_to_every_screen() -> None:
    walked = {name for _, _, screens in WAYS.values() for name in screens.split()}
    tables = {**catalogue.VIEWS, **catalogue.PARTS, **catalogue.ABOVE}
    assert {catalogue.screen_class(where).__name__ for where in tables.values()} <= walked
    assert set(every_screen()) == walked


@pytest.mark.parametrize("name", WAYS)
def test_hostile_text_is_text(stores: dict[str, Store], walk: Walk, name: str) -> None:
    store, way, screens = WAYS[name]
    run_id = newest(stores[store])

    async def journey(go: Journey) -> None:
        copied_out: list[str] = []
        go.app.copy_to_clipboard = copied_out.append  # type: ignore[method-assign]
        seen, looked = {type(go.app.screen).__name__}, list[str]()
        for key in (key for word in way.split() for key in SEE.get(word, (word,))):
            if key == "*":
                assert isinstance(go.app.screen, View)
                await press_all(go, go.app.screen, name, seen)
            elif key.startswith("@"):
                go.app.open_part(key[1:], run_id)
                await go.settle()
            elif key != "home":
                await go.press(key)
            seen.add(type(go.app.screen).__name__)
            look(go, f"{name}: {key}")
            looked.append(go.text())
        assert set(screens.split()) <= seen, seen
        assert "[bold]markup" in "".join(looked) and "␛[31m" in "".join(looked), "nothing harmful was there to look at"
        assert not any(unsafe(text.replace("\t", "")) for text in copied_out), "what is copied acts when it is pasted"
        assert go.app.is_running

    walk(stores[store], journey, run_id=None if way.startswith("home") else run_id, size=(WIDTH, HEIGHT))


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
