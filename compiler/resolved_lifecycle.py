"""Resolved blocks of the kinds around data, training and evals: what their lowering is, or will be, given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from compiler.known import Known
from compiler.resolved import AnyModel, ResolvedMetric, ResolvedSource, ResolvedTask, Rows
from compiler.resolved_judge import ResolvedJudge as ResolvedJudge
from compiler.resolved_judge import ResolvedPolicy as ResolvedPolicy
from compiler.resolved_judge import ResolvedReview as ResolvedReview
from compiler.resolved_loop import ResolvedLoop
from compiler.resolved_methods import ResolvedMethod, ResolvedRespond
from compiler.resolved_score import Scorer
from compiler.schema.feedback import Feedback
from compiler.schema.generate import Generate
from compiler.schema.guardrail import Guardrail
from compiler.schema.measures import ReadLimit
from compiler.schema.redteam import Redteam
from compiler.world import ColumnType, SourceFacts

RowsOrSource: TypeAlias = Rows | ResolvedSource


class ResolvedGenerate(Struct, frozen=True, eq=False):
    """``rows`` are what it is written from, ``task`` what is written. ``model`` is None for ``previous``, and where it
    is not known. ``columns`` are those that `self_instruct` reads and writes, by what they are to it (``instruction``);
    of other methods ``method`` has them, and the rest of what they name. ``round`` is that of a loop, None outside."""

    block: Generate
    rows: Rows | None
    model: AnyModel | None
    task: ResolvedTask
    columns: Mapping[str, str] = {}
    method: ResolvedMethod | None = None
    round: int | None = None

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def verifiers(self) -> tuple[ResolvedMetric | None, ...]:
        """The metrics that tell good answers from bad ones, and what the best is told by."""
        return (*self.method.verify, self.method.by) if isinstance(self.method, ResolvedRespond) else ()


class ResolvedRedteam(Struct, frozen=True, eq=False):
    block: Redteam
    target: AnyModel | None
    public: Known[RowsOrSource]
    private: Known[RowsOrSource]


class ResolvedGuardrail(Struct, frozen=True, eq=False):
    block: Guardrail
    score: Scorer | None
    calibrate: Rows | None
    holdout: Rows | None
    limits: tuple[ReadLimit | None, ...]


class ResolvedFeedback(Struct, frozen=True, eq=False):
    block: Feedback
    facts: SourceFacts | None
    columns: Known[ColumnType]
    into: ResolvedSource | None


ResolvedLater: TypeAlias = (
    ResolvedGenerate
    | ResolvedLoop
    | ResolvedPolicy
    | ResolvedJudge
    | ResolvedReview
    | ResolvedRedteam
    | ResolvedGuardrail
    | ResolvedFeedback
)
