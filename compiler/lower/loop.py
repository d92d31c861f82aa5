"""``loop`` -> the steps of its rounds, a ``guard`` before each round trains, a ``round`` after it, and one ``select``.

The blocks of a round are lowered as any other; what a guard or a round may stop stands after it in the plan, and not in
its hash: editing a limit trains nothing again. The seeds, names and rows of rounds are those of ``compiler.unroll``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from compiler.known import sure
from compiler.loop_params import (
    GuardLimit,
    GuardParams,
    LimitOp,
    MetricAt,
    RoundParams,
    SelectParams,
    StopRule,
    TrainedRows,
    WrittenRows,
)
from compiler.lower.builder import PlanBuilder
from compiler.lower.decontaminate import Decontamination
from compiler.lower.eval import lower_eval
from compiler.lower.judge import Judges
from compiler.lower.model import model_content, model_local
from compiler.resolve.compared import prompt_columns, trained_columns
from compiler.resolved import ResolvedMixture, ResolvedSpec, ResolvedTask, Rows
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.resolved_loop import LoopMetric, Round, UnrolledLoop
from compiler.resolved_methods import ResolvedRespond, ResolvedRewrite
from compiler.schema.generate_methods import RespondBody
from compiler.world import ModelFacts


class Lowered(Protocol):
    """What is lowered by now, and what lowers the rest when it is asked for."""

    spec: ResolvedSpec
    facts: Mapping[str, ModelFacts]
    builder: PlanBuilder
    clean: Decontamination
    judges: Judges
    trains: dict[str, str]
    measured: dict[str, str]

    def rows_of(self, rows: Rows) -> str: ...
    def training(self, mixture: ResolvedMixture) -> str: ...
    def train(self, name: str) -> None: ...


def lower_loop(loop: UnrolledLoop, lowered: Lowered) -> str:
    """The id of the select step."""
    return _Loop(loop, lowered).lower()


class _Loop:
    def __init__(self, loop: UnrolledLoop, lowered: Lowered) -> None:
        self._loop, self._block, self._lowered, self._builder = loop, loop.loop.block, lowered, lowered.builder
        self._spec = lowered.spec
        self._rounds: list[str] = []

    def lower(self) -> str:
        for round in self._loop.rounds:
            self._round(round)
        return self._select()

    def _round(self, round: Round) -> None:
        builder, before = self._builder, self._rounds[-1:]
        with builder.of_round(round.number, before):
            guard = self._guard(round)
        with builder.of_round(round.number, [guard]):
            for name in round.trains.values():
                self._lowered.train(name)
            for name in round.evals.values():
                self._eval(name)
            self._rounds.append(self._end(round, guard))

    def _eval(self, name: str) -> None:
        lowered = self._lowered
        item = self._spec.evals[name]
        lowered.measured[name] = lower_eval(
            item, lowered.facts, lowered.clean, lowered.trains, lowered.judges, self._builder
        )

    # --- guard ------------------------------------------------------------------------------------

    def _guard(self, round: Round) -> str:
        data, *further = self._learned(round)
        inputs: dict[str, str] = {}
        written = [self._written(name, f"written:{at}", inputs) for at, name in enumerate(round.generates.values())]
        earlier = [
            self._written(name, f"earlier:{one.number}.{at}", inputs)
            for one in self._loop.rounds[: round.number - 1]
            for at, name in enumerate(one.generates.values())
        ]
        mix = self._lowered.training(data)
        inputs["rows"] = mix
        more = {f"rows:{at}": self._lowered.training(other) for at, other in enumerate(further, 1)}
        inputs |= more
        learned = {rows.name: rows for one in (data, *further) for rows in one.rows}
        people = [rows for rows in learned.values() if _by_people(rows.task)]
        human = [self._human(rows, f"human:{at}", inputs) for at, rows in enumerate(people)]
        made = {f"made:{at}": f"generate:{name}" for at, name in enumerate(round.generates.values())}
        block, builder = self._block, self._builder
        limits = self._loop.loop.guards
        return builder.add(
            GuardParams(
                limits=tuple(
                    GuardLimit(measure=item.limit.measure.name, op=cast(LimitOp, item.limit.op), limit=item.limit.limit)
                    for item in limits
                ),
                real=self._real(data, mix),
                others=tuple(
                    TrainedRows(input=role, real=self._real(other, step))
                    for other, (role, step) in zip(further, more.items(), strict=True)
                ),
                made=tuple(made),
                written=tuple(written),
                human=tuple(human),
                earlier=tuple(earlier),
            ),
            self._own(round),
            block,
            inputs={**inputs, **made},
            labels=self._labels(round),
            lines={f"limits.{at}": builder.line(item.entry.node.span, block) for at, item in enumerate(limits)},
        )

    def _learned(self, round: Round) -> list[ResolvedMixture]:
        """What the trains of the round learn from, of those that learn from what the round wrote."""
        own = set(round.generates.values())
        trains = [self._spec.trains[name] for name in round.trains.values()]
        learners = (one for one in trains if any(rows.task.name in own for rows in one.own_rows))
        return [one.data for one in learners if isinstance(one.data, ResolvedMixture)]

    def _real(self, data: ResolvedMixture, mix: str) -> tuple[str, ...]:
        """The parts of a mix step that no model wrote."""
        roles = {name: role for role, name in self._builder.step(mix).local["labels"].items()}
        return tuple(sorted(roles[rows.name] for rows in data.rows if _by_people(rows.task)))

    def _written(self, name: str, role: str, inputs: dict[str, str]) -> WrittenRows:
        task = self._spec.tasks[name]
        inputs[role] = self._lowered.rows_of(Rows(task, None))
        own = next(
            item for item in self._loop.loop.generates if item.name.rpartition(".")[2] == name.rpartition(".")[2]
        )
        texts = _written_by(own) or _texts(task, answers=self._answers_alone)
        return WrittenRows(input=role, texts=texts, by_previous=own.model is None)

    def _human(self, rows: Rows, role: str, inputs: dict[str, str]) -> WrittenRows:
        inputs[role] = self._lowered.rows_of(rows)
        return WrittenRows(input=role, part=rows.part, texts=_texts(rows.task, answers=self._answers_alone))

    @property
    def _answers_alone(self) -> bool:
        """Whether all that the loop writes are answers to prompts that are there."""
        return all(isinstance(item.block.method.value, RespondBody) for item in self._loop.loop.generates)

    # --- round and selection ----------------------------------------------------------------------

    def _end(self, round: Round, guard: str) -> str:
        loop, builder = self._loop.loop, self._builder
        rounds = self._loop.rounds[: round.number]
        named = [stop.at for stop in loop.stops]
        named += [one for one in (loop.best, loop.proxy, loop.gold) if one is not None]
        shown = {(at.eval, at.metric): _at(at) for at in (*self._all_metrics(), *named)}
        return builder.add(
            RoundParams(
                models=tuple(one.model for one in rounds),
                shown=tuple(shown[key] for key in sorted(shown)),
                stops=tuple(StopRule(at=_at(stop.at), rule=stop.rule, limit=stop.limit) for stop in loop.stops),
                proxy=_at(loop.proxy) if loop.proxy is not None else None,
                gold=_at(loop.gold) if loop.gold is not None else None,
            ),
            self._own(round),
            self._block,
            inputs={"guard": guard, **self._measurements(rounds, {eval for eval, _ in shown})},
            labels=self._labels(round),
            lines={
                f"stops.{at}": builder.line(stop.entry.node.span, self._block) for at, stop in enumerate(loop.stops)
            },
        )

    def _all_metrics(self) -> list[LoopMetric]:
        """Every metric of the loop's evals that measure the model of a round."""
        rows, found = self._loop.loop.rows, []
        for item in rows.evals.values():
            if rows.last is not None and rows.last.name in item.models.names:
                for name, metric in item.metrics.items.items():
                    function = sure(metric).function
                    better = "lower" if function.higher_is_better is False else "higher"
                    found.append(LoopMetric(item.name, name, function.unit, better))  # type: ignore[arg-type]
        return found

    def _measurements(self, rounds: tuple[Round, ...], evals: set[str]) -> dict[str, str]:
        measured = self._lowered.measured
        return {f"{name}:{one.number}": measured[one.evals[name]] for one in rounds for name in sorted(evals)}

    def _select(self) -> str:
        best, rounds = self._loop.loop.best, self._loop.rounds
        root = self._spec.trains[rounds[-1].model].root
        inputs = {f"round:{one.number}": step for one, step in zip(rounds, self._rounds, strict=True)}
        inputs |= {f"model:{one.number}": self._lowered.trains[one.model] for one in rounds}
        inputs |= self._measurements(rounds, {best.eval} if best is not None else set())
        return self._builder.add(
            SelectParams(models=tuple(one.model for one in rounds), best=_at(best) if best is not None else None),
            self._block.name,
            self._block,
            inputs=inputs,
            content=model_content(self._lowered.facts[root.name]),
            labels={"loop": self._block.name, "train": self._block.name, "model": root.name},
            told=f"by {best.eval}.{best.metric}" if best is not None else "the last completed round",
            **model_local(root),
        )

    def _own(self, round: Round) -> str:
        return f"{self._block.name}.{round.number}"

    def _labels(self, round: Round) -> dict[str, str]:
        name = self._block.name
        return {"loop": name, "round": f"round {round.number} of {name}", "number": str(round.number)}


