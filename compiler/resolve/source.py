"""Sources: what the world says of the file, and the columns under their names in the spec."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.reporting import Reporter, suggestion
from compiler.resolved import ResolvedSource
from compiler.schema.fields import Entry
from compiler.schema.source import Source
from compiler.step_params import Column
from compiler.world import Problem, SourceFacts, World
from spec_lang.ast import Ref

_RESERVED = "__"  # columns that the run adds


def resolve_source(block: Source, world: World, report: Reporter) -> ResolvedSource | None:
    """The source with its columns; None when its file cannot be read at all."""
    facts = world.source(block.path.value)
    if isinstance(facts, Problem):
        report.error(facts.code, facts.message, block.path.span, facts.help)
        return None
    mapping = _mapping(block, facts, report)
    entries = {entry.name.text for entry in block.columns.columns} | block.columns.broken if block.columns else set()
    return ResolvedSource(block, facts, mapping, frozenset(entries - {column.name for column in mapping}))


def _mapping(block: Source, facts: SourceFacts, report: Reporter) -> tuple[Column, ...]:
    """Every column: mapped fields under the new name, the others under their own."""
    entries = block.columns.columns if block.columns else ()
    mapped = [entry for entry in entries if _known(entry, block, facts, report)]
    fields = {entry.value.parts[0].text for entry in mapped}
    own = [name for name in facts.columns if name not in fields]
    columns = {name: Column(name=name, field=name) for name in own}
    for entry in mapped:
        name = entry.name.text
        if name in own:
            report.error(
                "SFT0228",
                f"the file of source `{block.name}` has a field `{name}` of its own",
                entry.name.span,
                f"give that field a name too, such as `original_{name} = {name}`",
            )
        columns[name] = Column(name=name, field=entry.value.parts[0].text)
    _distinct(columns, block, report)
    return tuple(columns[name] for name in sorted(columns))


def _distinct(columns: Mapping[str, Column], block: Source, report: Reporter) -> None:
    """SQL does not tell upper from lower case in names of columns."""
    spans = {entry.name.text: entry.name.span for entry in block.columns.columns} if block.columns else {}
    seen: dict[str, str] = {}
    for name in sorted(columns, key=lambda name: (name in spans, name)):
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            message = f"the columns `{other}` and `{name}` of source `{block.name}` differ only in case"
            help = "give one of them another name in `columns { … }`"
            report.error("SFT0228", message, spans.get(name, block.path.span), help)


def _known(entry: Entry[Ref], block: Source, facts: SourceFacts, report: Reporter) -> bool:
    field = entry.value
    if entry.name.text.startswith(_RESERVED):
        report.error("SFT0229", f"names of columns do not begin with `{_RESERVED}`", entry.name.span)
        return False
    if len(field.parts) > 1:
        help = "map the whole field and take values out of it with `json_field`"
        report.error("SFT0301", f"`{field.text}` is a path, and columns are whole fields", field.span, help)
        return False
    if field.text not in facts.columns:
        help = suggestion(field.text, facts.columns, "fields of the file")
        report.error("SFT0301", f"the file of source `{block.name}` has no field `{field.text}`", field.span, help)
        return False
    return True
