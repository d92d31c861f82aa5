"""Locks over language, compiler and runtime: what a spec pins now, what its lock says, and whether that holds.

A lock costs a spec without one nothing but a look for the file. With one, every command hashes the policies (they are
small); ``--locked`` also asks for the hashes of sources and models, which are remembered by the files' identity.
Fingerprints of rows are computed only to write a lock or to say which rows drifted.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from spec_lang.diagnostics import DiagnosticError, Diagnostics, Severity, fatal

if TYPE_CHECKING:
    from compiler.lock import Drift, FilePin, Pins
    from compiler.resolved import ResolvedSpec
    from compiler.world import Problem
    from runtime.source_files import Format


class Locking(Struct, frozen=True):
    """A lock against the spec as it is: ``before`` is None without a section of the spec. ``changes`` has a line a
    difference."""

    path: Path
    section: str
    before: Pins | None
    now: Pins
    drifts: tuple[Drift, ...]
    changes: tuple[str, ...]


def inspection(
    spec_path: Path, *, locked: bool, settings: Sequence[str] = ()
) -> Callable[[ResolvedSpec, Diagnostics], None] | None:
    """What ``compiler.compile`` has to look at because of a lock; None where there is nothing to look at.

    Raises DiagnosticError SFT0753 when ``locked`` and nothing is locked, SFT0754 and SFT0755 for a lock that
    cannot be read.
    """
    from compiler.paths import LOCK_NAME

    main = spec_path.resolve()
    path = main.parent / LOCK_NAME
    if not locked and not path.exists():
        return None
    from runtime.lock_file import read_lock

    sections = read_lock(path)
    pinned = (sections or {}).get(main.name)
    if pinned is None:
        if locked:
            missing = f"`{path.name}` has no section for `{main.name}`" if sections else f"there is no `{path}`"
            raise fatal("SFT0753", missing, f"write it with `{command(spec_path, settings)}`")
        return None
    if not locked:
        return lambda spec, sink: _check_policies(spec, pinned, path.parent, sink)
    return lambda spec, sink: _check_all(spec, pinned, path.parent, sink, command(spec_path, settings))


def command(spec: Path, settings: Sequence[str] = ()) -> str:
    """The command that locks a spec as it was called, to be typed again."""
    import shlex

    return shlex.join(["sft", "lock", str(spec), *(word for setting in settings for word in ("--set", setting))])


def _check_policies(spec: ResolvedSpec, pinned: Pins, folder: Path, sink: Diagnostics) -> None:
    if pinned.known_policies:
        from compiler.pinning import report_reworded

        report_reworded(pinned, spec, _hasher(folder), sink)


def _check_all(spec: ResolvedSpec, pinned: Pins, folder: Path, sink: Diagnostics, accept: str) -> None:
    from compiler.lock import drifts
    from compiler.pinning import report_drifts

    now = _pins(spec, folder, sink) if _sound(sink) else None
    if now is None or not _sound(sink):  # what cannot be read has not drifted
        _check_policies(spec, pinned, folder, sink)
        return
    found = drifts(pinned, now)
    report_drifts(found, pinned, spec, sink, lambda name: _rows_changed(pinned.files[name], name, folder), accept)


def _sound(sink: Diagnostics) -> bool:
    """Whether there is no error but of what is declared for a later version, which can be pinned today."""
    from compiler.schema.values import NOT_RUNNABLE

    return all(item.code == NOT_RUNNABLE for item in sink if item.severity is Severity.ERROR)


def lock(path: Path, settings: Sequence[str] = ()) -> tuple[Locking, Diagnostics]:
    """The lock of a spec and what it would become. Raises DiagnosticError when the spec has errors, a policy has other
    words under its old version, or the lock cannot be read."""
    from compiler.compile import check
    from compiler.lock import drifts, remembering
    from compiler.pinning import report_reworded
    from compiler.schema.values import NOT_RUNNABLE
    from runtime.lock_file import lock_path, read_lock
    from runtime.world import LocalWorld
    from sft.project import read_spec

    folder, section = path.resolve().parent, path.resolve().name
    spec, found = check(read_spec(path), LocalWorld(folder), settings=settings)
    before = (read_lock(lock_path(path)) or {}).get(section)
    now = _pins(spec, folder, found) if _sound(found) else None
    if before is not None:
        report_reworded(before, spec, _hasher(folder), found)
    if now is None or not _sound(found):
        raise DiagnosticError(*found)
    now = remembering(before, _with_prints(now, before, folder))
    changed = drifts(before, now) if before is not None else ()
    told = tuple(_told(drift, before, folder) for drift in changed if before is not None)
    shown = Diagnostics([item for item in found if item.code != NOT_RUNNABLE])
    return Locking(lock_path(path), section, before, now, changed, told), shown


def write(locking: Locking) -> bool:
    """Put the pins of now into the lock; False when it holds them already. Raises DiagnosticError SFT0913 when the lock
    cannot be written, or another process wrote the same section meanwhile."""
    from runtime.lock_file import update_lock

    if locking.before == locking.now:
        return False
    update_lock(locking.path, locking.section, locking.before, locking.now)
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

    report = Reporter(spec.file, sink)
    facts = model_facts(reached(spec), LocalWorld(folder), report)
    return replace(pins_of(spec, facts, _hasher(folder), report), sft=__version__)


def _hasher(folder: Path) -> Callable[[str], str | Problem]:
    from compiler.hashing import hash_file
    from compiler.world import Problem

    def hash_of(path: str) -> str | Problem:
        whole = folder / path
        try:
            if stat.S_ISREG(whole.stat().st_mode):  # a device or a pipe would be read without end
                return hash_file(whole)
            why = "it is a folder" if whole.is_dir() else "it is no ordinary file"
        except OSError as error:
            why = (error.strerror or str(error)).lower()
        except ValueError:  # a zero byte, or half of a surrogate pair
            why = "no file can have this name"
        return Problem("SFT0756", f"`{path}` cannot be read: {why}")

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
    if isinstance(found, Problem):  # a log, which a spec has to name
        log = format_of(folder, (name,), "inspect")
        if not isinstance(log, Problem):
            return log
        raise fatal(found.code, found.message, found.help)
    return found
