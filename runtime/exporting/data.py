"""Write the rows of an export: every part in a layout, and the files that the layout wants beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.plan import Plan
from runtime.artifacts import Objects
from runtime.exporting.layouts import LAYOUTS
from runtime.exporting.layouts.base import Layout, Names, Written
from runtime.exporting.misfits import refuse_misfits
from runtime.exporting.provenance import task_names, template_names
from runtime.exporting.rows import Part, open_part
from runtime.relational import engine
from runtime.store import Store


def parts_of(plan: Plan, store: Store, steps: Mapping[str, str]) -> list[Part]:
    """The parts of an export whose steps are finished; ``steps`` maps part names to step ids."""
    objects = Objects(store.root / "objects")
    return [
        Part(
            name,
            objects.path((step := plan.step(step_id)).hash) / "rows.parquet",
            template_names(plan.behind([step_id])),
            task_names(step),
        )
        for name, step_id in steps.items()
    ]


def write_rows(names: Names, parts: Sequence[Part], layout: Layout, folder: Path) -> tuple[Written, ...]:
    """Write all parts. Raises DiagnosticError SFT0924 when rows do not fit the layout, before any is written, and
    SFT0904 when the disk is full."""
    written = []
    with engine(folder) as db:
        tables = [open_part(db, part, position) for position, part in enumerate(parts)]
        others = [one.name for one in LAYOUTS.values() if all(map(one.fits, (p for t in tables for p in t.patterns)))]
        for table in tables:
            refuse_misfits(table, layout, others)
        one_answer = all(pattern.answers_once for table in tables for pattern in table.patterns)
        for table in tables:
            file = layout.file(table.part.name)
            table.copy(layout.select(table, one_answer), folder / file, layout.form)
            written.append(Written(table.part.name, file, table.patterns, table.by_template()))
    for beside, text in layout.beside(names, written).items():
        (folder / beside).write_text(text, encoding="utf-8")
    return tuple(written)
