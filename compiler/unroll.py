"""Loops as rounds: each round's blocks become blocks of the spec, under names such as ``star.2.student``.

A round is the loop's blocks with other names, other seeds, and what stands for another round put in: ``previous`` is
the model of the round before (of the first round what its train begins with), a mix that accumulates has the rows of
all rounds so far. Everything behind it, lowering most of all, sees plain blocks. Nothing of a round depends on how many
rounds there are.
"""

from __future__ import annotations

from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from compiler.known import Known, sure
from compiler.resolved import (
    AnyModel,
    ResolvedEval,
    ResolvedMetric,
    ResolvedMixture,
    ResolvedSpec,
    ResolvedTask,
    ResolvedTrain,
    Rows,
    Use,
)
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.resolved_loop import ResolvedLoop, Round, UnrolledLoop
from compiler.schema.fields import Shape, Value

S = TypeVar("S", bound=Shape)


def unrolled(spec: ResolvedSpec) -> ResolvedSpec:
    """The spec with the rounds of its loops; it has no mistake."""
    for loop in spec.later.values():
        if isinstance(loop, ResolvedLoop):
            spec = _Unrolling(loop, spec).result()
    return spec


def round_seed(seed: int, number: int) -> int:
    """The seed of a round: that of the spec in the first, then numbers that no other seed leads to by counting on."""
    if number == 1:
        return seed
    from hashlib import sha256

    return int.from_bytes(sha256(f"{seed}:round:{number}".encode()).digest()[:4])


class _Blocks(Struct, frozen=True, eq=False):
    """The blocks of one round, by their names in the loop."""

    number: int
    tasks: dict[str, ResolvedTask]
    generates: dict[str, ResolvedGenerate]
    trains: dict[str, ResolvedTrain]
    evals: dict[str, ResolvedEval]


