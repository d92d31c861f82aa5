"""Which of the rows that could be read a source has: those that are whole conversations, and of them a sample.

Both work on ``named``, the table that ingest made of the files. A sample goes by a hash of a row's content, so the same
rows are in it whatever order files, rows or threads have, and a larger sample holds the smaller one. Whether a row
belongs to a share depends on that row alone; a number of rows takes those with the lowest hashes. A row whose content
stands several times has as many ids, and each is chosen for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compiler.shapes import Layout
from compiler.step_params import IngestParams, Sampling
from runtime.context import StepContext
from runtime.conversations import converse, unread_keys
from runtime.relational import Engine
from runtime.row_hashes import HASH_BITS, hash_number
from runtime.source_files import unit_of
from runtime.source_rows import SourceColumn
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible


def shaped_rows(ctx: StepContext, db: Engine, layout: Layout, columns: Sequence[SourceColumn]) -> dict[str, Any]:
    """Give the rows of ``named`` the columns of a conversation; the malformed ones are in ``malformed`` then.

    Returns what the summary says. Raises DiagnosticError SFT0415 when no conversation is whole.
    """
    unread = unread_keys(db, columns)
    if unread:
        listed = ", ".join(f"`{visible(name[:40])}` in {count:,}" for name, count in unread.items())
        ctx.note(f"turns have fields that nothing reads: {listed} rows")
    kinds = dict(converse(db, layout, columns))
    dropped = int(db.value("SELECT count(*) FROM malformed"))
    if not db.value("SELECT count(*) FROM named"):
        assert isinstance(ctx.step.params, IngestParams)
        unit = unit_of(ctx.step.params.format)
        line, detail = db.rows("SELECT line, detail FROM malformed ORDER BY file, line LIMIT 1")[0]
        raise fatal(
            "SFT0415",
            f"none of {dropped:,} conversations of source `{ctx.step.name}` is whole; the first: {unit} {line}: "
            f"{visible(detail)}",
            "give the source the `shape` that its rows have, or mend the file",
            about="shape",
        )
    return {"columns": kinds, "malformed": dropped, **({"unread_keys": unread} if unread else {})}


def sampled_rows(ctx: StepContext, db: Engine, sampling: Sampling) -> dict[str, int]:
    """Leave the sample in ``named``. Raises DiagnosticError SFT0416 when it has no row."""
    number = hash_number("? || __row_id")
    salt = f"sample:{sampling.seed}:"
    total = int(db.value("SELECT count(*) FROM named"))
    if sampling.share is not None:
        end = int(sampling.share * (1 << HASH_BITS))
        chosen, bound = f"SELECT __row_id AS id FROM named WHERE {number} < ?", [salt, end]
    else:
        chosen = f"SELECT __row_id AS id FROM named ORDER BY {number}, __row_id LIMIT ?"
        bound = [salt, sampling.rows]
    db.execute(f"CREATE TABLE sample AS {chosen}", bound)
    taken = int(db.value("SELECT count(*) FROM sample"))
    if not taken:
        raise fatal(
            "SFT0416",
            f"the sample of source `{ctx.step.name}` took none of {total:,} rows",
            "take a larger share, or a number of rows: `sample = 100 rows`",
            about="sample",
        )
    if sampling.rows is not None and sampling.rows > total:
        ctx.note(
            f"source `{ctx.step.name}` has {total:,} rows and not the {sampling.rows:,} of its sample: all are taken"
        )
    db.execute("DELETE FROM named WHERE __row_id NOT IN (SELECT id FROM sample)")
    return {"sampled_from": total, "not_taken": total - taken}
