"""Stores for the dashboard's tests, each built once: tests only read them."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from textual.pilot import Pilot

from runtime.baselines import bless
from runtime.store import Store
from sft.project import run
from tests.made_once import made_once
from tests.tui.at_rest import drained, rest
from tests.tui.data_store import build as build_data
from tests.tui.recorded_project import write_project
from tests.tui.sample_store import build
from tui import questions
from tui.app import Dashboard


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return build(tmp_path_factory.mktemp("done"))


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return build(tmp_path_factory.mktemp("hostile"), hostile=True)


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return build(tmp_path_factory.mktemp("begun"), status="running")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store whose data steps ran."""
    return Store(made_once(tmp_path_factory, "data", build_data) / ".sft")


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three runs of one spec: the first is blessed, the second is worse, the third says the same."""
    return made_once(tmp_path_factory, "three", _run_three)


def _run_three(folder: Path) -> None:
    spec = write_project(folder, wrong=4)
    assert run(spec).status == "done"
    bless(Store(folder / ".sft"), "last", "main", folder, note=None, replace=False, anyway=True)
    write_project(folder, wrong=12)
    assert run(spec).status == "done"
    spec.write_text(spec.read_text().replace(">= 1", ">= 2"))
    assert run(spec).status == "done"


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Store], Store]:
    """A copy of a store for a test to write to."""
    return lambda store: Store(Path(shutil.copytree(store.root, tmp_path / ".sft")))


@pytest.fixture
def running(begun: Store, tmp_path: Path) -> Store:
    """A run in its training, of this very process, for a test to write to."""
    return Store(Path(shutil.copytree(begun.root, tmp_path / ".sft")))


@pytest.fixture
def killed(running: Store) -> Store:
    """A run that the store calls running and whose process is gone."""
    process = subprocess.Popen(["true"])
    process.wait()
    with running.writing() as con:
        con.execute("UPDATE runs SET pid = ?", [process.pid])
    return running


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An item is read as soon as the cursor comes to it, so that a journey has nothing to wait for."""
    monkeypatch.setattr("tui.screens.predictions.REST_SECONDS", 0.001)


@pytest.fixture(autouse=True)
def bugs(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Tracebacks of internal errors that a screen told of, and their files: none, unless a test takes them away."""
    kept: dict[str, str] = {}
    monkeypatch.setattr("runtime.internal_errors._KEPT", kept)
    yield kept
    assert not kept, next(iter(kept))


class Journey:
    """Keys pressed in a headless dashboard, and what then stands on its screen."""

    def __init__(self, app: Dashboard, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        for key in keys:
            with patch("textual.app.wait_for_idle", lambda *_: drained(self.app)):
                await self.pilot.press(key)
            await self.settle()

    async def settle(self) -> None:
        """Until all questions are answered and the screen is drawn."""
        await rest(self.app, self.pilot)

    async def until(self, text: str, seconds: float = 10.0) -> None:
        """Wait until a text is on the screen; fails when it does not come."""
        for _ in range(int(seconds / 0.05)):
            if text in self.text():
                return
            await self.pilot.pause(0.05)
        raise AssertionError(f"{text!r} did not appear:\n{self.text()}")

    def text(self) -> str:
        """The screen as lines of text."""
        width, height = self.app.size
        lines = self.app.screen._compositor.render_strips()
        assert len(lines) == height, width
        return "\n".join(line.text for line in lines)


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``walk(store, journey, size=…, run_id=…)`` runs an async journey in a fresh dashboard, with all colours."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("textual.screen.UPDATE_PERIOD", 1.0)  # a journey draws when it comes to rest

    def start(store: Store, journey: Callable[[Journey], Awaitable[Any]], **how: Any) -> None:
        async def go() -> None:
            app = Dashboard(store, how.get("run_id"))
            async with app.run_test(size=how.get("size", (100, 34)), notifications=True) as pilot:
                walker = Journey(app, pilot)
                await walker.settle()
                await journey(walker)

        asyncio.run(go())
        questions.leave(30.0)  # nothing reads on into the next test

    return start
