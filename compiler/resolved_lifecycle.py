"""Resolved blocks of the kinds that are checked and cannot run yet: what their lowering will be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from compiler.known import Known
from compiler.resolved import AnyModel, ResolvedEval, ResolvedSource, ResolvedTrain, Rows
from compiler.resolved_score import Scorer
from compiler.schema.feedback import Feedback
from compiler.schema.generate import Generate
from compiler.schema.guardrail import Guardrail
from compiler.schema.judge import Judge
from compiler.schema.loop import Loop
from compiler.schema.measures import ReadLimit
from compiler.schema.policy import Policy
from compiler.schema.redteam import Redteam
from compiler.schema.review import Review
from compiler.world import ColumnType, SourceFacts

RowsOrSource: TypeAlias = Rows | ResolvedSource


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedGenerate:
    """``model`` is None for ``previous``, and where it is not known."""

    block: Generate
    rows: Rows | None
    model: AnyModel | None


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedLoop:
    block: Loop
    generates: tuple[ResolvedGenerate, ...]
    trains: Mapping[str, ResolvedTrain]
    evals: Mapping[str, ResolvedEval]
    guards: tuple[ReadLimit | None, ...]


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedPolicy:
    block: Policy


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedJudge:
    block: Judge
    labels: Known[str]
    calibrate: RowsOrSource | None


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedReview:
    block: Review
    source: ResolvedSource | None
    gold: ResolvedSource | None


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedRedteam:
    block: Redteam
    target: AnyModel | None
    public: Known[RowsOrSource]
    private: Known[RowsOrSource]


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedGuardrail:
    block: Guardrail
    score: Scorer | None
    calibrate: Rows | None
    holdout: Rows | None
    limits: tuple[ReadLimit | None, ...]


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedFeedback:
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
