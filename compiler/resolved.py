"""A spec whose names are resolved and whose expressions are typed: what lowering turns into steps.

Every value here is sound; what had a mistake is absent and was reported. Blocks keep the shapes
they were read into, for spans and display; everything that enters a hash stands beside them as
step parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from compiler.schema.eval import Eval
from compiler.schema.filter import Filter
from compiler.schema.gate import Gate
from compiler.schema.mixture import Mixture
from compiler.schema.model import Model
from compiler.schema.source import Source
from compiler.schema.task import Task
from compiler.schema.template import Template
from compiler.schema.train import Train
from compiler.step_params import (
    Column,
    FilterRule,
    Metric,
    MixPart,
    PredictParams,
    Requirement,
    Slice,
    SplitParams,
    TemplateRole,
    TrainParams,
)
from compiler.world import ColumnType, SourceFacts
from spec_lang.source import SourceFile, Span


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedModel:
    block: Model

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def root(self) -> ResolvedModel:
        return self


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedSource:
    """``mapping`` names every column and the field it is read from, in the order of the names; ``broken`` names
    columns whose declaration has a mistake."""

    block: Source
    facts: SourceFacts
    mapping: tuple[Column, ...]
    broken: frozenset[str]

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def columns(self) -> dict[str, ColumnType]:
        """Column types under their names in the spec, in the order of the file."""
        names = {column.field: column.name for column in self.mapping}
        in_order = {names[field]: kind for field, kind in self.facts.columns.items() if field in names}
        return in_order | {column.name: self.facts.columns[column.field] for column in self.mapping}


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedTemplate:
    """``placeholders`` are the columns with the places where they stand; ``literals`` the texts between them."""

    block: Template
    roles: tuple[TemplateRole, ...]
    placeholders: tuple[tuple[str, Span], ...]
    literals: tuple[tuple[str, Span], ...]

    @property
    def name(self) -> str:
        return self.block.name


@dataclass(frozen=True, eq=False, repr=False)
class RuleText:
    """A rule as it is shown, and the reason that its author gave."""

    text: str
    reason: str | None


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedFilter:
    """A filter over the columns of one task's source."""

    block: Filter
    rules: tuple[FilterRule, ...]
    texts: tuple[RuleText, ...]


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedTask:
    block: Task
    source: ResolvedSource
    filters: tuple[ResolvedFilter, ...]
    templates: tuple[ResolvedTemplate, ...]
    split: SplitParams | None

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.split.parts) if self.split else ()


@dataclass(frozen=True, eq=False, repr=False)
class Rows:
    """Rows of a task, or of one part of it."""

    task: ResolvedTask
    part: str | None

    @property
    def name(self) -> str:
        return f"{self.task.name}.{self.part}" if self.part else self.task.name


@dataclass(frozen=True, eq=False, repr=False)
class Use:
    """One task of a mixture; ``rate`` holds cap and weight."""

    rows: Rows
    rate: MixPart


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedMixture:
    block: Mixture
    uses: tuple[Use, ...]

    @property
    def name(self) -> str:
        return self.block.name


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedTrain:
    """``base`` is a model, or an earlier train whose result is trained on."""

    block: Train
    base: ResolvedModel | ResolvedTrain
    data: Rows | ResolvedMixture
    validation: Rows | None
    params: TrainParams

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def root(self) -> ResolvedModel:
        """The model at the bottom of the chain."""
        return self.base.root

    @property
    def trained_on(self) -> tuple[Rows, ...]:
        """All rows that any train of the chain learned from."""
        own = (self.data,) if isinstance(self.data, Rows) else tuple(use.rows for use in self.data.uses)
        return own + (self.base.trained_on if isinstance(self.base, ResolvedTrain) else ())


AnyModel: TypeAlias = ResolvedModel | ResolvedTrain


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedEval:
    block: Eval
    models: tuple[AnyModel, ...]
    data: Rows
    templates: tuple[ResolvedTemplate, ...]
    predict: PredictParams
    metrics: tuple[Metric, ...]
    slices: tuple[Slice, ...]

    @property
    def name(self) -> str:
        return self.block.name


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedGate:
    block: Gate
    requirements: tuple[Requirement, ...]
    evals: tuple[ResolvedEval, ...]

    @property
    def name(self) -> str:
        return self.block.name


@dataclass(frozen=True, eq=False, repr=False)
class ResolvedSpec:
    """All sound blocks by name, each kind in the order of the file (trains: a base before what is trained on it)."""

    file: SourceFile
    edition: int
    models: Mapping[str, ResolvedModel]
    sources: Mapping[str, ResolvedSource]
    templates: Mapping[str, ResolvedTemplate]
    tasks: Mapping[str, ResolvedTask]
    mixtures: Mapping[str, ResolvedMixture]
    trains: Mapping[str, ResolvedTrain]
    evals: Mapping[str, ResolvedEval]
    gates: Mapping[str, ResolvedGate]
