"""A spec whose names are resolved and whose expressions are typed: what lowering turns into steps.

What had a mistake was reported and is not known here (``compiler.known``); of a spec without mistakes everything is.
Blocks keep the shapes they were read into, for spans, display and plain options. Plain data throughout: the parameters
of steps are built by lowering, so that ``check`` does not pay for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from compiler.functions import MetricFunction
from compiler.functions.metrics import WrittenValue
from compiler.known import Known
from compiler.resolved_decontaminate import Decontaminate
from compiler.resolved_recorded import RecordedAnswers
from compiler.resolved_slice import ResolvedSlice
from compiler.resolved_template import ResolvedTemplate as ResolvedTemplate
from compiler.schema.eval import Eval
from compiler.schema.fields import RuleEntry
from compiler.schema.filter import Filter
from compiler.schema.mixture import Mixture
from compiler.schema.model import Model
from compiler.schema.source import Source
from compiler.schema.task import Task
from compiler.schema.train import Train
from compiler.shapes import Layout
from compiler.typed import Typed
from compiler.world import ColumnType, SourceFacts
from spec_lang.source import SourceFile

if TYPE_CHECKING:
    from compiler.resolved_gate import ResolvedGate
    from compiler.resolved_lifecycle import ResolvedGenerate, ResolvedLater
    from compiler.resolved_loop import UnrolledLoop
    from compiler.resolved_score import ResolvedScore


class ResolvedModel(Struct, frozen=True, eq=False):
    """``recorded`` is None for a model of recorded answers too, as long as their rows are not known."""

    block: Model
    recorded: RecordedAnswers | None = None

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def root(self) -> ResolvedModel:
        return self

    @property
    def is_recorded(self) -> bool:
        """Whether its answers were made elsewhere, so that nothing can be asked of it."""
        return self.block.recorded.given

    @property
    def is_served(self) -> bool:
        """Whether it is behind a server, which gives texts and nothing else of a model."""
        return self.block.endpoint.given


class ResolvedSource(Struct, frozen=True, eq=False):
    """``mapping`` gives columns their fields in the order of the names, ``places`` others their places inside of one;
    ``layout`` is how conversations are read. ``facts`` is None when nothing is known of the file."""

    block: Source
    facts: SourceFacts | None
    mapping: Mapping[str, str]
    columns: Known[ColumnType]
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    layout: Layout | None = None
    is_written: bool = False  # by a model: the rows of a generate, which no file has

    @property
    def name(self) -> str:
        return self.block.name


class Predicate(Struct, frozen=True, eq=False):
    """``keep`` or ``drop``; ``measured`` is the value that the ledger shows for a dropped row."""

    entry: RuleEntry
    condition: Typed
    measured: Typed | None


class Top(Struct, frozen=True, eq=False):
    """``keep top 80% by helpful per task``; ``per`` is None for all rows at once, or a value of the row, or "task"
    where no column is called so."""

    entry: RuleEntry
    by: Typed | None
    per: Typed | str | None


class Dedup(Struct, frozen=True, eq=False):
    """``threshold`` is None for exact duplicates. Of rows alike the one with the greatest ``by`` survives."""

    entry: RuleEntry
    on: tuple[Typed, ...]
    threshold: Decimal | None
    by: tuple[Typed, ...] = ()
    against: tuple[Against, ...] = ()


class Against(Struct, frozen=True, eq=False):
    """Rows that others are compared with, and the values of theirs that are compared."""

    rows: Rows | ResolvedSource
    on: tuple[Typed, ...]


FilterRule: TypeAlias = Predicate | Top | Dedup | Decontaminate


class ResolvedFilter(Struct, frozen=True, eq=False):
    """A filter over the columns of one task's source; a rule with a mistake is None."""

    block: Filter
    rules: tuple[FilterRule | None, ...]

    @property
    def name(self) -> str:
        return self.block.name


class ResolvedSplit(Struct, frozen=True):
    """Parts with their shares, in the order of their names: the order of fields means nothing and moves no row."""

    key: tuple[Typed, ...]
    parts: tuple[tuple[str, Decimal], ...]
    seed: int
    similar: Decimal | None


