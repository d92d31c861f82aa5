"""Locks over language, compiler and runtime: what a spec pins now, what its lock says, and whether that holds.

A lock costs a spec without one nothing but a look for the file. With one, every command hashes the policies (they are
small); ``--locked`` also asks for the hashes of sources and models, which are remembered by the files' identity.
Fingerprints of rows are computed only to write a lock or to say which rows drifted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from spec_lang.diagnostics import DiagnosticError, Diagnostics, Severity, fatal

if TYPE_CHECKING:
    from compiler.lock import Drift, FilePin, Pins
    from compiler.resolved import ResolvedSpec
    from compiler.world import Problem
    from runtime.source_files import Format

NOT_RUNNABLE_YET = "SFT0202"  # what is declared for a later version can be pinned today


@dataclass(frozen=True)
class Locking:
    """A lock against the spec as it is: ``before`` is None without a section. ``changes`` has a line a difference."""

    path: Path
    sections: Mapping[str, Pins]
    before: Pins | None
    now: Pins
    drifts: tuple[Drift, ...]
    changes: tuple[str, ...]


def inspection(spec_path: Path, *, locked: bool) -> Callable[[ResolvedSpec, Diagnostics], None] | None:
    """What ``compiler.compile`` has to look at because of a lock; None where there is nothing to look at.

    Raises DiagnosticError SFT0753 when ``locked`` and nothing is locked, SFT0754 and SFT0755 for a lock that
    cannot be read.
    """
    from compiler.paths import LOCK_NAME

    path = spec_path.resolve().parent / LOCK_NAME
    if not locked and not path.exists():
        return None
    from runtime.lock_file import read_lock

    sections = read_lock(path)
    pinned = (sections or {}).get(spec_path.name)
    if pinned is None:
        if locked:
            missing = f"`{path.name}` has no section for `{spec_path.name}`" if sections else f"there is no `{path}`"
            raise fatal("SFT0753", missing, f"write it with `sft lock {spec_path}`")
        return None
    look = _check_all if locked else _check_policies
    return lambda spec, sink: look(spec, pinned, spec_path.resolve().parent, sink)


def _check_policies(spec: ResolvedSpec, pinned: Pins, folder: Path, sink: Diagnostics) -> None:
    if pinned.policies:
        from compiler.pinning import report_reworded

        report_reworded(pinned, spec, _hasher(folder), sink)


def _check_all(spec: ResolvedSpec, pinned: Pins, folder: Path, sink: Diagnostics) -> None:
    from compiler.lock import drifts
    from compiler.pinning import report_drifts

    if not _sound(sink):
        _check_policies(spec, pinned, folder, sink)
        return
    now = _pins(spec, folder, sink)
    report_drifts(drifts(pinned, now), pinned, spec, sink, lambda name: _rows_changed(pinned.files[name], name, folder))


def _sound(sink: Diagnostics) -> bool:
    return all(item.code == NOT_RUNNABLE_YET for item in sink if item.severity is Severity.ERROR)


def lock(path: Path, settings: Sequence[str] = ()) -> tuple[Locking, Diagnostics]:
    """The lock of a spec and what it would become. Raises DiagnosticError when the spec has errors, a policy has other
    words under its old version, or the lock cannot be read."""
    from compiler.compile import check
    from compiler.lock import drifts
    from compiler.pinning import report_reworded
    from runtime.lock_file import lock_path, read_lock
    from runtime.world import LocalWorld
    from sft.project import read_spec

    folder = path.resolve().parent
    spec, found = check(read_spec(path), LocalWorld(folder), settings=settings)
    sections = read_lock(lock_path(path)) or {}
    before = sections.get(path.name)
    now = _pins(spec, folder, found) if _sound(found) else None
    if before is not None:
        report_reworded(before, spec, _hasher(folder), found)
    if now is None or not _sound(found):
        raise DiagnosticError(*found)
    now = _with_prints(now, before, folder)
    changed = drifts(before, now) if before is not None else ()
    told = tuple(_told(drift, before, folder) for drift in changed if before is not None)
    shown = Diagnostics([item for item in found if item.code != NOT_RUNNABLE_YET])
    return Locking(lock_path(path), sections, before, now, changed, told), shown


def write(locking: Locking, spec: Path) -> bool:
    """Put the pins of now into the lock; False when it holds them already."""
    from runtime.lock_file import write_lock

    if locking.before == locking.now:
        return False
    write_lock(locking.path, {**locking.sections, spec.name: locking.now})
    return True


def _told(drift: Drift, before: Pins, folder: Path) -> str:
    """``~ tickets.jsonl: 1 row changed (line 12)``."""
    mark = {"new": "+", "gone": "-", "changed": "~"}[drift.kind]
    name = drift.name if drift.part == "file" else f"{drift.part} {drift.name}"
    if drift.kind != "changed":
        return f"{mark} {name}"
    what = (
        _rows_changed(before.files[drift.name], drift.name, folder) if drift.part == "file" else ", ".join(drift.what)
    )
    return f"{mark} {name}: {what}"


# --- asking the world -------------------------------------------------------------------------------


def _pins(spec: ResolvedSpec, folder: Path, sink: Diagnostics) -> Pins:
    from compiler.pinning import pins_of
    from compiler.reach import reached
    from compiler.reporting import Reporter
    from compiler.resolve.model import model_facts
    from runtime.world import LocalWorld
    from sft import __version__

    spec, report = reached(spec), Reporter(spec.file, sink)
    facts = model_facts(spec, LocalWorld(folder), report)
    return replace(pins_of(spec, facts, _hasher(folder), report), sft=__version__)


def _hasher(folder: Path) -> Callable[[str], str | Problem]:
    from compiler.hashing import hash_file
    from compiler.world import Problem

    def hash_of(path: str) -> str | Problem:
        try:
            return hash_file(folder / path)
        except OSError as error:
            return Problem("SFT0756", f"`{path}` cannot be read: {(error.strerror or str(error)).lower()}")

    return hash_of


def _with_prints(now: Pins, before: Pins | None, folder: Path) -> Pins:
    """The pins with fingerprints of rows, taken from the old lock where a file is the same."""
    from runtime.row_prints import row_prints

    old = before.files if before is not None else {}
    files = {}
    for name, pin in now.files.items():
        same = name in old and old[name].hash == pin.hash
        prints = old[name].prints if same else row_prints(folder / name, _format(folder, name))[0]
        files[name] = replace(pin, prints=prints, rows=prints.rows if prints is not None else pin.rows)
    return replace(now, files=files)


def _rows_changed(pin: FilePin, name: str, folder: Path) -> str:
    """What became of the rows of a pinned file, in words."""
    from compiler.row_drift import compare_rows
    from runtime.row_prints import row_prints

    if pin.prints is None:
        return "its content changed"
    now, lines = row_prints(folder / name, _format(folder, name), pin.prints.size)
    return compare_rows(pin.prints, now, lines).text


def _format(folder: Path, name: str) -> Format:
    from compiler.world import Problem
    from runtime.source_files import format_of

    found = format_of(folder, (name,))
    if isinstance(found, Problem):
        raise fatal(found.code, found.message, found.help)
    return found
