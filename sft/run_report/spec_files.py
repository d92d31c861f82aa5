"""The files of a run's spec for the end of a page, as they were when it ran."""

from __future__ import annotations

from runtime.store import Store
from tui.spec_queries import spec_texts


def spec_files(store: Store, run_id: str) -> list[tuple[str, str, str]]:
    """Path, text and a note where there has to be one."""
    return [(one.path, one.text, one.note) for one in spec_texts(store, run_id)]
