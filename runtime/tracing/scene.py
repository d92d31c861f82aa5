"""What a look at rows of a run needs: its plan, its store, and an engine over the artifacts for as long as it looks.

Opening it costs some 50 ms, most of it reading the plan. The store is not held: who asks several things in a row and
wants it held takes ``store.reading()`` around it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from compiler.plan import Plan
from runtime.own_results import begun_steps
from runtime.relational import engine
from runtime.store import Store
from runtime.tracing.find import Scene
from spec_lang.diagnostics import fatal


@contextmanager
def scene_of(store: Store, run_id: str) -> Iterator[Scene]:
    """Raises DiagnosticError SFT0914 for an unknown run, SFT0922 where its plan is of another version."""
    rows = store.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])
    if not rows:
        raise fatal("SFT0914", f"there is no run `{run_id}` in this store", "`sft show runs` lists them")
    plan = plan_of(rows[0][0])
    if plan is None:
        message = f"the plan of run `{run_id}` was made by another version of sft, and this one cannot read it"
        raise fatal("SFT0922", message, "run the spec again: `sft run FILE`")
    with tempfile.TemporaryDirectory(prefix="sft-look-") as scratch, engine(Path(scratch)) as db:
        yield Scene(plan, store, db, begun_steps(store, run_id))


def plan_of(text: str) -> Plan | None:
    """A stored plan; None for one of a version that this one cannot read."""
    try:
        return Plan.from_json(text)
    except (ValidationError, KeyError):
        return None