class ResolvedTask(Struct, frozen=True, eq=False):
    """``weights`` are shares of rows by template, for those that have one. ``parts`` is None for a task without split;
    ``split`` also when something of it is not known.

    The rows of a generate are a task too, without a split, whose ``source`` is written; ``made_of`` are the rows that
    a model wrote them from, as far as they are known."""

    block: Task
    source: ResolvedSource | None
    filters: Known[ResolvedFilter]
    templates: Known[ResolvedTemplate]
    weights: Mapping[str, Decimal]
    parts: Known[Decimal] | None
    split: ResolvedSplit | None
    scores: Known[ResolvedScore]
    made_of: Rows | None = None

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def title(self) -> str:
        """What messages call it."""
        own = self.source is not None and self.source.is_written and self.source.name == self.name
        return f"generate `{self.name}`" if own else f"task `{self.name}`"


class Rows(Struct, frozen=True, eq=False):
    """Rows of a task, or of one part of it."""

    task: ResolvedTask
    part: str | None

    @property
    def name(self) -> str:
        return f"{self.task.name}.{self.part}" if self.part else self.task.name


class Use(Struct, frozen=True, eq=False):
    """What a mixture uses: rows of a task, or another mixture."""

    entry: RuleEntry
    of: Rows | ResolvedMixture

    @property
    def name(self) -> str:
        return self.of.name


class ResolvedMixture(Struct, frozen=True, eq=False):
    block: Mixture
    uses: tuple[Use | None, ...]
    decontaminate: tuple[Decontaminate, ...] = ()

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def rows(self) -> tuple[Rows, ...]:
        """The rows of its tasks and of those of the mixtures in it, each task's once, as far as they are known."""
        found: dict[str, Rows] = {}
        for use in self.uses:
            for rows in () if use is None else use.of.rows if isinstance(use.of, ResolvedMixture) else (use.of,):
                found.setdefault(rows.name, rows)
        return tuple(found.values())

    @property
    def is_known(self) -> bool:
        """Whether everything that it uses is known, to the last mixture in it."""
        return all(use is not None and (isinstance(use.of, Rows) or use.of.is_known) for use in self.uses)


class ResolvedTrain(Struct, frozen=True, eq=False):
    """``base`` is a model, or an earlier train whose result is trained on."""

    block: Train
    base: ResolvedModel | ResolvedTrain | None
    data: Rows | ResolvedMixture | None
    validation: Rows | None
    decontaminate: tuple[Decontaminate, ...] = ()

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def root(self) -> ResolvedModel:
        """The model at the bottom of the chain, of a spec without mistakes."""
        assert self.base is not None
        return self.base.root

    @property
    def own_rows(self) -> tuple[Rows, ...]:
        """The rows that this train itself learns from, as far as they are known."""
        if isinstance(self.data, ResolvedMixture):
            return self.data.rows
        return () if self.data is None else (self.data,)

    @property
    def trained_on(self) -> tuple[Rows, ...]:
        """All rows that any train of the chain learned from, as far as they are known."""
        return self.own_rows + (self.base.trained_on if isinstance(self.base, ResolvedTrain) else ())


AnyModel: TypeAlias = ResolvedModel | ResolvedTrain


class ResolvedMetric(Struct, frozen=True, eq=False):
    """``args`` are written out, ``columns`` are expressions over the data, both by the name of the argument."""

    function: MetricFunction
    args: Mapping[str, WrittenValue]
    columns: Mapping[str, Typed] = {}


class ResolvedEval(Struct, frozen=True, eq=False):
    """``candidates`` are what there is to choose from, a list a row; None where nothing is chosen, or the choices of
    the templates. ``references`` are the models that metrics compare with, by the name of the metric."""

    block: Eval
    models: Known[AnyModel]
    data: Rows | None
    templates: Known[ResolvedTemplate]
    metrics: Known[ResolvedMetric]
    slices: Known[ResolvedSlice]
    tags: Typed | None = None
    candidates: Typed | None = None
    references: Known[AnyModel] = Known()
    expected: str | None = None  # the column with the expected answer, where nothing is asked

    @property
    def name(self) -> str:
        return self.block.name


class ResolvedSpec(Struct, frozen=True, eq=False):
    """All blocks by name, each kind in the order of the file (trains: a base before what is trained on it).

    ``roots`` are the models at the bottom of trains that rules name for their tokenizer, and nothing trains.
    """

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
    later: Mapping[str, ResolvedLater] = field(default_factory=dict)
    roots: Mapping[str, ResolvedModel] = field(default_factory=dict)
    generates: Mapping[str, ResolvedGenerate] = field(default_factory=dict)  # their rows are in ``tasks``
    loops: Mapping[str, UnrolledLoop] = field(default_factory=dict)  # their rounds are in the other tables
