"""Which row is meant: a line of a file, a row id or its beginning, or a place in what a step made.

Read from the artifacts of the ingest steps, whose line numbers are sorted in the file: of a million rows a line is
found in some 20 ms of processor time, an id by one pass over one column in 130 ms (November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.plan import Plan, Step, StepKind
from compiler.step_params import IngestParams
from runtime.artifacts import Objects
from runtime.relational import PLACE, Engine, parquet, quoted
from runtime.source_files import unit_of
from runtime.store import Store
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import visible

_LINE = re.compile(r"(?P<file>.+)(?::| row )(?P<line>\d+)")
_ID = re.compile(r"[0-9a-f]{4,32}(-\d+)?")


@dataclass(frozen=True)
class Origin:
    """Where a row stands: ``step`` is the ingest step, or the generate step that wrote it, where there is no file (and
    ``line`` is 0); ``content`` its columns that are not empty."""

    step: Step
    row_id: str
    file: str
    line: int
    content: Mapping[str, Any]

    @property
    def place(self) -> str:
        return _place(self.step, self.file, self.line)


@dataclass(frozen=True)
class Unreadable:
    """A line that never became a row, or a row that is no whole conversation."""

    step: Step
    file: str
    line: int
    reason: str

    @property
    def place(self) -> str:
        return _place(self.step, self.file, self.line)


def _place(step: Step, file: str, number: int) -> str:
    """``tickets.jsonl:17``, or ``tickets.json row 17`` where a file has rows and no lines. Both can be asked for."""
    if not isinstance(step.params, IngestParams):
        return f"written by {step.id}"
    return f"{file} row {number}" if unit_of(step.params.format) == "row" else f"{file}:{number}"


@dataclass(frozen=True)
class Scene:
    """Everything that a look needs: the plan of a run, its store, and an engine over the artifacts. ``begun`` are the
    steps whose results are the run's own; None where all are."""

    plan: Plan
    store: Store
    db: Engine
    begun: frozenset[str] | None = None

    def rows_file(self, step: Step) -> Path | None:
        """The rows, or answers, that a step made; None when it made none or they are gone."""
        folder = Objects(self.store.root / "objects").path(step.hash)
        paths = (folder / name for name in ("rows.parquet", "predictions.parquet"))
        return next((path for path in paths if path.exists()), None)

    def columns(self, path: Path) -> list[str]:
        return [row[0] for row in self.db.rows(f"SELECT column_name FROM (DESCRIBE FROM {parquet(path)})")]

    @property
    def beginnings(self) -> list[tuple[Step, Path]]:
        """The steps that rows begin in and whose rows are there, one a hash: those that read and those that write."""
        found = {step.hash: step for step in self.plan if step.kind in (StepKind.INGEST, StepKind.GENERATE)}
        return [(step, path) for step in found.values() if (path := self.rows_file(step)) is not None]


def find(scene: Scene, wanted: str) -> list[Origin] | Unreadable:
    """The row, once for each source that has it. Raises DiagnosticError SFT0926 when there is none, or several."""
    if (match := _LINE.fullmatch(wanted)) is not None:
        return _at_line(scene, match["file"], int(match["line"]))
    if not _ID.fullmatch(wanted):
        help = "give `FILE:LINE`, a row id or its beginning (4 digits or more), or `STEP@N`"
        raise fatal("SFT0926", f"`{visible(wanted)}` is neither a line of a file nor a row id", help)
    return _by_id(scene, wanted)


def origins(scene: Scene, row_ids: Iterable[str]) -> dict[str, Origin]:
    """Where these rows stand, by id, in the first source that has each."""
    found: dict[str, Origin] = {}
    ids = sorted(set(row_ids))
    if ids:
        for step, path in scene.beginnings:
            for origin in _select(scene, step, path, "list_contains(?::VARCHAR[], __row_id)", [ids]):
                found.setdefault(origin.row_id, origin)
    return found


def _at_line(scene: Scene, file: str, line: int) -> list[Origin] | Unreadable:
    found: list[Origin] = []
    lost: list[Unreadable] = []
    firsts: dict[str, Step] = {}
    for step in scene.plan:
        if step.kind is StepKind.INGEST:
            firsts.setdefault(step.hash, step)
    named = _names_of_files(scene, list(firsts.values()))
    known = [name for names in named.values() for name in names]
    for ingest in firsts.values():
        names = named[ingest.hash]
        paths = {names[name] for name in names if name == file or (file not in known and name.endswith("/" + file))}
        rows = scene.rows_file(ingest)
        if paths and rows is None:
            raise fatal("SFT0922", f"the rows of `{ingest.id}` are not in the store", "run the spec: `sft run FILE`")
        for path in sorted(paths):
            assert rows is not None
            found += _select(scene, ingest, rows, "__line = ? AND __file = ?", [line, path])
            lost += [
                Unreadable(ingest, path, line, detail)
                for (detail,) in scene.store.query(
                    "SELECT detail FROM ledger WHERE step_hash = ? AND file = ? AND line = ?", [ingest.hash, path, line]
                )
            ]
    if not found and not lost:
        raise _no_line(file, line, known)
    rows_meant = {origin.row_id for origin in found}
    if len(rows_meant) + len({one.file for one in lost} - {origin.file for origin in found}) > 1:
        raise _several(file, line, found, lost)
    return found or lost[0]