def _at(of: LoopMetric) -> MetricAt:
    return MetricAt(eval=of.eval, metric=of.metric, unit=of.unit, better=of.better or "higher")


def _by_people(task: ResolvedTask) -> bool:
    """Whether no model wrote the rows; of a `mixed` source nobody knows which."""
    source = task.source
    return source is not None and not source.is_written and source.block.origin.value == "human"


def _written_by(item: ResolvedGenerate) -> tuple[str, ...]:
    """The columns that a method writes; none where it writes conversations."""
    method = item.method
    if isinstance(method, ResolvedRespond) and method.conversation:
        return ()
    if method is not None:
        named = (method.column, method.answer if isinstance(method, ResolvedRewrite) else None)
        return tuple(name for name in named if name is not None)
    return tuple(item.columns.values())


def _texts(task: ResolvedTask, *, answers: bool) -> tuple[str, ...]:
    """The columns that count as written: of answers to prompts what the assistant says, else all that is trained on."""
    columns = sure(task.source).columns
    if sure(task.source).layout is not None:
        return tuple(name for name in ("messages",) if name in columns.names)
    asked = set(prompt_columns(task.templates)) if answers else set()
    found = tuple(name for name in trained_columns(task.templates) if name not in asked and name in columns.names)
    return found or tuple(name for name in columns.names if columns.get(name) == "text")
