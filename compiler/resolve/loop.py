"""Loops: blocks of one round, which see each other and the blocks of the file, and what ends the rounds.

In two passes. What a loop writes and trains is known before the evals of the file, which may evaluate the model that
the loop stands for; whether the loop is sound is looked at when these evals are known too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from compiler.names import Declared, Names
from compiler.resolve.eval import resolve_eval
from compiler.resolve.generate import resolve_generate
from compiler.resolve.loop_rules import read_loop_rules
from compiler.resolve.mix import entry_of, mixture_of
from compiler.resolve.tables import Tables
from compiler.resolve.task_order import resolve_tasks
from compiler.resolve.train import PREVIOUS, resolve_trains
from compiler.resolved import AnyModel, ResolvedEval, ResolvedMixture, ResolvedTask, ResolvedTrain, Rows, Use
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.resolved_loop import LoopRows, ResolvedLoop
from compiler.schema.eval import Eval
from compiler.schema.fields import Shape
from compiler.schema.generate import Generate
from compiler.schema.generate_methods import RespondBody
from compiler.schema.loop import Loop
from compiler.schema.train import Train
from compiler.unroll import stands_for
from spec_lang.ast import Block, Body, Name, Ref
from spec_lang.source import Span


def resolve_loop_rows(block: Loop, outside: Names, tables: Tables) -> LoopRows:
    """What a loop writes, trains and measures, as far as it is known. ``tables`` lacks what comes after trains."""
    block = _with_full_names(block, outside.space)
    names = names_inside(block, outside)
    for kind, shapes in (("generate", block.generates), ("train", block.trains)):
        if not shapes and not block.broken:
            help = f"add `{kind} NAME {{ … }}`"
            outside.report.error("SFT0226", f"loop `{block.name}` has no `{kind}`", block.head, help)
    written = resolve_tasks(
        *(block.generates, lambda _: names, tables.sources, tables.filters, tables.templates, tables.scores),
        given=tables.tasks,
    )
    tasks = {**tables.tasks, **written}
    found = resolve_trains(block.trains, lambda _: names, tables.either, tasks, tables.mixtures)
    trains = {name: _mixed(train, written, names) for name, train in found.items()}
    either: dict[str, AnyModel] = {**tables.either, **trains}
    evals: dict[str, ResolvedEval] = {}
    for shape in block.evals:
        _check_measured(shape, names)
        evals.setdefault(shape.name, resolve_eval(shape, names, either, tasks, tables.templates, tables.judges))
    return LoopRows(block, names.space + PREVIOUS, written, trains, evals)


def _mixed(train: ResolvedTrain, written: Mapping[str, ResolvedTask], names: Names) -> ResolvedTrain:
    """Rows that the loop writes, trained on alone, are a mix of one part, to which those of other rounds come."""
    data, ref = train.data, train.block.data
    if not isinstance(data, Rows) or data.task.name not in written or not isinstance(ref.value, Ref):
        return train
    use = Use(entry_of(Name("new", ref.span), ref.value, ref.span), data)
    return replace(train, data=mixture_of(train.block, (use,), train.decontaminate, names))


def _check_measured(block: Eval, names: Names) -> None:
    """What a loop stands for is there after its last round, and an eval of a loop is measured after every round."""
    for ref in block.models.value:
        if names.kind(ref) == "loop":
            message = f"`{ref.text}` is a loop, and `models` of an eval in a loop takes a model or a train"
            also = [names.blocks[names.full(ref)].label]
            help = f"name the train of the round; measure `{ref.text}` in an eval outside of the loop"
            names.report.error("SFT0216", message, ref.span, help, also=also)


def loop_models(loops: Iterable[LoopRows]) -> dict[str, AnyModel]:
    """The models that the names of loops stand for, as far as they are known."""
    return {loop.block.name: stands_for(loop.block.name, loop.last) for loop in loops if loop.last is not None}


def resolve_loop(rows: LoopRows, outside: Names, tables: Tables) -> ResolvedLoop:
    """The loop, as far as it is known."""
    block = rows.block
    names = names_inside(block, outside)
    either = {**tables.either, **rows.trains}
    tasks, evals = {**tables.tasks, **rows.tasks}, {**tables.evals, **rows.evals}
    inside = replace(tables, either=either, tasks=tasks, evals=evals)
    generates = tuple(resolve_generate(item, names, inside) for item in block.generates)
    for item, resolved in zip(block.generates, generates, strict=True):
        _check_selects(item, names)
        _check_writer(resolved, rows, names)
    for train in rows.trains.values():
        _check_begins(train.block, names)
    _check_learns(rows, names)
    return read_loop_rules(rows, generates, names, tables.judges)


def _with_full_names(block: Loop, space: str) -> Loop:
    """The loop of an imported file, whose blocks have the names that the main spec would write, as all others have."""
    if not space:
        return block
    inner = {
        kind: tuple(type(shape)(**{**vars(shape), "name": space + shape.name}) for shape in getattr(block, kind))
        for kind in ("generates", "trains", "evals")
    }
    return Loop(**{**vars(block), **inner})


def names_inside(block: Loop, outside: Names) -> Names:
    """The names of the file and of the loop, whose blocks have full names; ``previous`` is the model of the round
    before."""
    blocks = dict(outside.blocks)
    kinds: tuple[tuple[str, tuple[Shape, ...]], ...] = (
        ("generate", block.generates),
        ("train", block.trains),
        ("eval", block.evals),
    )
    for kind, shapes in kinds:
        for shape in shapes:
            before = blocks.get(shape.name)
            if before is not None:
                message = f"`{shape.name}` is declared twice"
                help = "blocks of a loop share the names of the file; rename one of them"
                outside.report.error("SFT0206", message, shape.head, help, [before.label])
            else:
                blocks[shape.name] = Declared(_node(kind, shape.name, shape.head), block.file)
    blocks.setdefault(outside.space + PREVIOUS, Declared(_node("train", PREVIOUS, block.head), block.file))
    return replace(outside, blocks=blocks)


def _node(kind: str, name: str, head: Span) -> Block:
    """A block as the table of names holds it."""
    return Block(Name(kind, head), Name(name, head), Body((), head), head)


def _check_selects(block: Generate, names: Names) -> None:
    """A round that trains on everything it wrote learns nothing but itself."""
    answers = isinstance(block.method.value, RespondBody)
    if answers and not {"verify", "scores", "filters"} & (block.lines.keys() | block.broken):
        message = f"every answer of generate `{block.name}` is trained on in the next round"
        help = "say which are good: `verify = exact_match()`, `scores = […]` or `filters = […]`"
        names.report.error("SFT0255", message, block.head, help)


def _check_writer(item: ResolvedGenerate, rows: LoopRows, names: Names) -> None:
    """A round's model is trained on what the round wrote, so it cannot write it."""
    model = item.block.model
    if isinstance(item.model, ResolvedTrain) and item.model.name in rows.trains:
        message = f"`{item.model.name}` is trained on what generate `{item.block.name}` writes in the same round"
        names.report.error("SFT0225", message, model.span, f"write `model = {PREVIOUS}`")


def _check_begins(block: Train, names: Names) -> None:
    """The first round has no round before it."""
    model = block.model
    if model.value is not None and names.full(model.value) == names.space + PREVIOUS:
        message = f"the first round has no model before it that train `{block.name}` could begin with"
        help = "name the model that the first round begins with; without `restart` the later ones go on from there"
        names.report.error("SFT0225", message, model.span, help)


def _check_learns(rows: LoopRows, names: Names) -> None:
    """A loop whose trains read nothing that it wrote does the same in every round."""
    if not rows.tasks or not rows.trains:
        return
    for train in rows.trains.values():
        data = train.data
        known = data is not None and not (isinstance(data, ResolvedMixture) and not (data.uses and data.is_known))
        if not known or any(one.task.name in rows.tasks for one in train.own_rows):
            return
    first = next(iter(rows.trains.values())).block
    written = next(iter(rows.tasks))
    message = f"no train of loop `{rows.block.name}` learns from what it writes, so every round does the same"
    names.report.error("SFT0225", message, first.data.span, f"for example `mix {{ real = …   new = {written} }}`")
