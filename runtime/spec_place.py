"""Where the spec of a run stands: beside its store, or in the folder that it was run in.

Beside the store comes first, because a project is copied and moved with its store, and a path that was recorded is then
the one of before.
"""

from __future__ import annotations

from pathlib import Path

from compiler.plan import EXPORT_MARK
from runtime.environment import SPEC_FOLDER
from runtime.store import Store


def spec_place(store: Store, run_id: str) -> Path | None:
    """The folder that has the file of a run's spec; None where neither has it."""
    rows = store.query(
        "SELECT r.spec, e.value FROM runs r LEFT JOIN environment e ON e.run_id = r.run_id AND e.key = ? "
        "WHERE r.run_id = ?",
        [SPEC_FOLDER, run_id],
    )
    for spec, recorded in rows:
        name = str(spec).partition(EXPORT_MARK)[0]
        folders = [store.root.resolve().parent, *([Path(recorded)] if recorded else [])]
        return next((folder for folder in folders if _there(folder / name)), None)
    return None


def _there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a store may come from anybody: a name may hold what no path can
        return False
