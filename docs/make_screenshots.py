"""Pictures of every screen of the dashboard, made from a store: ``python docs/make_screenshots.py .sft docs/images``.

Each screen is drawn headless and saved as SVG; the newest run of the store is shown unless ``--run`` names another.
``--all`` takes every screen and state at 80x24, 120x40 and 200x60, in dark and light, in 16 colours and without any, to
look at (into a folder outside of the repository), and fails where there is a screen that no picture shows. The
repository keeps one picture a screen and a few others (``KEPT``). What there is to picture is in ``pictures``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from picture_stores import MADE, held
from pictures import HOME, SCREENS, SHOWN, STATES, Picture
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen

from runtime.baselines import find_run
from runtime.looks import keep_others_out
from runtime.store import Store
from tests.tui.every_screen import every_screen
from tui.app import Dashboard
from tui.themes import SHORT_NAMES

SIZES = ("80x24", "120x40", "200x60")
THEMES = ("dark", "light")
OF_THE_TERMINAL = ("ansi-dark", "ansi-light")  # 16 colours: at the smallest size
# Picture, size, theme: those that the repository keeps beside one a screen.
KEPT = (("run", "80x24", "dark"), ("predictions", "200x60", "dark"), ("verdicts", "120x40", "light"))


class Taker:
    """Takes pictures of one store, and of those that are made for the states that it does not have."""

    def __init__(self, store: Store, run_id: str, folder: Path, made: Path) -> None:
        self.store, self.run_id, self.folder = store, run_id, folder
        self._made, self._stores = made, dict[str, Store]()
        self.seen: set[type[Screen[Any]]] = set()

    def _store(self, name: str) -> Store:
        if not name:
            return self.store
        if name not in self._stores:
            self._stores[name] = MADE[name](self._made / name)
        return self._stores[name]

    async def take(self, name: str, picture: Picture, size: str, themes: Mapping[str, str]) -> None:
        """Save one SVG a theme: theme -> what follows the name. One journey is enough for all of them, but for dialogs,
        which keep the colours that they were opened in."""
        store = self._store(picture.store)
        run_id = self.run_id if not picture.store and picture.at == SHOWN else newest(store, picture.at)
        if picture.at != HOME and run_id is None:
            return
        columns, rows = (int(part) for part in size.split("x"))
        first, *others = themes
        app = Dashboard(store, None if picture.at == HOME else run_id, theme=first)
        with ExitStack() as meanwhile:
            async with app.run_test(size=(columns, rows), notifications=True) as pilot:
                await settle(pilot)
                for key in picture.keys:
                    if key.startswith("@"):
                        app.open_part(key[1:], run_id or "")
                    elif key == "!hold":
                        meanwhile.enter_context(held(store))
                    else:
                        await pilot.press(key)
                    self.seen.add(type(app.screen))
                    await settle(pilot)
                self.seen |= {type(screen) for screen in app.screen_stack}
                self._save(app, name + themes[first])
                while others and not isinstance(app.screen, ModalScreen):
                    theme = others.pop(0)
                    app.theme = SHORT_NAMES[theme]
                    await settle(pilot)
                    self._save(app, name + themes[theme])
        for theme in others:
            await self.take(name, picture, size, {theme: themes[theme]})

    def _save(self, app: Dashboard, name: str) -> None:
        (self.folder / f"{name}.svg").write_text(app.export_screenshot(title="sft tui"), encoding="utf-8")

    async def all(self, wanted: Mapping[str, Picture], sizes: Sequence[str], themes: Sequence[str]) -> None:
        for size in sizes:
            for name, picture in wanted.items():
                await self.take(name, picture, size, {theme: f"-{size}-{theme}" for theme in themes})

    async def kept(self, wanted: Mapping[str, Picture]) -> None:
        for name, picture in wanted.items():
            await self.take(name, picture, "120x40", {"dark": ""})
        for name, size, theme in KEPT:
            if name in wanted:
                suffix = "".join(f"-{part}" for part in (size, theme) if part not in ("120x40", "dark"))
                await self.take(name, wanted[name], size, {theme: suffix})


def newest(store: Store, spec: str) -> str | None:
    """The newest run of a spec, or of all where it is none."""
    if not store.exists:
        return None
    rows = store.query(
        "SELECT run_id FROM runs WHERE spec = $1 OR $2 ORDER BY started_at DESC LIMIT 1", [spec, spec in (SHOWN, HOME)]
    )
    return rows[0][0] if rows else None


async def settle(pilot: Pilot[None]) -> None:
    """Until the workers that read the store have answered and the screen is drawn."""
    quiet = 0
    while quiet < 3:  # an answer that is shown may ask the next question, and a pane grows after its text
        await pilot.pause(0.03)
        quiet = 0 if any(not worker.is_finished for worker in pilot.app.workers) else quiet + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path, help="a store folder (.sft)")
    parser.add_argument("folder", type=Path, help="where the SVG files go")
    parser.add_argument("--run", default="last", help="id of a run, or the beginning of one")
    parser.add_argument("--all", action="store_true", help="every screen and state, in every size and theme")
    parser.add_argument("--only", action="append", help="only this picture; may be given again")
    parser.add_argument("--size", action="append", choices=SIZES, help="with --all: only this size")
    parser.add_argument("--theme", action="append", choices=(*THEMES, *OF_THE_TERMINAL), help="with --all: only this")
    given = parser.parse_args()
    store = Store(given.store)
    given.folder.mkdir(parents=True, exist_ok=True)
    os.environ["COLORTERM"] = "truecolor"
    os.environ.pop("NO_COLOR", None)
    wanted = {**SCREENS, **STATES} if given.all else SCREENS
    if given.only:
        wanted = {name: picture for name, picture in {**SCREENS, **STATES}.items() if name in given.only}
    with tempfile.TemporaryDirectory() as made:
        taker = Taker(store, find_run(store, given.run)[0], given.folder, Path(made))
        if not given.all:
            asyncio.run(taker.kept(wanted))
        else:
            sizes, themes = given.size or SIZES, given.theme or THEMES
            asyncio.run(taker.all(wanted, sizes, themes))
            if not given.theme and SIZES[0] in sizes:
                asyncio.run(taker.all(wanted, SIZES[:1], OF_THE_TERMINAL))
                os.environ["NO_COLOR"] = "1"
                asyncio.run(taker.all(wanted, SIZES[:1], ("none",)))
        keep_others_out(5.0)  # what the last screen still asked
    missed = sorted(name for name, one in every_screen().items() if one not in taker.seen)
    if given.all and not given.only and missed:
        raise SystemExit(f"no picture shows {', '.join(missed)}: say in docs/pictures.py how to come there")


if __name__ == "__main__":
    main()
