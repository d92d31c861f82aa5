"""Pictures of every screen of the dashboard, made from a store: ``python docs/make_screenshots.py .sft docs/images``.

Each screen is drawn headless and saved as SVG; the newest run of the store is shown unless ``--run`` names another.
``--all`` takes every screen at 80x24, 120x40 and 200x60, in dark and light, in 16 colours and without any, to look at
(into a folder outside of the repository); the repository keeps one picture a screen and a few others (``KEPT``).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from textual.pilot import Pilot

from runtime.baselines import find_run
from runtime.looks import keep_others_out
from runtime.store import Store
from tui.app import Dashboard

# Name of the picture -> keys from the screen of the run, or from the list of runs; `@part` opens a part of the data.
JOURNEYS = {
    "run": ("1",),
    "data": ("2", "down", "down"),
    "drops": ("2", *["down"] * 5, "enter"),
    "fate": ("2", *["down"] * 5, "enter", "enter"),
    "sources": ("2", "@sources"),
    "mixtures": ("2", "@mixtures"),
    "duplicates": ("2", "@duplicates"),
    "overlap": ("2", "@overlap"),
    "thresholds": ("2", "@thresholds", *["right"] * 6),
    "templates": ("2", "@templates"),
    "generated": ("2", "@generated"),
    "candidates": ("2", "@generated", "enter"),
    "training": ("3", "w", *["left"] * 12),
    "rounds": ("3", "p"),
    "spec": ("6",),
    "verdicts": ("4",),
    "predictions": ("5",),
    "item": ("5", "enter"),
    "nearest": ("5", "a"),
    "training-row": ("5", "a", "enter"),
    "search": ("slash", *"predict"),
    "keys": ("5", "question_mark"),
}
FROM_RUNS = {"runs": (), "compare": ("x",)}
# Pictures of the newest run of another spec, where the store has one.
SPEC_OF = dict.fromkeys(("rounds", "mixtures", "generated", "candidates"), "star.sft")
SIZES = ("80x24", "120x40", "200x60")
THEMES = ("dark", "light", "ansi-dark")
# Picture -> size and theme, of those that the repository keeps beside one a screen.
KEPT = {"run": ("80x24", "dark"), "verdicts": ("120x40", "light")}


async def take(
    store: Store, run_id: str, folder: Path, size: str, theme: str, suffix: str, wanted: Mapping[str, tuple[str, ...]]
) -> None:
    """Save one SVG a screen."""
    columns, rows = (int(part) for part in size.split("x"))
    for name, keys in wanted.items():
        shown = newest_of(store, SPEC_OF[name]) if name in SPEC_OF else run_id
        if shown is None:
            continue
        app = Dashboard(store, None if name in FROM_RUNS else shown, theme=theme)
        async with app.run_test(size=(columns, rows)) as pilot:
            await settle(pilot)
            for key in keys:
                if key.startswith("@"):
                    app.open_part(key[1:], shown)
                else:
                    await pilot.press(key)
                await settle(pilot)
            (folder / f"{name}{suffix}.svg").write_text(app.export_screenshot(title="sft tui"), encoding="utf-8")


def newest_of(store: Store, spec: str) -> str | None:
    """The newest run of a spec."""
    rows = store.query("SELECT run_id FROM runs WHERE spec = ? ORDER BY started_at DESC LIMIT 1", [spec])
    return rows[0][0] if rows else None


async def settle(pilot: Pilot[None]) -> None:
    """Until the workers that read the store have answered and the screen is drawn."""
    await pilot.pause(0.05)
    while any(not worker.is_finished for worker in pilot.app.workers):
        await pilot.pause(0.02)
    await pilot.pause(0.05)


async def take_all(store: Store, run_id: str, folder: Path, wanted: Mapping[str, tuple[str, ...]]) -> None:
    """Every screen in every size and theme, and once without colour."""
    for size in SIZES:
        for theme in THEMES:
            await take(store, run_id, folder, size, theme, f"-{size}-{theme}", wanted)
    os.environ["NO_COLOR"] = "1"
    await take(store, run_id, folder, "80x24", "ansi-dark", "-80x24-none", wanted)


async def take_kept(store: Store, run_id: str, folder: Path, wanted: Mapping[str, tuple[str, ...]]) -> None:
    await take(store, run_id, folder, "120x40", "dark", "", wanted)
    for name, (size, theme) in KEPT.items():
        if name in wanted:
            suffix = "".join(f"-{part}" for part in (size, theme) if part not in ("120x40", "dark"))
            await take(store, run_id, folder, size, theme, suffix, {name: wanted[name]})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path, help="a store folder (.sft)")
    parser.add_argument("folder", type=Path, help="where the SVG files go")
    parser.add_argument("--run", default="last", help="id of a run, or the beginning of one")
    parser.add_argument("--all", action="store_true", help="every size and theme")
    parser.add_argument("--only", action="append", help="only this screen; may be given again")
    given = parser.parse_args()
    store = Store(given.store)
    given.folder.mkdir(parents=True, exist_ok=True)
    os.environ["COLORTERM"] = "truecolor"
    os.environ.pop("NO_COLOR", None)
    wanted = {**FROM_RUNS, **JOURNEYS}
    if given.only:
        wanted = {name: keys for name, keys in wanted.items() if name in given.only}
    run_id = find_run(store, given.run)[0]
    asyncio.run((take_all if given.all else take_kept)(store, run_id, given.folder, wanted))
    keep_others_out(5.0)  # what the last screen still asked


if __name__ == "__main__":
    main()
