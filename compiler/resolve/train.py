"""Trains: what is trained on what, and chains of trains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from compiler.names import Names
from compiler.reporting import Reporter
from compiler.resolve.decontaminate import decontaminations
from compiler.resolve.mix import resolve_mix
from compiler.resolve.mixture import has_templates
from compiler.resolve.served import ANSWERS_ONLY
from compiler.resolve.shared_rows import may_share_rows
from compiler.resolve.task import find_rows
from compiler.resolved import AnyModel, ResolvedMixture, ResolvedModel, ResolvedTask, ResolvedTrain, Rows
from compiler.resolved_decontaminate import Decontaminate
from compiler.schema.fields import Shape
from compiler.schema.train import GUARD, DpoBody, MixBody, Train
from spec_lang.ast import Ref

PREVIOUS = "previous"  # in a loop: the model of the round before


def resolve_trains(
    shapes: Iterable[Train],
    names_of: Callable[[Shape], Names],
    models: Mapping[str, AnyModel],
    tasks: Mapping[str, ResolvedTask],
    mixtures: Mapping[str, ResolvedMixture],
) -> dict[str, ResolvedTrain]:
    """All trains, a base before what is trained on it; reports chains that close on themselves. Of a repeated name the
    first counts."""
    blocks: dict[str, Train] = {}
    repeated = [shape for shape in shapes if blocks.setdefault(shape.name, shape) is not shape]
    endless = _endless(blocks, names_of)
    resolved: dict[str, ResolvedTrain] = {}
    for block in (*(blocks[name] for name in (*_bases_first(blocks, endless, names_of), *sorted(endless))), *repeated):
        names = names_of(block)
        either: dict[str, AnyModel] = {**models, **resolved}
        base = _trainable(names.look_up(block.model.value, ("model", "train"), "model", either), block, names)
        rules = decontaminations(block.rules)
        data = _data(block, rules, names, tasks, mixtures)
        validation = _validation(block, names, tasks)
        _check_names(block, names)
        train = ResolvedTrain(block, base, data, validation, rules)
        _check_validation(train, names.report)
        resolved.setdefault(block.name, train)
    return resolved


def _trainable(base: AnyModel | None, block: Train, names: Names) -> AnyModel | None:
    """A base with weights; None after a report."""
    if not isinstance(base, ResolvedModel) or not base.is_served:
        return base
    message = f"`{base.name}` is behind an endpoint, and what is trained are weights"
    also = [base.block.label(base.block.head, "declared here")]
    names.report.error(ANSWERS_ONLY, message, block.model.span, "name a model that has `weights`", also)
    return None


def _next(block: Train, blocks: Mapping[str, Train], names_of: Callable[[Shape], Names]) -> str | None:
    """The train that a train goes on from."""
    name = names_of(block).full(block.model.value) if block.model.value is not None else ""
    return name if name in blocks else None


def _chain(name: str, blocks: Mapping[str, Train], names_of: Callable[[Shape], Names]) -> tuple[list[str], str | None]:
    """A train and what it goes on from, nearest first; and the name at which the chain closes, if it does."""
    chain: list[str] = []
    current: str | None = name
    while current is not None and current not in chain:
        chain.append(current)
        current = _next(blocks[current], blocks, names_of)
    return chain, current


def _endless(blocks: Mapping[str, Train], names_of: Callable[[Shape], Names]) -> frozenset[str]:
    """Trains that lead into a circle; each circle is reported once, at its first train in the file."""
    endless: set[str] = set()
    reported: set[frozenset[str]] = set()
    for name in blocks:
        chain, closing = _chain(name, blocks, names_of)
        if closing is None:
            continue
        endless.add(name)
        circle = chain[chain.index(closing) :]
        if name in circle and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            shown = " -> ".join(f"`{item}`" for item in (*circle, circle[0]))
            help = "one of them has to train a `model`"
            report = names_of(blocks[name]).report
            report.error("SFT0219", f"these trains need each other: {shown}", blocks[name].model.span, help)
    return frozenset(endless)


def _bases_first(blocks: Mapping[str, Train], endless: frozenset[str], names_of: Callable[[Shape], Names]) -> list[str]:
    order: dict[str, None] = {}
    for name in blocks:
        if name not in endless:
            order.update(dict.fromkeys(reversed(_chain(name, blocks, names_of)[0])))
    return list(order)


def _data(
    block: Train,
    rules: tuple[Decontaminate, ...],
    names: Names,
    tasks: Mapping[str, ResolvedTask],
    mixtures: Mapping[str, ResolvedMixture],
) -> Rows | ResolvedMixture | None:
    data = block.data.value
    if isinstance(data, MixBody):
        return resolve_mix(block, data, rules, names, tasks, mixtures)
    if data is None or names.kind(data) not in ("task", "generate"):
        return names.look_up(data, ("task", "mixture", "generate"), "data", mixtures)
    rows = find_rows(data, "data", names, tasks, others=("generate",))
    if rows is not None and isinstance(block.objective.value, DpoBody):
        _check_pairs(block, rows, names)
        return rows
    return rows if rows is not None and has_templates(rows.task, data, names.report) else None


def _check_pairs(block: Train, rows: Rows, names: Names) -> None:
    """Preferences are rows with an answer that is better and one that is worse."""
    source = rows.task.source
    missing = [name for name in ("chosen", "rejected") if source is not None and source.columns.lacks(name)]
    if missing and source is not None:
        message = f"`dpo` needs the columns `chosen` and `rejected`, and source `{source.name}` has no `{missing[0]}`"
        names.report.error("SFT0301", message, block.data.span, "give the columns these names in `columns { … }`")


def _check_names(block: Train, names: Names) -> None:
    """Names and limits in what cannot run yet, and that a restart is one of a loop."""
    restart, previous = block.restart, names.space + PREVIOUS
    if restart.given and previous not in names.blocks:
        help = "a train outside of a loop begins with its `model`; leave it out"
        names.report.error("SFT0225", "`restart` is not allowed outside of a loop", restart.span, help)
    elif restart.value is not None and names.stands(restart.value, ("model", "train"), "restart"):
        _check_restart(block, restart.value, names)
    if (reference := _reference(block)) is not None:
        names.stands(reference, ("model", "train"), "reference")
    for rule in block.rules:
        if rule.expr is not None and rule.verb == "guard":
            GUARD.read(rule.expr, "guard", names.report)


def _check_restart(block: Train, restart: Ref, names: Names) -> None:
    """Every round begins with the model that is trained; that of the round before is what it begins with otherwise."""
    model = block.model.value
    if model is None or names.full(model) == names.full(restart):
        return
    message = f"`restart` names `{restart.text}`, and `model` names `{model.text}`"
    help = f"every round begins with one of them: write `restart = {model.text}`; without `restart` it goes on"
    names.report.error("SFT0225", message, block.restart.span, help, also=[(block.model.span, "trained here")])


def _reference(block: Train) -> Ref | None:
    objective = block.objective.value
    return objective.reference.value if isinstance(objective, DpoBody) else None


def _validation(block: Train, names: Names, tasks: Mapping[str, ResolvedTask]) -> Rows | None:
    ref = block.validation.value
    rows = find_rows(ref, "validation", names, tasks)
    return rows if ref is not None and rows is not None and has_templates(rows.task, ref, names.report) else None


def _check_validation(train: ResolvedTrain, report: Reporter) -> None:
    """Report rows of the validation that this train, or one that it goes on from, learned from."""
    rows, span = train.validation, train.block.validation.span
    if rows is None:
        return
    own = {id(item) for item in train.own_rows}
    for trained in train.trained_on:
        same = trained.name == rows.name
        if not same and not may_share_rows(trained, rows):
            continue
        also = [(train.block.data.span, "trained on here")] if id(trained) in own else []
        if same:
            message = f"`{rows.name}` is trained on, so its loss says nothing of unseen rows"
            report.error("SFT0603", message, span, also=also)
        else:
            message = f"`{rows.name}` and `{trained.name}`, which is trained on, are rows of one source"
            report.warning("SFT0613", message, span, "give both tasks the same split, and name other parts")
        return
