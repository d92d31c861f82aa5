"""Columns that are places inside fields, typed over all rows: ``columns { topic = meta.topic   first = list.`0` }``."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.own_columns import OWN
from compiler.paths import rebased
from compiler.reporting import Reporter, renamed, spelled, suggestion
from compiler.schema.source import Source
from compiler.world import ColumnType, SourceFacts, World
from spec_lang.ast import Ref

Inner = Mapping[str, tuple[tuple[str, ...], ColumnType | None]]


def inner_columns(block: Source, facts: SourceFacts | None, world: World, report: Reporter) -> Inner:
    """Each such column with its place and type; a type is None after a report, or when nothing is known of the file."""
    entries = [entry for entry in block.columns.columns if len(entry.value.parts) > 1] if block.columns else []
    if not entries or facts is None or block.path.value is None:
        return {entry.name.text: (_place(entry.value), None) for entry in entries}
    found: dict[str, tuple[tuple[str, ...], ColumnType | None]] = {}
    places = tuple(_place(entry.value) for entry in entries)
    types = world.inner_types(rebased(block.path.value, block.file), places, block.format.value)
    for entry, place, kind in zip(entries, places, types, strict=True):
        if entry.name.text.startswith(OWN):
            report.error("SFT0229", f"names of columns do not begin with `{OWN}`", entry.name.span)
        sound = kind != "null" or _report_nothing_there(entry.value, block, facts, report)
        if entry.name.text in facts.columns:
            report.error(
                "SFT0228",
                f"the file of source `{block.name}` has a field `{entry.name.text}` of its own",
                entry.name.span,
                f"give that field a name too, such as `original_{entry.name.text} = {entry.name.text}`",
            )
        found[entry.name.text] = (place, kind if sound else None)
    return found


def _place(ref: Ref) -> tuple[str, ...]:
    return tuple(part.text for part in ref.parts)


def _report_nothing_there(ref: Ref, block: Source, facts: SourceFacts, report: Reporter) -> bool:
    first = ref.parts[0]
    if ref.text in facts.columns:
        message = f"`{ref.text}` is one field of the file, and not a place inside of `{first.text}`"
        report.error("SFT0301", message, ref.span, "put its name in backticks", fix=spelled(ref.span, ref.text))
    elif first.text not in facts.columns:
        help = suggestion(first.text, facts.columns, "fields of the file")
        message = f"the file of source `{block.name}` has no field `{first.text}`"
        report.error("SFT0301", message, first.span, help, fix=renamed(first, facts.columns))
    elif facts.columns[first.text] not in ("json", "list"):
        message = f"field `{first.text}` is {facts.columns[first.text]}, and has nothing inside of it"
        report.error("SFT0301", message, ref.span, "a path leads into JSON objects and lists")
    else:
        message = f"no row of source `{block.name}` has a value at `{report.file.slice(ref.span)}`"
        report.error(
            "SFT0301", message, ref.span, "look at a row of the file: keys and positions have to be spelt as there"
        )
    return False
