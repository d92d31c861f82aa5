"""The lock file: `sft.lock` in a folder, one section a spec, JSON with an entry a line.

Written for version control: sorted, and the fingerprints of rows break their lines where the rows say, so that a
changed row is a changed line and an inserted one does not shift the rest. Written by rename. A file that is damaged or
holds merge markers is an error with the line; nothing is guessed from the rest of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from compiler.lock import LOCK_FORMAT, FilePin, ModelPin, Pins, PolicyPin
from compiler.paths import LOCK_NAME
from compiler.row_drift import Group, Prints
from runtime.artifacts import write_file
from spec_lang.diagnostics import fatal

_MARKER = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |$)", re.MULTILINE)
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
        data = json.loads(text)
        if data["format"] > LOCK_FORMAT:
            raise fatal("SFT0754", f"`{path}` was written by a newer version of sft", "upgrade sft-lang")
        return {name: _pins(section) for name, section in data["specs"].items()}
    except json.JSONDecodeError as error:
        raise _damaged(path, f"line {error.lineno}: {error.msg[:1].lower()}{error.msg[1:]}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, f"an entry is missing or of the wrong kind ({error})") from None


def write_lock(path: Path, sections: Mapping[str, Pins]) -> None:
    """Replace the lock. Raises DiagnosticError SFT0913 when it cannot be written."""
    try:
        write_file(path, lock_text(sections))
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
        "policies": {
            name: {"version": pin.version, "text": pin.text, "rubric": pin.rubric}
            for name, pin in pins.policies.items()
        },
    }


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


def _pins(section: Mapping[str, Any]) -> Pins:
    return Pins(
        files={name: _file(entry) for name, entry in section["files"].items()},
        models={name: ModelPin(**entry) for name, entry in section["models"].items()},
        policies={name: PolicyPin(**entry) for name, entry in section["policies"].items()},
        edition=section["edition"],
        sft=section["sft"],
    )


def _file(entry: Mapping[str, Any]) -> FilePin:
    prints = None
    if "prints" in entry:
        tokens = (token for line in entry["prints"] for token in line.split())
        groups = tuple(Group(token[:4], int(token[4:] or 1)) for token in tokens)
        prints = Prints(entry["rows_a_print"], groups)
    return FilePin(entry["hash"], entry["rows"], entry["source"], prints)
