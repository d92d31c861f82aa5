"""The dashboard's views as text, JSON or Markdown, for terminals, logs and other programs.

The same queries and view models as the dashboard's. Text has aligned columns, is never wider than
the terminal (100 columns where there is none) and holds no control character, whatever the data
held. JSON has every value as it is stored, lists cut at ``limit``. Reads the store, writes nothing. A page is one look
at it, unless it works something out.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

from runtime.baselines import find_run
from runtime.store import Store
from sft.plain_tables import as_markdown, as_text, terminal_width
from sft.show_filters import step_id
from sft.show_pages import PAGES, Filters

COMPUTED = ("runs", "row")  # these work things out, which takes longer than one look at the store may


def show(
    store: Store, run_id: str | None, view: str, fmt: str = "text", *, width: int | None = None, **filters: Any
) -> str:
    """One view of a run (the newest one when ``run_id`` is None), ending in a line break.

    ``view`` is one of ``PAGES``, ``fmt`` is text, json or markdown, ``filters`` are the fields of
    ``Filters``. Raises DiagnosticError: SFT0914 for an unknown run, SFT0910 for an unknown name in
    a filter, and what opening the store can raise.
    """
    wanted = "" if view == "runs" else run_id or find_run(store, "last")[0]
    with nullcontext() if view in COMPUTED else store.reading():
        if filters.get("step") is not None and wanted:
            filters["step"] = step_id(store, wanted, filters["step"])
        page = PAGES[view](store, wanted, Filters(**filters))
    if fmt == "json":
        return json.dumps(page.data, ensure_ascii=True, indent=2, default=_as_text) + "\n"
    return as_markdown(page) if fmt == "markdown" else as_text(page, width or terminal_width())


def _as_text(value: object) -> str:
    """Moments and paths, which JSON has no form for. Anything else is a mistake of ours, not to be written as Python
    shows it."""
    if isinstance(value, date | Path):
        return str(value)
    raise TypeError(f"JSON has no form for {type(value).__name__}")