def _names_of_files(scene: Scene, ingests: Sequence[Step]) -> dict[str, dict[str, str]]:
    """By the hash of an ingest step, what its files are called -> what they are called in its rows.

    Whoever read a file first named it in the rows, and equal files are read once, also under another name. An old name
    counts too, unless a source of this run calls a file so by now.
    """
    steps = [step for step in scene.plan if step.kind is StepKind.INGEST]
    now = {path for step in steps for path in step.local["paths"]}
    found: dict[str, dict[str, str]] = {}
    for ingest in ingests:
        own = [step.local["paths"] for step in steps if step.hash == ingest.hash]
        rows = scene.rows_file(ingest)
        query = "SELECT __file FROM {} GROUP BY 1 ORDER BY min({})"
        stored = [name for (name,) in scene.db.rows(query.format(parquet(rows), PLACE))] if rows is not None else []
        names = {name: name for name in stored if name not in now}
        for paths in own:  # a file without a readable row is in none, and then places say nothing
            names |= dict(zip(paths, stored if len(stored) == len(paths) else paths, strict=True))
        found[ingest.hash] = names
    return found


def _several(file: str, line: int, found: list[Origin], lost: list[Unreadable]) -> DiagnosticError:
    """Two files that end in the same name, or one file that two sources read as different rows."""
    places = [f"`{visible(one.place)}` (row `{one.row_id[:12]}` of {one.step.name})" for one in found]
    places += [f"`{visible(one.place)}` (unreadable)" for one in lost]
    listed = ", ".join(places[:4]) + (", …" if len(places) > 4 else "")
    one_file = len({one.file for one in (*found, *lost)}) == 1
    help = "give the row id" if one_file else "give more of the path, or the row id"
    return fatal("SFT0926", f"`{visible(file)}:{line}` is more than one row: {listed}", help)


def _no_line(file: str, line: int, known: list[str]) -> DiagnosticError:
    from spec_lang.suggest import closest

    if any(path == file or path.endswith("/" + file) for path in known):
        return fatal(
            "SFT0926", f"`{visible(file)}` has no row at line {line}", "lines count from 1; an empty line is no row"
        )
    near = closest(file, [*known, *(path.rpartition("/")[2] for path in known)])
    help = f"did you mean `{near[0]}`?" if near else f"it read {', '.join(f'`{path}`' for path in known[:5])}"
    return fatal("SFT0926", f"the run read no file `{visible(file)}`", help)


def _by_id(scene: Scene, wanted: str) -> list[Origin] | Unreadable:
    found = [
        origin
        for step, path in scene.beginnings
        for origin in _select(scene, step, path, "starts_with(__row_id, ?)", [wanted], limit=5)
    ]
    exact = [origin for origin in found if origin.row_id == wanted]
    ids = {origin.row_id for origin in found}
    if exact or len(ids) == 1:
        return exact or found
    if not found:
        if (lost := _lost(scene, wanted)) is not None:
            return lost
        raise fatal("SFT0926", f"the run read no row `{wanted}`", "`sft show ledger` and the dashboard show row ids")
    listed = ", ".join(f"`{row_id}`" for row_id in sorted(ids)[:3])
    raise fatal("SFT0926", f"several rows begin with `{wanted}`: {listed}, …", "give more of the id")


def _lost(scene: Scene, wanted: str) -> Unreadable | None:
    """A row that its source read and did not take; a beginning has to be that of one alone."""
    steps = {step.hash: step for step in scene.plan if step.kind is StepKind.INGEST}
    rows = scene.store.query(
        "SELECT row_id, step_hash, file, line, detail FROM ledger "
        "WHERE list_contains(?, step_hash) AND starts_with(row_id, ?) ORDER BY row_id <> ?, row_id LIMIT 2",
        [list(steps), wanted, wanted],
    )
    if not rows or (len(rows) > 1 and rows[0][0] != wanted):
        return None
    _, step, file, line, detail = rows[0]
    return Unreadable(steps[step], file, int(line), detail)


def _select(
    scene: Scene, step: Step, path: Path, condition: str, values: list[Any], limit: int | None = None
) -> list[Origin]:
    names = [name for name in scene.columns(path) if not name.startswith("__")]
    listed = "".join(f", {quoted(name)}" for name in names)
    cut = f" LIMIT {limit}" if limit is not None else ""
    rows = scene.db.rows(
        f"SELECT __row_id, coalesce(__file, ''), coalesce(__line, 0){listed} FROM {parquet(path)} "
        f"WHERE {condition} ORDER BY __row_id{cut}",
        values,
    )
    return [
        Origin(step, row[0], row[1], int(row[2]), {n: v for n, v in zip(names, row[3:], strict=True) if v is not None})
        for row in rows
    ]
