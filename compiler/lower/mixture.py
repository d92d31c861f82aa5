"""``mixture`` -> one ``mix`` step over the rendered rows of its tasks, those of the mixtures inside it included.

Parts and roles are put into an order that their settings and the hashes of their inputs give, so that the names
of tasks and the order of `use` lines are not in the hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from compiler.hashing import canonical
from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.lower.decontaminate import Decontamination
from compiler.resolved import ResolvedMixture, Rows, Use
from compiler.step_params import MixParams, MixPart, MixRates


def lower_mixture(mixture: ResolvedMixture, clean: Decontamination, builder: PlanBuilder) -> str:
    """The id of the mix step."""
    block = mixture.block
    steps = {rows.name: clean.training_rows(rows, mixture) for rows in mixture.rows}
    hashes = {name: builder.hash_of(step) for name, step in steps.items()}
    order = _Order(hashes)
    uses = order.sorted_uses(mixture)
    leaves = dict.fromkeys(order.leaves(mixture))
    roles = {name: f"rows:{index}" for index, name in enumerate(leaves)}
    rates = _rates(mixture, order, roles)
    position = {id(use.entry): index for index, use in enumerate(uses)}
    return builder.add(
        MixParams(**dict(rates), repeats=block.repeats.value, seed=block.seed.value),
        mixture.name,
        block,
        inputs={roles[name]: steps[name] for name in leaves},
        labels={"mixture": mixture.name} | {role: name for name, role in roles.items()},
        lines={
            f"parts.{position[id(rule)]}": builder.line(rule.node.span, block)
            for rule in block.rules
            if id(rule) in position
        },
        uses=[use.name for use in uses],
        **_told_apart(uses),
        **({"mixtures": dict(inner)} if (inner := list(order.inner(mixture))) else {}),
    )


def _told_apart(uses: list[Use]) -> dict[str, Any]:
    """The names of the parts of a train's own mix, in the order of ``uses``; a mixture's rules all begin with `use`."""
    names = [use.entry.node.verb.text for use in uses]
    return {} if set(names) == {"use"} else {"parts": names}


class _Order(Struct, frozen=True):
    """The order of uses: by their settings, and those that are alike there by the hashes of what they use."""

    hashes: Mapping[str, str]

    def sorted_uses(self, mixture: ResolvedMixture) -> list[Use]:
        return sorted((sure(use) for use in mixture.uses), key=self._key)

    def leaves(self, mixture: ResolvedMixture) -> Iterator[str]:
        """Names of rows in the order in which sorted uses lead to them."""
        for use in self.sorted_uses(mixture):
            if isinstance(use.of, Rows):
                yield use.of.name
            else:
                yield from self.leaves(use.of)

    def inner(self, mixture: ResolvedMixture, at: str = "") -> Iterator[tuple[str, str]]:
        """The mixtures inside by their place in the parameters (`0`, `0.2`), for display."""
        for index, use in enumerate(self.sorted_uses(mixture)):
            if isinstance(use.of, ResolvedMixture):
                yield f"{at}{index}", use.name
                yield from self.inner(use.of, f"{at}{index}.")

    def _key(self, use: Use) -> tuple[str, str]:
        """Settings, then content. Two uses that are alike in both stand for each other."""
        settings = {"part": _part(use, None, "").model_dump(mode="json")}
        if isinstance(use.of, Rows):
            return canonical(settings), self.hashes[use.of.name]
        inner = use.of.block
        whole = {"temperature": str(inner.temperature.value), "total": inner.total.value, "epochs": inner.epochs.value}
        return canonical(settings | whole), canonical([self._key(other) for other in self.sorted_uses(use.of)])


def _rates(mixture: ResolvedMixture, order: _Order, roles: Mapping[str, str]) -> MixRates:
    block = mixture.block
    return MixRates(
        parts=tuple(
            _part(use, None, roles[use.of.name])
            if isinstance(use.of, Rows)
            else _part(use, _rates(use.of, order, roles), None)
            for use in order.sorted_uses(mixture)
        ),
        temperature=block.temperature.value,
        total=block.total.value,
        epochs=block.epochs.value,
    )


def _part(use: Use, mixture: MixRates | None, role: str | None) -> MixPart:
    clause = use.entry.clause
    return MixPart(input=role, mixture=mixture, by=clause("by"), cap=clause("cap"), weight=clause("weight"))
