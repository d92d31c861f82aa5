"""The files that a source's path names, and the format they are in.

A path may be a glob or a folder; its files are taken in the order of their names. Of a folder these are the files in
it whose names say that they hold rows, not those of folders below it; hidden ones and texts beside them (a licence, a
README) are not among them. The format comes from the file name; a ``.json`` file that holds one object a line is read
as JSONL, which is what many published ``.json`` data sets are. What cannot be used becomes a Problem before anything
is read.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Literal

from compiler.nested_rows import out_of_list
from compiler.world import Problem
from runtime.packed_files import broken_archive, is_packed, open_bytes, unpacked_name

Format = Literal["jsonl", "json", "csv", "tsv", "parquet", "lm_eval", "inspect"]

_BY_SUFFIX: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
_FORMATS = "`.jsonl`, `.json`, `.csv`, `.tsv` or `.parquet` (the text formats also with `.gz` or `.zst`)"
_LIST_HELP = "a list is a `.json` file: rename it"
_PEEK = 1 << 16
_LIST_OF_OBJECTS = re.compile(rb'"([^"\\]+)"\s*:\s*\[\s*\{')
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|hf:")  # one letter would be a drive


def find_files(spec_dir: Path, path: str) -> tuple[str, ...] | Problem:
    """The files of a source as paths relative to the spec, at least one. Codes SFT0401, SFT0402."""
    whole = spec_dir / path
    if whole.is_file():
        return (path,)
    if whole.is_dir():
        return _files_in(spec_dir, path)
    if _ADDRESS.match(path):
        help = "download it, and name the file: a source is read from files, so that every run finds the same rows"
        return Problem("SFT0401", f"`{path}` is an address and no file", help)
    import glob

    if glob.has_magic(path):
        # `glob` and not `Path.glob`: absolute patterns and `..` are patterns too.
        names = glob.glob(path, root_dir=spec_dir, recursive=True)  # noqa: PTH207
        found = sorted(name for name in names if (spec_dir / name).is_file())
        return tuple(found) or Problem("SFT0401", f"no file matches `{path}`", _near_names(spec_dir, path))
    return Problem("SFT0401", f"there is no file `{path}`", _near_names(spec_dir, path))


def _files_in(spec_dir: Path, path: str) -> tuple[str, ...] | Problem:
    """The data files of a folder."""
    folder = spec_dir / path
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file() and _is_data(entry.name))
    if names:
        return tuple(str(Path(path) / name) for name in names)
    below = sorted(entry for entry in folder.glob("*/*") if _is_data(entry.name) and entry.is_file())
    help = f"a source is {_FORMATS}"
    if below:
        help = f'name those of the folders below it: `"{path.rstrip("/")}/**/*{"".join(below[0].suffixes)}"`'
    return Problem("SFT0402", f"the folder `{path}` holds no data file", help)


def _is_data(name: str) -> bool:
    return not name.startswith(".") and Path(unpacked_name(name)).suffix.lower() in _BY_SUFFIX


def format_of(spec_dir: Path, files: tuple[str, ...], log: str | None = None) -> Format | Problem:
    """The one format of all files; ``log`` is what the spec says that they are. Codes SFT0403 (unknown or mixed),
    SFT0404 (nothing in them), SFT0406, SFT0407."""
    if log is not None:
        return _log(files, log)
    formats: dict[Format, str] = {}
    for name in files:
        found = _format(spec_dir / name, name)
        if isinstance(found, Problem):
            return found
        formats.setdefault(found, name)
    if len(formats) > 1:
        listed = ", ".join(f"`{name}` is {kind}" for kind, name in formats.items())
        pattern = Path(files[0]).parent / f"*{''.join(Path(files[0]).suffixes)}"
        help = f'declare one source a format, each with a pattern: `path = "{pattern}"`'
        return Problem("SFT0403", f"the files of one source have different formats: {listed}", help)
    if all((spec_dir / name).stat().st_size == 0 for name in files):
        return Problem("SFT0404", f"`{files[0]}` is empty", "a source has to hold at least one row")
    return next(iter(formats))


_LOGS: dict[str, tuple[Format, tuple[str, ...]]] = {
    "lm_eval": ("lm_eval", (".jsonl",)),
    "inspect": ("inspect", (".eval", ".json")),
}


def _log(files: tuple[str, ...], log: str) -> Format | Problem:
    """The format of a log, whose files have the endings that its harness gives them."""
    format, endings = _LOGS[log]
    for name in files:
        if Path(unpacked_name(name)).suffix.lower() not in endings or (log == "inspect" and is_packed(Path(name))):
            shown = " or ".join(f"`{ending}`" for ending in endings)
            return Problem("SFT0403", f"`{name}` is no log with `format = {log}`", f"such logs end in {shown}")
    return format


def _format(path: Path, name: str) -> Format | Problem:
    if path.suffix.lower() == ".eval":
        return Problem("SFT0403", f"`{name}` is a log of Inspect", "add `format = inspect` to the source")
    found = _BY_SUFFIX.get(Path(unpacked_name(path.name)).suffix.lower())
    if found is None or (found == "parquet" and is_packed(path)):
        return Problem("SFT0403", f"`{name}` has no known format", f"a source is {_FORMATS}")
    if found == "parquet" or path.stat().st_size == 0:
        return found
    return _peeked(path, name, found)


def _peeked(path: Path, name: str, found: Format) -> Format | Problem:
    """The format after a look at the first bytes."""
    try:
        with open_bytes(path) as handle:
            head = handle.read(_PEEK)
    except broken_archive() as error:
        return Problem("SFT0407", f"`{name}` cannot be read: {error}")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _every_other_is_nul(head[:64]):
        return Problem("SFT0406", f"`{name}` is not UTF-8 (it looks like UTF-16)", "save it as UTF-8")
    body = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if found == "jsonl" and _is_open_list(body):
        return Problem("SFT0407", f"`{name}` is one JSON list over several lines, not an object a line", _LIST_HELP)
    if found != "json" or not body or body.startswith(b"["):
        return found
    from runtime.json_lines import row_of

    first_line = body.split(b"\n", 1)[0]
    if isinstance(row_of(first_line), dict) or (len(body) > len(first_line) >= _PEEK - 4 and body.startswith(b"{")):
        return "jsonl"
    field = _LIST_OF_OBJECTS.search(body)
    inside = out_of_list(field.group(1).decode("utf-8", errors="replace"), name) if field is not None else None
    help = inside or "a JSON source is `[{…}, {…}]`, or `.jsonl` with one object a line"
    return Problem("SFT0407", f"`{name}` is not a list of objects", help)


def _is_open_list(body: bytes) -> bool:
    """Whether a file begins with a list that its first line does not close: only its last element stands on a line
    that is JSON, so of a list of objects one row would be read, and the others would count as unreadable."""
    line = body.split(b"\n", 1)[0]
    if not line.startswith(b"["):
        return False
    from runtime.json_lines import json_value

    try:
        json_value(line.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return True
    return False


def unit_of(format: Format) -> str:
    """What the number of a row counts: lines of a file, or rows where the file is not one of lines."""
    return "row" if format in ("json", "parquet", "inspect") else "line"


def _every_other_is_nul(head: bytes) -> bool:
    return len(head) >= 8 and (not any(head[0::2]) or not any(head[1::2]))


def _near_names(spec_dir: Path, path: str) -> str | None:
    """Did you mean: files beside the missing one with a similar name."""
    folder = (spec_dir / path).parent
    shown = Path(path).parent
    if not folder.is_dir():
        return f"there is no folder `{shown}`"
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith("."))
    import difflib

    close = difflib.get_close_matches(Path(path).name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{shown / close[0]}`?"
    data = [name for name in names if _is_data(name)]
    return "data files there: " + ", ".join(f"`{name}`" for name in data[:5]) if data else None
