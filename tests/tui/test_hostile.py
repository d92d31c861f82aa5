"""Text of data, models and specs that is made to do harm shows as text on every screen that there is.

Screens come from the dashboard's own tables (views, their parts, what opens above them), so one that is added is walked
too. On each a line is opened, and the keys of the screen are pressed, but for those that leave it or start
something. No control character, bidirectional mark or zero-width character may reach the terminal, no markup may be
taken for markup, nothing may be written to the clipboard, and no line may be wider than the screen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from runtime.store import Store
from tests.tui.conftest import Journey
from tests.tui.failure_store import copied
from tests.tui.sample_store import HOSTILE, RUN
from tui.actions import actions_for
from tui.screens import catalogue
from tui.screens.compare import CompareScreen
from tui.screens.run import RunScreen
from tui.screens.runs import RunsScreen
from tui.screens.view import View

Walk = Callable[..., None]
TAINT = (
    HOSTILE
    + "a\xad\u034f\u115f\u1160\u3164\u180e\ufe0f\uffa0\U000e0100"
    + "\u200b\u200d\ufeff\u2066\u2069\u061c 👩\u200d👩\u200d👧 e\u0301 ﷽ [/] [@click=app.quit]x[/] \x9b31m\x7f\t"
)
LONG = "x" * 1_000_000
# Left to the tests of those screens: they leave, or start and stop runs.
NOT_PRESSED = {"quit", "back", "stop", "again", "bless", "next_theme"}
WIDTH, HEIGHT = 110, 36


def views() -> dict[str, Any]:
    """Name -> screen, of every view of a run and every part of one."""
    return {name: catalogue.screen_class(where) for name, where in {**catalogue.VIEWS, **catalogue.PARTS}.items()}


@pytest.fixture(scope="module")
def tainted(hostile: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Every text column that data, models, a spec or a person can fill."""
    store = copied(hostile, tmp_path_factory.mktemp("tainted"), taint=TAINT)
    filled = {
        "predictions": ("prompt", "output", "expected", "stop_reason"),
        "item_metrics": ("reason",),
        "gates": ("text", "reason", "test"),
        "runs": ("error",),
        "rules": ("text", "reason"),
        "ledger": ("value", "detail", "file"),
        "steps": ("reason", "error"),
        "sources": ("path", "licence", "origin"),
        "environment": ("value",),
        "baselines": ("note",),
    }
    with store.writing() as con:
        for table, columns in filled.items():
            for column in columns:
                con.execute(f"UPDATE {table} SET {column} = concat({column}, ?)", [TAINT])
        con.execute(
            "INSERT INTO runs SELECT * REPLACE (run_id || ? AS run_id, status || ? AS status, verdict || ? AS verdict, "
            "started_at - INTERVAL 1 DAY AS started_at) FROM runs WHERE run_id = ?",
            [TAINT, TAINT, TAINT, RUN],
        )
        con.execute("UPDATE item_slices SET value = value || ?", [TAINT])
        con.execute("UPDATE predictions SET output = ? || output WHERE rowid % 9 = 0", [LONG])
        con.execute("UPDATE predictions SET prompt = prompt || ? WHERE rowid % 9 = 1", [LONG])
        con.execute("UPDATE predictions SET expected = ? WHERE rowid % 9 = 2", [LONG + TAINT])
        con.execute(
            "INSERT INTO marks SELECT 'format', 'chatty', row_id, ?, ?, 'tuned', step_hash, now(), 0 "
            "FROM predictions WHERE step_hash IN (SELECT step_hash FROM steps WHERE name = 'format.tuned.chatty')",
            [TAINT, RUN],
        )
    return store


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


@pytest.mark.parametrize("name", sorted(views()))
def test_hostile_text_is_text(tainted: Store, walk: Walk, name: str) -> None:
    async def journey(go: Journey) -> None:
        copied_out: list[str] = []
        go.app.copy_to_clipboard = copied_out.append  # type: ignore[method-assign]
        look(go, "run")
        if name != "run":
            await go.app.push_screen(views()[name](RUN, None))
            await go.settle()
        screen = go.app.screen
        look(go, name)
        for key in ("j", "enter"):
            await go.press(key)
            look(go, f"{name}: {key}")
        for _ in range(3):
            if go.app.screen is not screen:
                await go.press("escape")
        assert isinstance(screen, View)
        await press_all(go, screen, name)
        assert not any(unsafe(text.replace("\t", "")) for text in copied_out), "what is copied acts when it is pasted"
        assert go.app.is_running

    walk(tainted, journey, run_id=RUN, size=(WIDTH, HEIGHT))


def test_hostile_text_in_the_list_of_runs(tainted: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        look(go, "runs")
        assert "[bold]" in go.text() or "␛" in go.text()
        await go.press("question_mark")
        look(go, "keys")
        await go.press("escape", "j")  # a run whose id, state and verdict are made to do harm as well
        look(go, "about a run")
        assert isinstance(go.app.screen, RunsScreen) and HOSTILE in (go.app.screen.table().current or "")
        await go.press("space", "k", "x")
        assert isinstance(go.app.screen, CompareScreen)
        look(go, "compare")
        await go.press("escape", "j", "enter")
        assert isinstance(go.app.screen, RunScreen)
        look(go, "run")

    walk(tainted, journey, size=(WIDTH, HEIGHT))


def test_the_taint_is_in_what_is_shown(tainted: Store, walk: Walk) -> None:
    """The test above looks at something: markup and escape characters stand on the failures screen as text."""

    async def journey(go: Journey) -> None:
        await go.press("5", "enter")
        text = go.text()
        assert "[bold]markup" in text and "␛[31m" in text and "⟨U+" in text

    walk(tainted, journey, run_id=RUN, size=(WIDTH, 60))
    assert Path(tainted.root).exists()