class _Unrolling:
    def __init__(self, loop: ResolvedLoop, spec: ResolvedSpec) -> None:
        self._loop, self._spec = loop, spec
        self._rounds: list[_Blocks] = []

    def result(self) -> ResolvedSpec:
        for number in range(1, sure(self._loop.block.rounds.value) + 1):
            blocks = _Blocks(number, {}, {}, {}, {})
            self._rounds.append(blocks)
            for item in self._loop.generates:
                self._generate(item, blocks)
            for train in self._loop.rows.trains.values():
                self._train(train, blocks)
            for name, eval in self._loop.rows.evals.items():
                blocks.evals[name] = self._eval(eval, blocks)
        return self._added()

    def _added(self) -> ResolvedSpec:
        spec, name = self._spec, self._loop.name
        last = sure(self._loop.rows.last)
        return replace(
            spec,
            tasks={**spec.tasks, **{task.name: task for one in self._rounds for task in one.tasks.values()}},
            generates={**spec.generates, **{g.name: g for one in self._rounds for g in one.generates.values()}},
            trains={**spec.trains, **{t.name: t for one in self._rounds for t in one.trains.values()}}
            | {name: stands_for(self._loop.block.name, last)},
            evals={**{e.name: e for one in self._rounds for e in one.evals.values()}, **spec.evals},
            loops={**spec.loops, name: UnrolledLoop(self._loop, tuple(map(_names, self._rounds)))},
        )

    # --- what a round is made of ------------------------------------------------------------------

    def _own(self, name: str, number: int) -> str:
        return f"{self._loop.name}.{number}.{name.rpartition('.')[2]}"

    def _previous(self, number: int) -> AnyModel:
        """The model of the round before; of the first round what the loop begins with."""
        last = sure(self._loop.rows.last)
        if number > 1:
            return self._rounds[number - 2].trains[last.name]
        model: AnyModel = last
        while isinstance(model, ResolvedTrain) and model.name in self._loop.rows.trains:
            assert model.base is not None
            model = model.base
        return model

    def _generate(self, item: ResolvedGenerate, blocks: _Blocks) -> None:
        own = item.block.name
        block = _named(item.block, self._own(own, blocks.number))
        source = sure(item.task.source)
        written = replace(source, block=_named(source.block, block.name))
        of = None if item.task.made_of is None else _rows(item.task.made_of, blocks)
        task = replace(item.task, block=_named(item.task.block, block.name), source=written, made_of=of)
        model: AnyModel = self._previous(blocks.number) if item.model is None else item.model
        blocks.tasks[own] = task
        rows = None if item.rows is None else _rows(item.rows, blocks)
        blocks.generates[own] = replace(item, block=block, rows=rows, model=model, task=task, round=blocks.number)

    def _train(self, item: ResolvedTrain, blocks: _Blocks) -> None:
        number = blocks.number
        block = _named(item.block, self._own(item.name, number))
        block = _with(block, seed=_next_seed(block.seed, number))
        base = item.base
        if isinstance(base, ResolvedTrain) and base.name in blocks.trains:
            base = blocks.trains[base.name]
        elif not block.restart.given and number > 1:
            base = self._rounds[number - 2].trains[item.name]
        data = item.data
        if isinstance(data, ResolvedMixture):
            data = self._mixture(data, block.name, number)
        blocks.trains[item.name] = replace(item, block=block, base=base, data=data)

    def _mixture(self, mixture: ResolvedMixture, name: str, number: int) -> ResolvedMixture:
        """Of a mix in the loop: its parts, with the rows that earlier rounds wrote where they accumulate."""
        if all(rows.task.name not in self._loop.rows.tasks for rows in mixture.rows):
            return mixture
        uses: list[Use] = []
        for use in mixture.uses:
            own = sure(use).of
            if not isinstance(own, Rows) or own.task.name not in self._loop.rows.tasks:
                uses.append(sure(use))
                continue
            first = 1 if self._loop.block.data.value == "accumulate" else number
            for one in range(first, number + 1):
                rows = Rows(self._rounds[one - 1].tasks[own.task.name], own.part)
                entry = sure(use).entry
                uses.append(Use(replace(entry), rows))
        block = _with(_named(mixture.block, name), rules=tuple(use.entry for use in uses))
        return replace(mixture, block=block, uses=tuple(uses))

    def _eval(self, item: ResolvedEval, blocks: _Blocks) -> ResolvedEval:
        """The models of the round; that two of them are one (`previous` in the first round) is no matter."""
        models = {model.name: model for model in (self._model(*one, blocks) for one in item.models.items.items())}
        named = item.references.items.items()
        references = {rule: self._model(self._reference(item, rule), model, blocks) for rule, model in named}
        metrics = {name: _compared_with(metric, references.get(name)) for name, metric in item.metrics.items.items()}
        metrics = {name: self._against(metric, item, blocks) for name, metric in metrics.items()}
        return replace(
            item,
            block=_named(item.block, self._own(item.name, blocks.number)),
            models=Known(models),
            metrics=Known(metrics),
            references=Known(references),
        )

    def _reference(self, item: ResolvedEval, rule: str) -> str:
        return str(sure(item.metrics.items[rule]).args["reference"])

    def _against(self, metric: ResolvedMetric, item: ResolvedEval, blocks: _Blocks) -> ResolvedMetric:
        """A win rate over a model of the loop is one over that of the round."""
        name = metric.args.get("against")
        if name is None:
            return metric
        model = self._model(str(name), item.models.get(str(name)), blocks)
        return replace(metric, args={**metric.args, "against": model.name})

    def _model(self, name: str, model: AnyModel | None, blocks: _Blocks) -> AnyModel:
        if name == self._loop.rows.previous:
            return self._previous(blocks.number)
        assert model is not None
        return blocks.trains.get(name) or model


def stands_for(name: str, last: ResolvedTrain) -> ResolvedTrain:
    """The model that a loop's name stands for: what its last train makes, of one of the rounds."""
    return replace(last, block=_named(last.block, name))


def _names(blocks: _Blocks) -> Round:
    return Round(
        blocks.number,
        {name: item.name for name, item in blocks.generates.items()},
        {name: item.name for name, item in blocks.trains.items()},
        {name: item.name for name, item in blocks.evals.items()},
        list(blocks.trains.values())[-1].name,
    )


def _rows(rows: Rows, blocks: _Blocks) -> Rows:
    """Rows that the loop writes are those of the round."""
    return Rows(blocks.tasks.get(rows.task.name, rows.task), rows.part)


def _compared_with(metric: ResolvedMetric | None, reference: AnyModel | None) -> ResolvedMetric:
    found = sure(metric)
    return found if reference is None else replace(found, args={**found.args, "reference": reference.name})


def _next_seed(seed: Value[int], number: int) -> Value[int]:
    return Value(round_seed(seed.value, number), seed.span, seed.given)


def _named(block: S, name: str) -> S:
    return _with(block, name=name)


def _with(block: S, **changed: object) -> S:
    """A read block does not change: this is another one."""
    return type(block)(**{**vars(block), **changed})
