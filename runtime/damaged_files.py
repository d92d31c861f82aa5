"""Which step's file cannot be read: what a bad disk, a copy that was cut off or a careless hand leaves of it.

DuckDB's words are those for any value that does not fit, and at times name no file. So they are looked for, and where
no file is named, those that the statement reads are read one by one, which costs a pass over them, and only then.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.hashing import HASH_LENGTH
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import one_line

if TYPE_CHECKING:
    import duckdb

_UNREADABLE = re.compile(
    r"no magic bytes|too small to be a parquet|failed to read file|footer length|no files found that match|"
    r"decompress|cannot open file",
    re.IGNORECASE,
)
_OBJECT = rf"(?P<object>objects/[0-9a-f]{{{HASH_LENGTH}}})"
_FILE = re.compile(rf"(?P<quote>[\"'])(?P<path>.*?/{_OBJECT}/[^/]+?)(?P=quote)")
_READ = re.compile(r"read_parquet\('((?:[^']|'')*)'")


def damage(error: duckdb.Error, con: duckdb.DuckDBPyConnection, sql: str) -> DiagnosticError | None:
    """The finding SFT0906 where a statement failed because a finished step's file cannot be read, else None."""
    text = str(error).partition("\n")[0]
    if not _UNREADABLE.search(text) and type(error).__name__ != "Error":  # the decoder's own errors have no kind
        return None
    found = _FILE.search(text) or _unreadable(con, sql)
    if found is None:
        return None
    folder = Path(found["path"]).parent
    told = re.sub(r"^[A-Za-z ]+ Error: ", "", text.replace(found["path"], Path(found["path"]).name))
    return fatal(
        "SFT0906",
        f"`{found['object']}` of the store is damaged: {one_line(told, 200)}",
        f"delete the folder `{one_line(str(folder), 1000)}` and run the spec again: what is missing is computed anew",
    )


def _unreadable(con: duckdb.DuckDBPyConnection, sql: str) -> re.Match[str] | None:
    """The first file of a statement, or of the views that it may be about, which cannot be read to its end."""
    with con.cursor() as look:
        views = [row[0] for row in look.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall()]
        names = dict.fromkeys(name.replace("''", "'") for text in (sql, *views) for name in _READ.findall(text))
        files = [row[0] for name in names for row in look.execute("SELECT file FROM glob(?)", [name]).fetchall()]
        for file in files:
            try:
                look.execute("SELECT * FROM read_parquet(?)", [file.replace("[", "[[]")])
                while look.fetchmany(10_000):
                    pass
            except Exception:  # any of duckdb's, which only two modules import
                if found := _FILE.search(f"'{file}'"):
                    return found
    return None
