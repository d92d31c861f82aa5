"""Sources with their columns as the plan has them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.queries import SourceRow, StepRow


@dataclass(frozen=True)
class SourceLine:
    """A source of a run. ``columns`` are their names with the field of the file that each is read from; ``files`` are
    more than one where its path is a pattern."""

    step_id: str
    step_hash: str
    name: str
    files: tuple[SourceRow, ...]
    rows: int | None
    unreadable: int
    licence: str | None
    origin: str | None
    consent: str | None
    columns: tuple[tuple[str, str], ...]
    format: str
    layout: str | None
    sample: str | None


def source_lines(plan: Mapping[str, Any], steps: Sequence[StepRow], files: Sequence[SourceRow]) -> list[SourceLine]:
    """The sources in plan order, those that are not read yet as well."""
    by_id = {step.step_id: step for step in steps}
    return [
        _line(step, by_id[f"ingest:{step['name']}"], files)
        for step in plan.get("steps", ())
        if step["kind"] == "ingest" and f"ingest:{step['name']}" in by_id
    ]


def _line(step: Mapping[str, Any], row: StepRow, files: Sequence[SourceRow]) -> SourceLine:
    local, params = step["local"], step["params"]
    name = local.get("labels", {}).get("source", step["name"])
    own = tuple(file for file in files if file.name in (name, step["name"]))
    return SourceLine(
        row.step_id,
        row.step_hash,
        name,
        own,
        row.rows_out,
        sum(file.unreadable for file in own),
        local.get("licence"),
        local.get("origin"),
        local.get("consent"),
        tuple(_columns(params)),
        str(params.get("format", "")),
        _named(params.get("layout")),
        _sample(params.get("sample")),
    )


def _columns(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for column in params.get("columns", ()):
        path = column.get("path")
        yield column["name"], ".".join((column["field"], *(path or ())))


def _named(layout: Any) -> str | None:
    if isinstance(layout, Mapping):
        return str(layout.get("shape") or layout.get("kind") or "conversation")
    return None if layout is None else str(layout)


def _sample(sample: Any) -> str | None:
    if not isinstance(sample, Mapping):
        return None
    return f"{sample['rows']:,} rows" if sample.get("rows") is not None else f"{float(sample['share']):.2%}"
