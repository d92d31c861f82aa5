"""The lock file: `sft.lock` in a folder, one section a spec, JSON with an entry a line.

Written for version control: sorted, and the fingerprints of rows break their lines where the rows say, so that a
changed row is a small difference and an inserted one does not shift the rest. Written by rename, by one process at a
time, which reads the others' sections just before. A file that is damaged or holds merge markers is an error with the
line; nothing is guessed from the rest of it.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from compiler.lock import LOCK_FORMAT, Pins, PolicyPin
from compiler.paths import LOCK_NAME
from compiler.row_drift import Prints
from runtime.artifacts import write_file
from runtime.lock_entries import Damaged, Entry, section_of
from spec_lang.diagnostics import fatal

_MARKER = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |\r?$)", re.MULTILINE)
_BREAKS = "AEIMQUYcgkosw048"  # a fingerprint that begins with one of these 16 of 64 characters ends its line


def lock_path(spec: Path) -> Path:
    return spec.resolve().parent / LOCK_NAME


def read_lock(path: Path) -> dict[str, Pins] | None:
    """The sections of a lock by spec file; None when there is none. Raises DiagnosticError SFT0754, SFT0755."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise _damaged(path, f"it is not UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from None
    marker = _MARKER.search(text)
    if marker:
        line = text.count("\n", 0, marker.start()) + 1
        raise fatal(
            "SFT0755",
            f"`{path}` holds an unfinished merge (line {line})",
            "take either side of it, then write it anew: `sft lock FILE`",
        )
    try:
        return _sections(text, path)
    except json.JSONDecodeError as error:
        raise _damaged(path, f"line {error.lineno}: {error.msg[:1].lower()}{error.msg[1:]}") from None
    except Damaged as error:
        raise _damaged(path, str(error)) from None
    except RecursionError:
        raise _damaged(path, "it is nested too deeply") from None
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise _damaged(path, "it holds a number that is too long") from None


def _sections(text: str, path: Path) -> dict[str, Pins]:
    data = Entry(json.loads(text))
    if data["format"].number(1) > LOCK_FORMAT:
        raise fatal("SFT0754", f"`{path}` was written by a newer version of sft", "upgrade sft-lang")
    return {name: section_of(entry) for name, entry in data["specs"].items()}


def update_lock(path: Path, name: str, before: Pins | None, now: Pins) -> None:
    """Put the section of one spec into the lock, beside what other processes have written there by now.

    Raises DiagnosticError SFT0913 when one of them wrote the same section since ``before`` was read, so that what they
    pinned was not looked at; or when the lock cannot be written.
    """
    with _alone(path.resolve().parent):
        sections = read_lock(path) or {}
        found = sections.get(name)
        if found == now:
            return
        if found != before:
            message = f"the section of `{name}` in `{path}` was written by another process meanwhile"
            raise fatal("SFT0913", message, "run the command again")
        write_lock(path, {**sections, name: now})


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for one process. The folder itself is locked, so no file is left beside the spec; where a file
    system cannot do that, the rename still keeps the lock whole."""
    import fcntl

    handle = None
    try:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def write_lock(path: Path, sections: Mapping[str, Pins]) -> None:
    """Replace the lock; a link stays one, and the mode stays. Raises DiagnosticError SFT0913 when it cannot be
    written."""
    target = path.resolve()
    try:
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        write_file(target, lock_text(sections), mode)
    except OSError as error:
        raise fatal("SFT0913", f"`{path}` cannot be written: {error.strerror}") from None


def lock_text(sections: Mapping[str, Pins]) -> str:
    """The bytes of a lock: the same for the same pins."""
    data = {"format": LOCK_FORMAT, "specs": {name: _section(pins) for name, pins in sections.items()}}
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def _damaged(path: Path, why: str) -> Exception:
    help = "take it from version control again, or delete it and run `sft lock FILE`"
    return fatal("SFT0754", f"`{path}` is damaged: {why}", help)


# --- one section ------------------------------------------------------------------------------------


def _section(pins: Pins) -> dict[str, Any]:
    return {
        "edition": pins.edition,
        "sft": pins.sft,
        "files": {
            name: {"hash": pin.hash, "rows": pin.rows, "source": pin.source, **_prints(pin.prints)}
            for name, pin in pins.files.items()
        },
        "models": {
            name: {
                "weights": pin.weights,
                "tokenizer": pin.tokenizer,
                "chat_template": pin.chat_template,
                "written": pin.written,
            }
            for name, pin in pins.models.items()
        },
        "policies": {name: {"version": pin.version, **_words(pin)} for name, pin in pins.policies.items()},
        **({"earlier": _earlier(pins.earlier)} if pins.earlier else {}),
    }


def _earlier(policies: Mapping[str, tuple[PolicyPin, ...]]) -> dict[str, Any]:
    return {name: {pin.version: _words(pin) for pin in past} for name, past in policies.items()}


def _words(pin: PolicyPin) -> dict[str, Any]:
    return {"text": pin.text, "rubric": pin.rubric}


def _prints(prints: Prints | None) -> dict[str, Any]:
    if prints is None:
        return {}
    return {"rows_a_print": prints.size, "prints": list(_print_lines(prints))}


def _print_lines(prints: Prints) -> Iterator[str]:
    """Fingerprints, each with its number of rows where that is not 1; about sixteen a line."""
    line: list[str] = []
    for group in prints.groups:
        line.append(group.print if group.rows == 1 else f"{group.print}{group.rows}")
        if (len(line) >= 8 and group.print[0] in _BREAKS) or len(line) >= 64:
            yield " ".join(line)
            line = []
    if line:
        yield " ".join(line)
