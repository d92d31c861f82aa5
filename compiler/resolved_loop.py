"""A loop as it is written once, and as it is unrolled: blocks of each round, under names such as ``star.1.student``."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from compiler.resolved import ResolvedEval, ResolvedTask, ResolvedTrain
from compiler.schema.fields import RuleEntry
from compiler.schema.loop import Loop
from compiler.schema.measures import ReadLimit

if TYPE_CHECKING:
    from compiler.resolved_lifecycle import ResolvedGenerate


class LoopMetric(Struct, frozen=True, eq=False):
    """A metric of an eval of the loop; ``eval`` is its name in the loop."""

    eval: str
    metric: str
    unit: Literal["share", "plain"]
    better: Literal["higher", "lower"] | None


class LoopStop(Struct, frozen=True, eq=False):
    entry: RuleEntry
    at: LoopMetric
    rule: Literal["falls", "above", "below"]
    limit: Decimal


class LoopGuard(Struct, frozen=True, eq=False):
    entry: RuleEntry
    limit: ReadLimit


class LoopRows(Struct, frozen=True, eq=False):
    """What of a loop is known before any eval outside of it is: the rows that it writes, its trains and its evals, by
    name. ``last`` is the model of a round, which the loop stands for; None where no train is known."""

    block: Loop
    previous: str  # the full name that stands for the model of the round before
    tasks: Mapping[str, ResolvedTask]
    trains: Mapping[str, ResolvedTrain]
    evals: Mapping[str, ResolvedEval]

    @property
    def last(self) -> ResolvedTrain | None:
        return list(self.trains.values())[-1] if self.trains else None


class ResolvedLoop(Struct, frozen=True, eq=False):
    """Everything but what had a mistake."""

    rows: LoopRows
    generates: tuple[ResolvedGenerate, ...]
    guards: tuple[LoopGuard, ...]
    stops: tuple[LoopStop, ...]
    best: LoopMetric | None
    proxy: LoopMetric | None
    gold: LoopMetric | None

    @property
    def block(self) -> Loop:
        return self.rows.block

    @property
    def name(self) -> str:
        return self.block.name


class Round(Struct, frozen=True, eq=False):
    """A round's blocks: names in the spec, by their names in the loop. ``model`` is that of its last train."""

    number: int
    generates: Mapping[str, str]
    trains: Mapping[str, str]
    evals: Mapping[str, str]
    model: str


class UnrolledLoop(Struct, frozen=True, eq=False):
    loop: ResolvedLoop
    rounds: tuple[Round, ...]
