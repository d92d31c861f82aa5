"""The fate of one row in a run, as ``sft trace`` finds it: where it stands, and what every step did with it.

Each step costs a pass over one column of its rows, some 100 ms a million; the store is opened for each question and
not held in between.
"""

from __future__ import annotations

from dataclasses import dataclass

from compiler.plan import StepKind
from runtime.store import Store
from runtime.tracing.fates import Fate, fates
from runtime.tracing.find import Unreadable, find
from runtime.tracing.scene import scene_of
from runtime.tracing.written import Lineage, lineage
from spec_lang.diagnostics import DiagnosticError
from tui.view_models.fates import cell, source_of, told


@dataclass(frozen=True)
class FateLine:
    """One step: what it did in a line, a note that may be empty, and whether the row is a conversation there."""

    step_id: str
    kind: str
    state: str
    line: str
    note: str
    conversation: bool


@dataclass(frozen=True)
class RowFate:
    """A row with its places, or a line or candidate that never became one: ``lost`` says why."""

    row_id: str
    places: tuple[str, ...]
    content: tuple[tuple[str, str], ...]
    steps: tuple[FateLine, ...]
    lost: str = ""
    written: str = ""  # of a row that a model wrote: by which step, from what


def row_fate(store: Store, run_id: str, wanted: str) -> RowFate:
    """The fate of a row by its id, or by ``FILE:LINE``. Raises DiagnosticError SFT0926 (no such row), SFT0914."""
    with scene_of(store, run_id) as scene:
        written = lineage(scene, wanted) if ":" not in wanted else None
        if written is not None and written.verdict == "rejected" and written.row_id == wanted:
            return _rejected(written)
        try:
            found = find(scene, wanted)
        except DiagnosticError:
            if written is None or written.verdict != "rejected":
                raise
            return _rejected(written)
        if isinstance(found, Unreadable):
            return RowFate(wanted, (found.place,), (), (), found.reason)
        row_id = found[0].row_id
        lines = tuple(_line(fate) for fate in fates(scene, row_id, found))
        places = tuple(f"{origin.place} (source {source_of(origin)})" for origin in found)
        content = tuple(
            (name, value if isinstance(value, str) else cell(value)) for name, value in found[0].content.items()
        )
        about = _written(written) if written is not None and written.row_id == row_id else ""
        return RowFate(row_id, places, content, lines, written=about)


def _line(fate: Fate) -> FateLine:
    line, note = told(fate)
    trained = bool(fate.copies) and fate.step.kind in (StepKind.RENDER, StepKind.MIX)
    return FateLine(fate.step.id, str(fate.step.kind), fate.state, line, note, trained)


def _rejected(written: Lineage) -> RowFate:
    why = f"rejected by {(written.rule or '').replace('_', ' ')}"
    why += f" · value {written.value}" if written.value is not None else ""
    why += f": {written.detail}" if written.detail else ""
    content = tuple((name, value if isinstance(value, str) else cell(value)) for name, value in written.content.items())
    return RowFate(written.row_id, (f"written by {written.step.id}",), content, (), why, _written(written))


def _written(written: Lineage) -> str:
    parents = ", ".join(
        origin.place if origin is not None else parent[:12] for parent, origin in list(written.parents.items())[:6]
    )
    more = len(written.parents) - 6
    text = f"written by {written.step.id} in round {written.round + 1}, generation {written.generation}"
    text += f", from {parents}" if parents else ""
    return text + (f" and {more} more" if more > 0 else "")
