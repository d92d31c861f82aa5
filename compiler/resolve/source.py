"""Sources: what the world says of the file, the columns under their names in the spec, and the shape of the rows."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.known import Known
from compiler.nested_rows import rows_inside
from compiler.own_columns import OWN, is_own
from compiler.paths import rebased
from compiler.reporting import Reporter, did_you_mean, renamed, suggestion, written_anew
from compiler.resolve.inner_columns import inner_columns
from compiler.resolve.shape import find_layout, shaped
from compiler.resolved import ResolvedSource
from compiler.schema.fields import Entry
from compiler.schema.source import Source
from compiler.world import ColumnType, Problem, SourceFacts, World
from spec_lang.ast import Ref
from spec_lang.suggest import closest


def resolve_source(block: Source, world: World, report: Reporter) -> ResolvedSource:
    """The source with its columns, as far as they are known."""
    facts = _facts(block, world, report)
    fields = facts.columns if facts else {}
    mapping, clashing = _mapping(block, facts, report)
    mapping |= _swapped(block, facts)
    inner = inner_columns(block, facts, world, report)
    clashing |= _distinct([*mapping, *inner], block, report)
    clashing |= _not_own([*mapping, *inner], block, report)
    # Nothing follows from an entry that is in error: its field keeps its own name, and what it names is not known.
    mapping = _without(clashing, mapping, facts)
    names = {field: name for name, field in mapping.items()}
    columns: dict[str, ColumnType | None] = {names[field]: kind for field, kind in fields.items() if field in names}
    columns |= {name: fields.get(field) for name, field in mapping.items()}
    columns |= {name: kind for name, (_, kind) in inner.items()}
    columns |= dict.fromkeys(sorted(clashing))
    declared = {entry.name.text for entry in block.columns.columns} | block.columns.broken if block.columns else set()
    columns |= dict.fromkeys(sorted(declared - columns.keys()))
    more = facts is None or "columns" in block.broken
    _check_sample(block, report)
    places = {name: place for name, (place, _) in inner.items()}
    read_from = {name: (field,) for name, field in mapping.items()} | places
    layout = find_layout(block, columns, read_from, world, report, more=more)
    if layout is not None:
        columns = shaped(block, layout, columns, report)
    return ResolvedSource(block, facts, mapping, Known(columns, more=more), places, layout)


def _check_sample(block: Source, report: Reporter) -> None:
    if block.seed.given and block.sample.value is None and "sample" not in block.broken:
        report.error(
            "SFT0225", "`seed` chooses a sample, and the source takes all rows", block.seed.span, "leave it out"
        )


def _facts(block: Source, world: World, report: Reporter) -> SourceFacts | None:
    path = block.path
    if path.value is None or not block.format.known:
        return None
    facts = world.source(rebased(path.value, block.file), block.format.value)
    if isinstance(facts, Problem):
        report.error(facts.code, facts.message, path.span, facts.help)
        return None
    return facts


def _mapping(block: Source, facts: SourceFacts | None, report: Reporter) -> tuple[dict[str, str], set[str]]:
    """Every column with its field: mapped fields under the new name, the others under their own. And the names that
    were given to one field while another has them."""
    entries = block.columns.columns if block.columns else ()
    mapped = [entry for entry in entries if len(entry.value.parts) == 1 and _known(entry, block, facts, report)]
    fields = {entry.value.parts[0].text for entry in mapped}
    own = [name for name in facts.columns if name not in fields] if facts else []
    columns, clashing = {name: name for name in own}, set[str]()
    for entry in mapped:
        name = entry.name.text
        if name in own:
            report.error(
                "SFT0228",
                f"the file of source `{block.name}` has a field `{name}` of its own",
                entry.name.span,
                f"give that field a name too, such as `original_{name} = {name}`",
            )
            clashing.add(name)
        columns[name] = entry.value.parts[0].text
    return {name: columns[name] for name in sorted(columns)}, clashing


def _without(clashing: set[str], mapping: dict[str, str], facts: SourceFacts | None) -> dict[str, str]:
    """The mapping as it is without the entries of these names."""
    left = {name: field for name, field in mapping.items() if name not in clashing}
    own = facts.columns if facts else {}
    return left | {name: name for name in own if name not in left.values()} if clashing else mapping


def _is_swapped(entry: Entry[Ref], facts: SourceFacts) -> bool:
    """``{ message = instruction }`` where the file has a field `message`, and none that is called `instruction`."""
    field = entry.value
    there = field.text in facts.columns or bool(closest(field.text, facts.columns))
    return len(field.parts) == 1 and not there and entry.name.text in facts.columns


def _swapped(block: Source, facts: SourceFacts | None) -> dict[str, str]:
    """What was meant by entries whose sides are swapped."""
    entries = block.columns.columns if block.columns and facts is not None else ()
    return {e.value.text: e.name.text for e in entries if facts is not None and _is_swapped(e, facts)}


def _distinct(columns: Iterable[str], block: Source, report: Reporter) -> set[str]:
    """SQL does not tell upper from lower case in names of columns. The entries that are at fault, by their names."""
    spans = {entry.name.text: entry.name.span for entry in block.columns.columns} if block.columns else {}
    seen: dict[str, str] = {}
    faulty: set[str] = set()
    for name in sorted(columns, key=lambda name: (name in spans, name)):
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            message = f"the columns `{other}` and `{name}` of source `{block.name}` differ only in case"
            help = "give one of them another name in `columns { … }`"
            report.error("SFT0228", message, spans.get(name, block.path.span), help)
            faulty.add(name)
    return faulty & spans.keys()


def _not_own(columns: Iterable[str], block: Source, report: Reporter) -> set[str]:
    """The run needs some names itself; of names in the spec that begin like those SFT0229 is said already. The entries
    that are at fault, by their names."""
    spans = {entry.name.text: entry.name.span for entry in block.columns.columns} if block.columns else {}
    faulty = {name for name in columns if is_own(name) and not (name in spans and name.startswith(OWN))}
    for name in sorted(faulty):
        message = f"source `{block.name}` has a column `{name}`, a name that the runtime uses itself"
        help = "give it another name in `columns { … }`"
        if name not in spans:
            help = f"give it another name: `columns {{ other_name = {name} }}`"
        report.error("SFT0409", message, spans.get(name, block.path.span), help)
    return faulty & spans.keys()


def _known(entry: Entry[Ref], block: Source, facts: SourceFacts | None, report: Reporter) -> bool:
    field = entry.value
    if entry.name.text.startswith(OWN):
        report.error("SFT0229", f"names of columns do not begin with `{OWN}`", entry.name.span)
        return False
    if facts is not None and _is_swapped(entry, facts):
        left, right = (report.file.slice(span) for span in (entry.name.span, field.span))
        message = "the sides are swapped: the name in the spec stands on the left, the field of the file on the right"
        swap = "swap them" if "`" in left + right else f"write `{right} = {left}`"
        report.error("SFT0301", message, entry.span, swap, fix=written_anew(entry.span, f"{right} = {left}"))
        return False
    if facts is not None and field.text not in facts.columns:
        near = did_you_mean(field.text, facts.columns)
        help = near or rows_inside(facts) or suggestion(field.text, facts.columns, "fields of the file")
        fix = renamed(field, facts.columns)
        message = f"the file of source `{block.name}` has no field `{field.text}`"
        report.error("SFT0301", message, field.span, help, fix=fix)
        return False
    return True
