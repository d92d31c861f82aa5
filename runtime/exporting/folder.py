"""The folder of an export: whole or not there, and never over somebody else's files.

Everything is written into a folder beside it, brought to the disk and renamed. ``.sft-export.json`` lists what
was written with its hashes; a folder is replaced only when that list covers it and nothing in it was edited
since, which costs reading it once (about 1 GB/s). Between the two renames of a replacement a kill leaves the
old folder under its dotted name; the next export to the same place puts it back.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from compiler.hashing import hash_file
from runtime.artifacts import sync
from runtime.processes import is_alive
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import visible

MANIFEST = ".sft-export.json"


@contextmanager
def new_folder(target: Path, about: Mapping[str, Any], *, replace: bool) -> Iterator[Path]:
    """A folder to write into, which becomes ``target`` at the end of the block, or nothing when the block raises.

    ``about`` goes into the manifest. Raises DiagnosticError SFT0923 when something is in the way, SFT0913 when the
    place cannot be written.
    """
    target = target.resolve()
    try:
        _put_right(target)
        check_free(target, replace=replace)
        target.parent.mkdir(parents=True, exist_ok=True)
        work = _beside(target, "new")
        work.mkdir()
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield work
        _seal(work, about)
        check_free(target, replace=replace)
        _move(work, target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_free(target: Path, *, replace: bool) -> None:
    """Raises DiagnosticError SFT0923 when ``target`` holds anything that must not go."""
    if not target.exists():
        return
    if not target.is_dir():
        raise fatal("SFT0923", f"`{target}` is a file", "name a folder that is empty or not there yet")
    found = sorted(target.rglob("*"))
    if not found:
        return
    written = _written(target)
    if written is None:
        raise fatal("SFT0923", f"`{target}` is not empty, and no export of sft", "name another folder, or empty it")
    if not replace:
        raise fatal("SFT0923", f"`{target}` holds an export already", "add `--replace`, or name another folder")
    folders = {parent.as_posix() for name in written for parent in PurePosixPath(name).parents}
    for path in found:
        name = path.relative_to(target).as_posix()
        is_folder = path.is_dir() and not path.is_symlink()
        if name == MANIFEST or (is_folder and name in folders):
            continue
        if is_folder or name not in written:
            raise _foreign(target, name, "was not written by sft")
        if path.is_symlink() or hash_file(path) != written[name]:
            raise _foreign(target, name, "was changed since it was written")


def _foreign(target: Path, name: str, what: str) -> DiagnosticError:
    return fatal("SFT0923", f"`{visible(name)}` in `{target}` {what}", "move it away, or export to another folder")


def _written(target: Path) -> dict[str, str] | None:
    """The files of an earlier export with their hashes; None where there was none."""
    try:
        files = json.loads((target / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {str(name): str(known) for name, known in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _seal(work: Path, about: Mapping[str, Any]) -> None:
    paths = sorted(path for path in work.rglob("*") if path.is_file())
    files = {path.relative_to(work).as_posix(): hash_file(path) for path in paths}
    text = json.dumps({**about, "files": files}, indent=1, sort_keys=True, ensure_ascii=False)
    (work / MANIFEST).write_text(text + "\n", encoding="utf-8")
    for path in [*work.rglob("*"), work]:
        sync(path)


def _move(work: Path, target: Path) -> None:
    if target.exists() and any(target.iterdir()):
        old = _beside(target, "old")
        target.rename(old)
        work.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        work.rename(target)  # also onto an empty folder
    sync(target.parent)


def _beside(target: Path, what: str) -> Path:
    return target.parent / f".{target.name}.sft-{os.getpid()}.{what}"


def _put_right(target: Path) -> None:
    """After a kill: what was half written goes, what was moved out of the way comes back."""
    if not target.parent.is_dir():
        return
    ours = re.compile(rf"\.{re.escape(target.name)}\.sft-(\d+)\.(new|old)")
    for path in target.parent.iterdir():
        match = ours.fullmatch(path.name)
        if match is None or (int(match[1]) != os.getpid() and is_alive(int(match[1]))):
            continue  # our own number is that of a dead process before us: ours is not made yet
        if match[2] == "old" and not target.exists():
            path.rename(target)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _unwritable(target: Path, error: OSError) -> DiagnosticError:
    why = (error.strerror or str(error)).lower()
    return fatal("SFT0913", f"`{target}` cannot be written: {why}", "name another folder with `--to`")
