"""The spec of a run: its files as they were when it began, what the run said of their lines, and what `check` says now.

A store of an earlier version has no texts; then the files beside the store are shown, with a note that they may be
others by now. What `check` says depends on data files, so it is asked apart, in a thread of its own: 10 ms for a
hundred lines once the columns of the sources are known.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.plan import EXPORT_MARK
from compiler.world import Problem
from runtime.spec_place import spec_place
from runtime.store import Store
from runtime.world import LocalWorld
from spec_lang.diagnostics import Diagnostic
from spec_lang.imports import imported_paths
from spec_lang.source import SourceFile

CHANGED = "the file on disk is another one by now; this is what ran"
FROM_DISK = "the store does not have the text that ran: this is the file on disk, which may be another one by now"


@dataclass(frozen=True, slots=True)
class SpecText:
    """A file of a spec; ``note`` says where it is from, where that has to be said."""

    path: str
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LineFinding:
    """A finding at a line; line 0 is of the file as a whole. ``of_run``: said while it ran, and not by a check now."""

    path: str
    line: int
    severity: str
    code: str
    message: str
    help: str | None
    of_run: bool


def spec_texts(store: Store, run_id: str) -> list[SpecText]:
    """The files of a run's spec, the main one first; nothing where neither the store nor the disk has it."""
    folder = spec_folder(store, run_id)
    if kept := _kept(store, run_id):
        return [SpecText(path, text, _changed(folder / path, text)) for path, text in kept]
    rows = store.query("SELECT spec FROM runs WHERE run_id = ?", [run_id])
    texts = _on_disk(folder, str(rows[0][0]).partition(EXPORT_MARK)[0]) if rows else {}
    return [SpecText(path, text, FROM_DISK) for path, text in texts.items()]


def spec_folder(store: Store, run_id: str) -> Path:
    """Where the spec of a run stands, or would."""
    return spec_place(store, run_id) or store.root.resolve().parent


def _kept(store: Store, run_id: str) -> list[tuple[str, str]]:
    if not _has(store, "spec_files"):
        return []
    rows = store.query("SELECT path, text FROM spec_files WHERE run_id = ? ORDER BY ordinal", [run_id])
    return [(row[0], row[1]) for row in rows]


def _has(store: Store, table: str) -> bool:
    """Whether the store has a table: one of an earlier version that cannot be written lacks it."""
    sql = "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = ?"
    return bool(store.query(sql, [table]))


def _changed(path: Path, text: str) -> str:
    """A note where a file stands there that says something else; none where there is none to compare with."""
    try:
        return "" if path.read_bytes().decode("utf-8-sig") == text else CHANGED
    except (OSError, ValueError):
        return ""


def _on_disk(folder: Path, main: str) -> dict[str, str]:
    """The main spec of a folder and what it imports, as far as they can be read."""
    found: dict[str, str] = {}
    names, world = [main], LocalWorld(folder)
    for name in names:  # which grows
        text = world.read_text(name)
        if isinstance(text, str):
            found[name] = text
            names += [path for path in imported_paths(SourceFile(name, text, name)) if path not in names]
    return found


def findings_of_run(store: Store, run_id: str) -> list[LineFinding]:
    """What stopped a run, and warnings of its loops, where they have a place."""
    if not _has(store, "findings"):
        return []
    rows = store.query(
        "SELECT path, coalesce(line, 0), coalesce(severity, 'error'), code, message, help FROM findings "
        "WHERE run_id = ? AND path IS NOT NULL ORDER BY number",
        [run_id],
    )
    return [LineFinding(*(*row, True)) for row in rows]


class _World(LocalWorld, frozen=True):
    """The files of a run in front of those on disk."""

    texts: Mapping[str, str]

    def read_text(self, path: str) -> str | Problem:
        return self.texts[path] if path in self.texts else super().read_text(path)


def findings_now(store: Store, run_id: str, texts: Sequence[SpecText]) -> list[LineFinding]:
    """What `sft check` says of these texts with the data as they are now."""
    from compiler.compile import check

    if not texts:
        return []
    folder, main = spec_folder(store, run_id), texts[0]
    world = _World(folder, {text.path: text.text for text in texts})
    _, found = check(SourceFile(str(folder / main.path), main.text), world)
    return [_placed(finding, main.path) for finding in found]


def _placed(finding: Diagnostic, main: str) -> LineFinding:
    label = finding.primary
    path = posixpath.normpath(label.file.name) if label is not None and label.file.name else main
    line = label.file.position(label.span.start)[0] if label is not None else 0
    severity = str(finding.severity)
    return LineFinding(path, line, severity, finding.code, finding.message, finding.help, of_run=False)
