"""``sft show RUN sources``: files, licences, origins and columns of what a run read."""

from __future__ import annotations

from dataclasses import asdict

from msgspec import structs

from runtime.store import Store
from sft.plain_tables import Page, Table
from tui import queries
from tui.formats import count
from tui.row_queries import column_types
from tui.view_models.sources import source_lines

_COLUMNS = ("source", "rows", "unreadable", "licence", "origin", "consent", "format", "files")


def sources_page(store: Store, run_id: str) -> Page:
    lines = source_lines(queries.plan(store, run_id), queries.steps(store, run_id), queries.sources(store, run_id))
    if not lines:
        return Page({"sources": []}, "the plan of this run names no source", ())
    cells = [
        (
            *(line.name, count(line.rows), count(line.unreadable) if line.unreadable else ""),
            *(line.licence or "", line.origin or "", line.consent or "", line.format),
            ", ".join(file.path for file in line.files),
        )
        for line in lines
    ]
    tables = [Table("", _COLUMNS, cells, frozenset({1, 2}))]
    data = []
    for line in lines:
        types = dict(column_types(store, line.step_hash))
        rows = [(name, types.get(name, "").lower(), "" if field == name else field) for name, field in line.columns]
        tables.append(Table(f"columns of {line.name}", ("column", "type", "field of the file"), rows))
        files = [structs.asdict(file) for file in line.files]
        data.append({**asdict(line), "files": files, "types": types})
    return Page({"sources": data}, "", tuple(tables))
