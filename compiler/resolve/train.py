"""Trains: what is trained on what, and chains of trains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.names import Names
from compiler.resolve.mixture import has_templates
from compiler.resolve.task import find_rows
from compiler.resolved import AnyModel, ResolvedMixture, ResolvedModel, ResolvedTask, ResolvedTrain, Rows
from compiler.schema.train import Train


def resolve_trains(
    shapes: Iterable[Train],
    names: Names,
    models: Mapping[str, ResolvedModel],
    tasks: Mapping[str, ResolvedTask],
    mixtures: Mapping[str, ResolvedMixture],
) -> dict[str, ResolvedTrain]:
    """All trains, a base before what is trained on it; reports chains that close on themselves. Of a repeated name the
    first counts."""
    blocks: dict[str, Train] = {}
    repeated = [shape for shape in shapes if blocks.setdefault(shape.name, shape) is not shape]
    endless = _endless(blocks, names)
    resolved: dict[str, ResolvedTrain] = {}
    for block in (*(blocks[name] for name in (*_bases_first(blocks, endless), *sorted(endless))), *repeated):
        either: dict[str, AnyModel] = {**models, **resolved}
        base = names.look_up(block.model.value, ("model", "train"), "model", either)
        data = _data(block, names, tasks, mixtures)
        validation = _validation(block, data, names, tasks)
        resolved.setdefault(block.name, ResolvedTrain(block, base, data, validation))
    return resolved


def _next(block: Train, blocks: Mapping[str, Train]) -> str | None:
    """The train that a train goes on from."""
    name = block.model.value.text if block.model.value is not None else ""
    return name if name in blocks else None


def _chain(name: str, blocks: Mapping[str, Train]) -> tuple[list[str], str | None]:
    """A train and what it goes on from, nearest first; and the name at which the chain closes, if it does."""
    chain: list[str] = []
    current: str | None = name
    while current is not None and current not in chain:
        chain.append(current)
        current = _next(blocks[current], blocks)
    return chain, current


def _endless(blocks: Mapping[str, Train], names: Names) -> frozenset[str]:
    """Trains that lead into a circle; each circle is reported once, at its first train in the file."""
    endless: set[str] = set()
    reported: set[frozenset[str]] = set()
    for name in blocks:
        chain, closing = _chain(name, blocks)
        if closing is None:
            continue
        endless.add(name)
        circle = chain[chain.index(closing) :]
        if name in circle and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            shown = " -> ".join(f"`{item}`" for item in (*circle, circle[0]))
            help = "one of them has to train a `model`"
            names.report.error("SFT0219", f"these trains need each other: {shown}", blocks[name].model.span, help)
    return frozenset(endless)


def _bases_first(blocks: Mapping[str, Train], endless: frozenset[str]) -> list[str]:
    order: dict[str, None] = {}
    for name in blocks:
        if name not in endless:
            order.update(dict.fromkeys(reversed(_chain(name, blocks)[0])))
    return list(order)


def _data(
    block: Train, names: Names, tasks: Mapping[str, ResolvedTask], mixtures: Mapping[str, ResolvedMixture]
) -> Rows | ResolvedMixture | None:
    ref = block.data.value
    if ref is None or names.kind(ref.parts[0].text) != "task":
        return names.look_up(ref, ("task", "mixture"), "data", mixtures)
    rows = find_rows(ref, "data", names, tasks)
    return rows if rows is not None and has_templates(rows.task, ref, names.report) else None


def _validation(
    block: Train, data: Rows | ResolvedMixture | None, names: Names, tasks: Mapping[str, ResolvedTask]
) -> Rows | None:
    ref = block.validation.value
    rows = find_rows(ref, "validation", names, tasks)
    if ref is None or rows is None or not has_templates(rows.task, ref, names.report):
        return None
    uses = data.uses if isinstance(data, ResolvedMixture) else ()
    trained = {data.name} if isinstance(data, Rows) else {use.rows.name for use in uses if use is not None}
    if rows.name in trained:
        message = f"`{rows.name}` is trained on, so its loss says nothing of unseen rows"
        names.report.error("SFT0603", message, ref.span, also=[(block.data.span, "trained on here")])
    return rows
