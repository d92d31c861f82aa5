"""What the comparisons of a gate can show, before anything runs: the smallest change that the items detect, and the
items that a margin needs.

A fifth of the answers is taken to flip between two models, as long as nothing has been measured; after the run the
reason of each requirement says it from the answers. What is known of the number of items is what the source has, less
what a split leaves to other parts; filters may leave fewer. Costs a few milliseconds, the most of it ``statistics``.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from compiler.resolved import ResolvedSpec
from compiler.resolved_gate import COMPARED, Requirement, ResolvedGate
from compiler.row_bounds import at_most
from compiler.rule_text import rule_text


class GateOutlook(Struct, frozen=True):
    """One comparison. ``items`` is about the most there are, None where that is not known; ``detectable`` are shares,
    with answers to one item under several templates independent, and all alike; ``needed`` are items for the margin."""

    gate: str
    line: int
    text: str
    items: int | None
    templates: int
    detectable: tuple[float, float] | None
    margin: float | None
    needed: int | None
    each: bool

    @property
    def told(self) -> str:
        """``gate release, line 61: …``, one line."""
        return f"gate {self.gate}, line {self.line}: {self.text}: {self._detects}{self._needs}"

    @property
    def _detects(self) -> str:
        if self.items is None:
            return "how many items there are is not known before the data is read"
        if self.detectable is None:
            return f"about {self.items:,} items; how a plain number scatters is not known before the run"
        low, high = (f"{100 * share:.1f}".removesuffix(".0") for share in self.detectable)
        size = f"{high}pt" if low == high else f"{low}pt to {high}pt"
        whole = ", all slices together," if self.each else ""
        return f"about {self.items:,} items{whole} {'resolve a margin' if self.margin else 'show a drop'} of {size}"

    @property
    def _needs(self) -> str:
        if self.detectable is None and self.needed is None:
            return ""
        alike = f"; the more, the more alike answers under {self.templates} templates are" if self.templates > 1 else ""
        flips = f" (power 80%, if 20% of the answers flip{alike if self.detectable else ''})"
        if self.needed is None or not self.margin:
            return flips
        return f"{flips}; a margin of {100 * self.margin:g}pt takes about {self.needed:,}"


def gate_outlooks(spec: ResolvedSpec) -> tuple[GateOutlook, ...]:
    """The comparisons of all gates of a spec, as far as they are known, in the order of the file."""
    return tuple(
        found
        for gate in spec.gates.values()
        for requirement in gate.requirements
        if requirement is not None and requirement.rule in COMPARED
        for found in _outlook(spec, gate, requirement)
    )


def _outlook(spec: ResolvedSpec, gate: ResolvedGate, requirement: Requirement) -> Iterator[GateOutlook]:
    from compiler.power import (
        PRIOR_FLIPS,
        equivalence_margin,
        equivalence_n,
        minimum_detectable,
        non_inferiority_n,
    )

    block, level = spec.evals.get(requirement.metric.eval), requirement.level
    if block is None or level is None or block.templates.more:
        return
    items, templates = at_most(block.data), max(1, len(block.templates.names))
    margin = float(requirement.limit) if requirement.rule != "no_significant_regression" else None
    detectable, needed = None, None
    if requirement.metric.unit == "share":
        both = requirement.rule == "equivalent"
        smallest, items_for = (equivalence_margin, equivalence_n) if both else (minimum_detectable, non_inferiority_n)
        deviation = PRIOR_FLIPS**0.5
        if items:
            ends = [smallest(deviation, n, float(level)) for n in (items * templates, items)]
            detectable = (ends[0], ends[1])
        needed = items_for(deviation, margin, float(level)) if margin else None
    node = requirement.entry.node
    line = gate.block.file.position(node.span.start)[0]
    text = rule_text(node, verb=False)
    each = "each" in requirement.entry.clauses
    yield GateOutlook(gate.name, line, text, items, templates, detectable, margin, needed, each)
