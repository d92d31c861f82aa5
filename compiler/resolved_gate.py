"""Gates as they are resolved: requirements on metrics of evals. Spans, wording and clauses stay in the block."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from compiler.resolved import ResolvedEval
from compiler.schema.fields import RuleEntry
from compiler.schema.gate import Gate


class MetricOf(Struct, frozen=True, eq=False):
    """``format.exact(tuned)``."""

    eval: str
    metric: str
    model: str
    unit: Literal["share", "plain"]


DEFAULT_LEVEL = Decimal("0.95")


class Requirement(Struct, frozen=True, eq=False):
    """One ``require``. ``limit`` is a threshold, a margin (with ``baseline``) or the largest ``spread``; its meaning is
    told by ``op`` and ``rule``; what is left out is None."""

    rule: Literal["bound", "no_worse_than", "spread"]
    entry: RuleEntry
    metric: MetricOf
    limit: Decimal
    op: str = ""
    baseline: str = ""

    @property
    def level(self) -> Decimal | None:
        """The confidence that is asked for. A comparison of models has one always: without it, any drop would fail."""
        given: Decimal | None = self.entry.clause("at")
        return DEFAULT_LEVEL if given is None and self.rule == "no_worse_than" else given


class ResolvedGate(Struct, frozen=True, eq=False):
    """A requirement with a mistake is None. ``evals`` are those it names, in the order of the file."""

    block: Gate
    requirements: tuple[Requirement | None, ...]
    evals: tuple[ResolvedEval, ...]

    @property
    def name(self) -> str:
        return self.block.name
