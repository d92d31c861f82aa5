"""What the compiler asks of a source: its format, the types of its columns, its rows, its hashes.

Types are taken over all rows, never a sample: the row that breaks a type is usually not among the
first thousand. The facts of a file are kept by its content hash, so they are found once (`file_facts`), and what reads
files is imported only then. Facts that are known cost a quarter of a millisecond a file.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from compiler.world import ColumnType, Problem, SourceFacts
from runtime.column_types import MOST_FIELDS, mixed, too_many_fields, unified
from runtime.file_hashes import cache_folder, content_hash, read_json, write_json
from runtime.packed_files import broken_archive
from runtime.source_files import Format, find_files, format_of
from spec_lang.diagnostics import DiagnosticError

FACTS_VERSION = 3


class FileFacts(Struct, frozen=True):
    """One file: all types of each field, fields in order of appearance; ``first_reason`` is why the first bad line is
    one. ``large`` and ``broad`` are fields of numbers, as ``runtime.large_numbers`` has them."""

    columns: dict[str, list[ColumnType]]
    rows: int
    unreadable: int
    first_reason: str | None
    large: list[str]
    broad: list[str]


def read_source_facts(
    spec_dir: Path, path: str, cache: Path | None = None, *, log: str | None = None
) -> SourceFacts | Problem:
    """Facts of the files that ``path``, relative to ``spec_dir``, names (it may be a glob). Problems: SFT0401-0410,
    SFT0480 and SFT0481 of a ``log``."""
    try:
        found = find_files(spec_dir, path)
        if isinstance(found, Problem):
            return found
        format = format_of(spec_dir, found, log)
        if isinstance(format, Problem):
            return format
        folder = cache or cache_folder()
        files = tuple((name, content_hash(spec_dir / name, folder)) for name in found)
        facts = [_remembered(spec_dir / name, digest, format, folder) for name, digest in files]
        combined = _combined(path, format, files, facts)
        if isinstance(combined, Problem) and combined.code == "SFT0405" and is_list(spec_dir / found[0], format):
            return Problem(combined.code, combined.message, LIST_HELP)
        return combined
    except DiagnosticError as error:
        first = error.diagnostics[0]
        return Problem(first.code, first.message, first.help)
    except broken_archive() as error:
        return Problem("SFT0407", f"`{path}` cannot be read: {error}")
    except OSError as error:
        return Problem("SFT0407", f"`{path}` cannot be read: {error.strerror or error}")


LIST_HELP = "it begins like one JSON list, which is a `.json` file: rename it"


def is_list(path: Path, format: Format) -> bool:
    """Whether a file of JSON lines begins with the bracket of a list."""
    if format != "jsonl" or path.suffix != ".jsonl":
        return False
    with path.open("rb") as handle:
        return handle.read(200).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")


def _combined(
    path: str, format: Format, files: tuple[tuple[str, str], ...], facts: list[FileFacts]
) -> SourceFacts | Problem:
    rows = sum(item.rows for item in facts)
    unreadable = sum(item.unreadable for item in facts)
    if not rows and not unreadable:
        return Problem("SFT0404", f"`{path}` is empty", "a source has to hold at least one row")
    if not rows:
        reason = next(item.first_reason for item in facts if item.first_reason)
        return Problem("SFT0405", f"no row of `{path}` can be read; the first: {reason}")
    fields = dict.fromkeys(field for item in facts for field in item.columns)
    if len(fields) > MOST_FIELDS:
        raise too_many_fields()
    kinds = {field: {kind for item in facts for kind in item.columns.get(field, ())} for field in fields}
    columns = {field: unified(types) for field, types in kinds.items()}
    differing = {field: found for field, types in kinds.items() if (found := mixed(types))}
    large = {field for item in facts for field in item.large}
    broad = {field for item in facts for field in item.broad}
    rounded = tuple(field for field, kind in columns.items() if kind == "number" and field in large & broad)
    return SourceFacts(format, files, columns, rows, unreadable, differing, rounded)


def _remembered(path: Path, digest: str, format: Format, cache: Path) -> FileFacts:
    memory = cache / "facts" / f"{digest}-{format}-{FACTS_VERSION}.json"
    known = read_json(memory)
    if tuple(known) == FileFacts.__struct_fields__:
        return FileFacts(**known)
    from runtime.file_facts import facts_of

    facts = facts_of(path, format)
    write_json(memory, asdict(facts))
    return facts
