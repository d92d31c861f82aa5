"""Gates as they are resolved: requirements on metrics of evals. Spans, wording and clauses stay in the block."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from compiler.axes import Axis
from compiler.resolved import ResolvedEval
from compiler.schema.fields import RuleEntry
from compiler.schema.gate import Gate
from compiler.world import BaselineFacts
from spec_lang.source import Span

# The rules that compare two models.
COMPARED = ("no_worse_than", "no_significant_regression", "equivalent")
Rule: TypeAlias = Literal[
    "bound", "no_worse_than", "no_significant_regression", "equivalent", "spread", "worst", "unseen"
]


class MetricOf(Struct, frozen=True, eq=False):
    """``format.exact(tuned)``. ``better`` is the side on which a change is an improvement."""

    eval: str
    metric: str
    model: str
    unit: Literal["share", "plain"]
    better: Literal["higher", "lower"] = "higher"


DEFAULT_LEVEL = Decimal("0.95")


class AxisOf(Struct, frozen=True, eq=False):
    """What a requirement is over: the templates of the eval, its numbers of examples, or the values of a slice."""

    axis: Axis
    slice: str | None = None


class Requirement(Struct, frozen=True, eq=False):
    """One ``require``. ``limit`` is a threshold, a margin (with ``baseline``) or the largest ``spread``; its meaning is
    told by ``op`` and ``rule``; what is left out is None. ``blessed`` is the model of the blessed run that it is
    compared with, empty where ``baseline`` is a model of the eval."""

    rule: Rule
    entry: RuleEntry
    metric: MetricOf
    limit: Decimal
    op: str = ""
    baseline: str = ""
    blessed: str = ""
    over: AxisOf | None = None

    @property
    def level(self) -> Decimal | None:
        """The confidence that is asked for. A comparison of models has one always: without it, any drop would fail."""
        given: Decimal | None = self.entry.clause("at")
        return DEFAULT_LEVEL if given is None and self.rule in (*COMPARED, "unseen") else given


class Watched(Struct, frozen=True, eq=False):
    """A metric of a model that tagged items may not fail, and the end of its scale that is a failure."""

    metric: str
    model: str
    fails: Literal["low", "high"]


class Never(Struct, frozen=True, eq=False):
    """``never format.tag("critical")``."""

    entry: RuleEntry
    eval: str
    tag: str
    watched: tuple[Watched, ...]


class FigureOf(Struct, frozen=True, eq=False):
    """``annotators.alpha >= 0.667``: ``of`` is the full name of the block that has the figure. Without a ``level`` the
    estimate decides."""

    entry: RuleEntry
    kind: str
    of: str
    figure: str
    unit: Literal["share", "plain"]
    op: str
    limit: Decimal
    level: Decimal | None


class Grouped(Struct, frozen=True, eq=False):
    """``any of { … }`` or ``all of { … }``, with what it holds in the order of the file."""

    how: Literal["any", "all"]
    head: Span
    members: tuple[Member, ...]


Member: TypeAlias = Requirement | Never | FigureOf | Grouped | None


def leaves(members: tuple[Member, ...], *, of_any: bool = True) -> Iterator[Requirement | Never | FigureOf | None]:
    """What groups hold in the end; without ``of_any`` only what has to hold whatever else does."""
    for member in members:
        if not isinstance(member, Grouped):
            yield member
        elif of_any or member.how == "all":
            yield from leaves(member.members, of_any=of_any)


class ResolvedGate(Struct, frozen=True, eq=False):
    """A requirement with a mistake is None. ``evals`` are those it names, in the order of the file. ``baseline`` is
    None without one, and where it is not known."""

    block: Gate
    members: tuple[Member, ...]
    evals: tuple[ResolvedEval, ...]
    baseline: BaselineFacts | None = None

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def strict(self) -> bool:
        return self.block.strict.value

    @property
    def strict_place(self) -> Span | None:
        """Where the gate says that it is strict; None when it is not."""
        return self.block.strict.span if self.strict else None

    @property
    def requirements(self) -> tuple[Requirement | None, ...]:
        """All ``require``, also those in groups."""
        return tuple(item for item in leaves(self.members) if not isinstance(item, Never | FigureOf))

    @property
    def required(self) -> tuple[Requirement | None, ...]:
        """Those that all have to hold: none that stands beside another choice."""
        return tuple(item for item in leaves(self.members, of_any=False) if not isinstance(item, Never | FigureOf))

    @property
    def figures(self) -> tuple[FigureOf, ...]:
        """What it asks of blocks that are no evals."""
        return tuple(item for item in leaves(self.members) if isinstance(item, FigureOf))
