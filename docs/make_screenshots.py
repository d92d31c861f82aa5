"""Pictures of every screen of the dashboard, made from a store: ``python docs/make_screenshots.py .sft docs/images``.

Each screen is drawn headless at 120x40 (and at the sizes given with ``--size``) and saved as SVG;
the newest run of the store is shown unless ``--run`` names another.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from textual.pilot import Pilot

from runtime.baselines import find_run
from runtime.store import Store
from tui.app import Dashboard

# Name of the picture -> keys from the screen of the run.
JOURNEYS = {
    "run": ("1",),
    "data": ("2", "down", "down"),
    "drops": ("2", *["down"] * 5, "enter"),
    "training": ("3",),
    "verdicts": ("4",),
    "predictions": ("5",),
    "item": ("5", "enter"),
    "keys": ("5", "question_mark"),
}


async def take(store: Store, run_id: str, folder: Path, size: tuple[int, int], suffix: str, theme: str) -> None:
    """Save one SVG a screen."""
    for name, keys in {"runs": (), **JOURNEYS}.items():
        app = Dashboard(store, None if name == "runs" else run_id)
        app.theme = theme
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            for key in keys:
                await pilot.press(key)
                await settle(pilot)
            (folder / f"{name}{suffix}.svg").write_text(app.export_screenshot(title="sft tui"), encoding="utf-8")


async def settle(pilot: Pilot[None]) -> None:
    """Until the workers that read the store have answered and the screen is drawn."""
    await pilot.pause(0.05)
    while any(not worker.is_finished for worker in pilot.app.workers):
        await pilot.pause(0.02)
    await pilot.pause(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path, help="a store folder (.sft)")
    parser.add_argument("folder", type=Path, help="where the SVG files go")
    parser.add_argument("--run", default="last", help="id of a run, or the beginning of one")
    parser.add_argument("--size", default="120x40", help="columns x rows")
    parser.add_argument("--suffix", default="", help="appended to the names of the files")
    parser.add_argument("--theme", default="sft-dark")
    given = parser.parse_args()
    store = Store(given.store)
    given.folder.mkdir(parents=True, exist_ok=True)
    columns, rows = (int(part) for part in given.size.split("x"))
    run_id = find_run(store, given.run)[0]
    asyncio.run(take(store, run_id, given.folder, (columns, rows), given.suffix, given.theme))


if __name__ == "__main__":
    main()
