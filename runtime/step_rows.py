"""From a step's Parquet files into the store's tables, in one transaction.

A data step writes what it has to say to files first and holds the store only for the final copy, so
a big source does not shut readers out while it is being worked on (200,000 ledger rows copy in under
a second). Rows of an earlier attempt of the same step are replaced, which makes a step idempotent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compiler.hashing import HASH_LENGTH
from runtime.context import StepContext
from runtime.relational import PLACE, Engine, parquet, quoted
from spec_lang.diagnostics import DiagnosticError, fatal

LEDGER_COLUMNS = "rule, row_id, line, file, value, survivor, detail"
# Rows with the same content are told apart by a number behind their id; as items they are one, the first.
NTH_COPY = (
    f"row_number() OVER (PARTITION BY regexp_replace(\"__row_id\", '^([0-9a-f]{{{HASH_LENGTH}}})-[0-9]+$', '\\1') "
    'ORDER BY length("__row_id"), "__row_id")'
)


def publish_rows(ctx: StepContext, files: Mapping[str, Path]) -> None:
    """Replace this step's rows in each table by those of its file (columns by name), then remove the files."""
    with ctx.store.writing() as con:
        for table, path in files.items():
            con.execute(f"DELETE FROM {quoted(table)} WHERE step_hash = ?", [ctx.step.hash])
            con.execute(
                f"INSERT INTO {quoted(table)} BY NAME SELECT ? AS step_hash, * FROM {parquet(path)}", [ctx.step.hash]
            )
    for path in files.values():
        path.unlink()


def view_rows(engine: Engine, folder: Path) -> None:
    """The view ``rows`` over what another step made, in its order, which is ``__ord``."""
    source = parquet(folder / "rows.parquet")
    engine.execute(f"CREATE VIEW rows AS SELECT *, {PLACE} AS __ord FROM {source}")


def copy_kept(engine: Engine, rows_in: int, path: Path) -> int:
    """Write the rows of the view ``rows`` whose ``__ord`` is not in ``dropped(ord)``, in their order; how many stay.

    Rows stream from file to file.
    """
    fallen = marked(engine, "fallen", "dropped", rows_in)
    return engine.copy(f"SELECT * EXCLUDE (__ord) FROM rows WHERE NOT {fallen}", path)


def marked(engine: Engine, name: str, source: str, rows: int, params: Sequence[Any] = ()) -> str:
    """A condition on a row of the view ``rows``: that its ``__ord`` is an ``ord`` of ``source``, as it is now.

    The numbers become a bit string, 125 kB a million ``rows``. A join would give up the order of the rows, and sorting
    them anew takes as much memory as they have.
    """
    engine.execute(
        f"SET VARIABLE {name} = (SELECT bitstring_agg(ord, 0, ?) FROM {source})", [max(rows, 1) - 1, *params]
    )
    return f"(coalesce(get_bit(getvariable('{name}'), __ord::INTEGER), 0) = 1)"


def empty_part(part: str | None, name: str) -> DiagnosticError:
    """No row of a task is in the part that a step works on."""
    return fatal(
        "SFT0413",
        f"the part `{part}` of {name} got no row",
        "give the part a larger share, or the task more rows",
    )


def write_ledger(engine: Engine, select: str, path: Path, params: Sequence[Any] = ()) -> int:
    """Write the drops that ``select`` gives (the columns of LEDGER_COLUMNS) to a file; how many there are."""
    return engine.copy(f"SELECT {LEDGER_COLUMNS} FROM ({select})", path, params)
