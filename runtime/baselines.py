"""Baselines: runs that somebody blessed by name. They move only when that is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compiler.plan import EXPORT_MARK
from compiler.world import Problem
from runtime.artifacts import write_file
from runtime.blessed_file import file_of, names, read_document, text_of
from runtime.blessing import document
from runtime.spec_place import spec_place
from runtime.store import Store
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible

LAST = "last"  # the newest run of a spec
_NAME = re.compile(r"[A-Za-z][\w.-]*")


@dataclass(frozen=True, slots=True)
class Baseline:
    name: str
    run_id: str
    plan_hash: str
    path: Path


def find_run(store: Store, wanted: str) -> tuple[str, str, str, str | None]:
    """``(run_id, plan_hash, status, verdict)`` by id, unique beginning of an id, name of a baseline, or ``last``.

    Raises DiagnosticError SFT0914 for an unknown or ambiguous id.
    """
    columns = "SELECT run_id, plan_hash, status, verdict FROM runs"
    if wanted == LAST:
        newest = "ORDER BY contains(spec, ?), started_at DESC LIMIT 1"  # a run that only served an export comes last
        rows = store.query(f"{columns} {newest}", [EXPORT_MARK])
    else:
        rows = store.query(f"{columns} WHERE run_id = (SELECT run_id FROM baselines WHERE name = ?)", [wanted])
    if not rows and wanted[:1].isdigit():
        rows = store.query(f"{columns} WHERE starts_with(run_id, ?) ORDER BY started_at DESC LIMIT 2", [wanted])
    if len(rows) == 1:
        return rows[0][0], rows[0][1], rows[0][2], rows[0][3]
    if not rows:
        raise fatal("SFT0914", f"there is no run `{wanted}` in this store", "`sft show runs` lists them")
    raise fatal("SFT0914", f"more than one run begins with `{wanted}`", "give more of the id")


def run_of_file(folder: Path, name: str, content: str | None) -> str | None:
    """The run that a name's file stands for, as long as the file has this content."""
    found = read_document(folder, name)
    return str(found["run"]) if not isinstance(found, Problem) and found["content"] == content else None


def bless(
    store: Store, run: str, name: str, folder: Path, *, note: str | None, replace: bool, anyway: bool
) -> Baseline:
    """Give a finished run a name, and write the name's file in the ``folder`` of the spec.

    Doing it again changes nothing. Raises DiagnosticError SFT0913 (the file cannot be written), SFT0914, SFT0915 (not
    blessable), SFT0916 (the name or its file stands for something else).
    """
    if not _NAME.fullmatch(name) or name == LAST:
        raise fatal(
            "SFT0915",
            f"`{name}` is no name for a baseline",
            "letters, digits, `.`, `-` and `_`, beginning with a letter; `last` is the newest run",
        )
    run_id, plan_hash, status, verdict = find_run(store, run)
    if status != "done":
        raise fatal("SFT0915", f"run {run_id} is {status}, not done", "a baseline has to be a finished run")
    if verdict != "pass" and not anyway:
        raise fatal(
            "SFT0915",
            f"run {run_id} has the verdict `{verdict}`" if verdict else f"no gate decided on run {run_id}",
            "bless a run whose gates passed, or this one with `--anyway` if that is what you mean",
        )
    taken = store.query("SELECT run_id FROM baselines WHERE name = ?", [name])
    if taken and taken[0][0] != run_id and not replace:
        raise fatal("SFT0916", f"`{name}` is already run {taken[0][0]}", "add `--replace` to move the name")
    known = _known(folder, name)
    if note is None and known.get("run") == run_id:
        note = known.get("note")  # doing it again changes nothing
    path = _write(folder, name, document(store, name, run_id, note), known, replace=replace)
    with store.writing() as con:
        con.execute(
            "INSERT OR REPLACE INTO baselines (name, run_id, plan_hash, blessed_at, note) VALUES (?,?,?,?,?)",
            [name, run_id, plan_hash, datetime.now(UTC), note],
        )
    return Baseline(name, run_id, plan_hash, path)


def spec_folder(store: Store, run: str) -> Path:
    """The folder of a run's spec. Raises DiagnosticError SFT0914, SFT0915 (it is neither beside the store nor where it
    was run)."""
    run_id = find_run(store, run)[0]
    folder = spec_place(store, run_id)
    if folder is None:
        spec = store.query("SELECT spec FROM runs WHERE run_id = ?", [run_id])[0][0]
        message = f"the spec `{spec}` is not beside the store, nor where it was run, and its baselines belong beside it"
        raise fatal("SFT0915", message, "say where it is: `sft bless RUN NAME --beside DIR`")
    return folder


def _known(folder: Path, name: str) -> dict[str, Any]:
    """The document of the file that is there; nothing where there is none, or none that was blessed."""
    found = read_document(folder, name)
    return {} if isinstance(found, Problem) else {key: value for key, value in found.items() if key != "content"}


def _write(folder: Path, name: str, new: dict[str, Any], known: dict[str, Any], *, replace: bool) -> Path:
    """The file of a baseline, whole or not at all: it gets its name when it is written."""
    path = folder / file_of(name)
    text = text_of(new)
    try:
        there = path.read_text(encoding="utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError):
        there = ""
    if there == text:
        return path
    if there is not None and not replace:
        raise fatal("SFT0916", f"`{path}` {_why_taken(new, known)}", "add `--replace` to put this in its place")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text)
    except OSError as error:
        raise fatal("SFT0913", f"`{path}` cannot be written: {error.strerror}") from None
    return path


def _why_taken(new: dict[str, Any], known: dict[str, Any]) -> str:
    """Why what a file holds is not what is to be written."""
    if not known:
        return "was changed, or is no file of a baseline"
    if known["run"] != new["run"]:
        return f"holds run {known['run']}"
    if {**known, "note": ""} == {**new, "note": ""}:
        return f"is this run already, with another note: {visible(str(known.get('note') or 'none'))}"
    return "holds this run as another version of sft wrote it"


@dataclass(frozen=True, slots=True)
class Listed:
    """A baseline as the store and the folder of the spec know it. ``problem`` says what is wrong with the file."""

    name: str
    run_id: str
    ended: str
    evals: tuple[str, ...]
    items: int
    in_store: bool
    problem: str | None


def listed(store: Store | None, folder: Path) -> list[Listed]:
    """All baselines, by name: those with a file, and those that only the store knows."""
    known: dict[str, str] = dict(store.query("SELECT name, run_id FROM baselines")) if store is not None else {}
    found = []
    for name in sorted({*known, *names(folder)}):
        there = read_document(folder, name)
        if isinstance(there, Problem):
            found.append(Listed(name, known.get(name, ""), "", (), 0, name in known, there.message))
            continue
        evals = there["evals"]
        items = sum(item["items"] for item in evals.values())
        same = known.get(name) == there["run"]
        moved = None if same or name not in known else f"this store knows it as run {known[name]}"
        found.append(Listed(name, there["run"], there["ended"], tuple(evals), items, same, moved))
    return found
