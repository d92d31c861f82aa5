"""What a lint is: a code, a name, a level until the spec says otherwise, and a pure function over facts.

A finding names the smallest place and how to mend it; the reason (``why``) is one sentence of the lint's own and ends
every help, so that the advice can be judged where it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal, TypeAlias, TypeVar

from msgspec import Struct

from compiler.lints.requirements import Required, required
from compiler.lints.tree import of_kind, used_names
from compiler.resolved import ResolvedSource, ResolvedSpec, ResolvedTemplate
from compiler.resolved_gate import Requirement, ResolvedGate
from spec_lang.ast import Block
from spec_lang.diagnostics import Edit, Label
from spec_lang.source import Span

Level: TypeAlias = Literal["allow", "warn", "deny"]
Needs: TypeAlias = Literal["nothing", "spelled", "sound"]
T = TypeVar("T")


class Facts(Struct, frozen=True, eq=False, dict=True):
    """What lints look at, each thing gathered once: the resolved spec, and the blocks of one file, all kinds.
    ``written`` are the same blocks before params and bases were put in, and ``space`` begins the full names of what
    the file declares. ``bases`` are blocks that other files extend."""

    spec: ResolvedSpec
    blocks: tuple[Block, ...]
    written: tuple[Block, ...]
    space: str = ""
    bases: frozenset[str] = frozenset()

    def own(self, table: Mapping[str, T]) -> Iterator[T]:
        """The blocks of a kind that this file declares; what it declares for others to extend is theirs to judge."""
        for full, item in table.items():
            space, _, name = full.rpartition(".")
            if space == self.space.rstrip(".") and (name not in self.bases or name in self.used):
                yield item

    @cached_property
    def used(self) -> frozenset[str]:
        """Names that some other block of the file mentions."""
        written = {id(block) for block in self.written}
        return used_names((*self.written, *(block for block in self.blocks if id(block) not in written)))

    @cached_property
    def kinds(self) -> frozenset[str]:
        return frozenset(block.kind.text for block in self.blocks)

    def has_kind(self, *kinds: str) -> bool:
        return not self.kinds.isdisjoint(kinds)

    @cached_property
    def required(self) -> tuple[Required, ...]:
        """Everything that the gates of the file require, as it is written."""
        return required(self.blocks)

    @cached_property
    def judges(self) -> Mapping[str, Block]:
        return {block.name.text: block for block in of_kind(self.blocks, "judge") if block.name is not None}

    @cached_property
    def shown_rows(self) -> Mapping[ResolvedTemplate, Sequence[ResolvedSource | None]]:
        """The sources whose rows each template shows, by tasks and evals; None for one that is not known."""
        found: dict[ResolvedTemplate, list[ResolvedSource | None]] = {}
        for task in self.spec.tasks.values():
            for template in task.templates:
                found.setdefault(template, []).append(task.source)
        for item in self.spec.evals.values():
            for template in item.templates:
                found.setdefault(template, []).append(item.data.task.source if item.data is not None else None)
        return found

    @cached_property
    def requirements(self) -> Mapping[str, Sequence[tuple[ResolvedGate, Requirement]]]:
        """What the gates of the spec require, by the eval that measures it."""
        found: dict[str, list[tuple[ResolvedGate, Requirement]]] = {}
        for gate in self.spec.gates.values():
            for requirement in gate.requirements:
                if requirement is not None:
                    found.setdefault(requirement.metric.eval, []).append((gate, requirement))
        return found


class Finding(Struct, frozen=True, eq=False):
    """``help`` says how to mend it; ``also`` are further places with the words under their carets, as labels where they
    may lie in other files; ``fix`` mends it where only one thing can be meant. ``denied_by`` is the place that makes an
    error of it, unless the lint is off."""

    message: str
    span: Span
    help: str
    also: tuple[tuple[Span, str] | Label, ...] = ()
    fix: tuple[Edit, ...] = ()
    denied_by: Span | None = None


class Lint(Struct, frozen=True, eq=False):
    """A lint that finds something missing has to be sure that it was not written: it ``needs`` a file without slips of
    spelling and syntax (what reads the tree alone), or without any error (what reads resolved names)."""

    code: str
    name: str
    default: Level
    why: str
    find: Callable[[Facts], Iterable[Finding]]
    needs: Needs = "nothing"
