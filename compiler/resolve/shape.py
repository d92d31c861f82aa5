"""What rows of a source are: plain rows, or conversations, declared or recognised; and the columns that these get."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.paths import rebased
from compiler.reporting import Reporter
from compiler.resolved import ResolvedSource
from compiler.schema.source import Source
from compiler.shapes import LISTS, NEEDED, READ, SHAPES, Layout, fits, generated, replaced
from compiler.world import ColumnType, World

NAMES_OF_PAIR = ("chosen", "rejected")
Columns = Mapping[str, ColumnType | None]
Places = Mapping[str, tuple[str, ...]]


def find_layout(
    block: Source, columns: Columns, places: Places, world: World, report: Reporter, *, more: bool
) -> Layout | None:
    """The layout of the rows; None for plain rows, and after a report. ``places`` tells where each column is read from,
    ``more`` that there may be further columns."""
    shape = block.shape
    if not shape.known:
        return None
    if shape.value is None:
        return None if more else _recognised(block, columns, places, world)
    layout = SHAPES[shape.value]
    if layout is None or (
        _complete(block, layout, columns, report, more=more) and _typed(block, layout, columns, report)
    ):
        return layout
    return None


def shaped(block: Source, layout: Layout, columns: Columns, report: Reporter) -> dict[str, ColumnType | None]:
    """The columns that rows of a layout have. A column of the file that is called like a generated one is reported."""
    gone = replaced(layout, columns)
    kept = {name: kind for name, kind in columns.items() if name not in gone}
    made = generated(layout)
    for name in kept:
        clash = next((other for other in made if other == name.lower()), None)
        if clash is not None:
            entries = block.columns.columns if block.columns else ()
            span = next((entry.name.span for entry in entries if entry.name.text == name), block.path.span)
            help = f"give the field another name: `columns {{ file_{name} = {name} }}`"
            message = (
                f"rows that are conversations get a column `{clash}`, and source `{block.name}` has a field `{name}`"
            )
            report.error("SFT0258", message, span, help)
    return {**kept, **made}


def fitting_shape(source: ResolvedSource) -> str | None:
    """The shape that a source of plain rows could be declared to have."""
    if source.layout is not None or source.block.shape.value is not None or source.columns.more:
        return None
    columns = source.columns.items
    flat = ("preference", "alpaca", "prompt_completion")
    return next((name for name in flat for layout in [SHAPES[name]] if layout and fits(layout, columns)), None)


def without_templates(source: ResolvedSource | None) -> str:
    """How rows that no template renders become conversations."""
    shape = fitting_shape(source) if source is not None else None
    if source is None or shape is None:
        return "add `templates = [NAME]`"
    return f"add `templates = [NAME]`, or `shape = {shape}` to source `{source.name}`, whose columns fit"


def _recognised(block: Source, columns: Columns, places: Places, world: World) -> Layout | None:
    """Lists of turns, told by the keys of the first turn."""
    listed = [name for name in LISTS if columns.get(name) in ("list", "json") and name in places]
    pair = all(columns.get(name) in ("list", "json") for name in NAMES_OF_PAIR)
    asked = [*listed, *(NAMES_OF_PAIR if pair else ())]
    if not asked or block.path.value is None:
        return None
    turns = [(*places[name], *step) for name in asked for step in (("0", "role"), ("0", "from"), ("role",), ("from",))]
    types = iter(world.inner_types(rebased(block.path.value, block.file), tuple(turns), block.format.value))
    spoken = {name for name in asked if [next(types) for _ in range(4)].count("text")}
    if pair and spoken.issuperset(NAMES_OF_PAIR):
        return "preference"
    return "conversation" if spoken.intersection(LISTS) else None


def _complete(block: Source, layout: Layout, columns: Columns, report: Reporter, *, more: bool) -> bool:
    missing = [group for group in NEEDED[layout] if not any(name in columns for name in group)]
    if not missing or more:
        return not missing
    wanted = " or ".join(f"`{name}`" for name in missing[0])
    message = f"rows of the shape `{block.shape.value}` have a column {wanted}, and source `{block.name}` has none"
    known = ", ".join(f"`{name}`" for name in list(columns)[:8])
    help = f"name the field that it is: `columns {{ {missing[0][0]} = … }}`; there are {known}"
    report.error("SFT0257", message, block.shape.span, help)
    return False


def _typed(block: Source, layout: Layout, columns: Columns, report: Reporter) -> bool:
    """Whether all columns that the layout reads have a type that it can read."""
    sound = True
    for name, types in READ[layout].items():
        kind = columns.get(name)
        if kind is not None and kind != "null" and kind not in types:
            wanted = " or ".join(dict.fromkeys(types))
            message = f"column `{name}` of the shape `{block.shape.value}` is {wanted}, and here it is {kind}"
            help = "give the field another name in `columns { … }`, or the source another shape"
            report.error("SFT0257", message, block.shape.span, help)
            sound = False
    return sound
