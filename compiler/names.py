"""Names of a file and what they stand for.

All blocks of a file share one namespace, so that ``models = [smol, tuned]`` never has two
meanings. Names are collected first and looked up afterwards: the order of blocks means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from compiler.known import Known
from compiler.reporting import Reporter, did_you_mean
from compiler.schema.catalogue import BLOCKS, LATER_KINDS
from compiler.schema.fields import Value
from compiler.schema.values import not_runnable
from spec_lang.ast import Block, Ref, SpecFile
from spec_lang.suggest import closest

T = TypeVar("T")
_ARTICLES = {"eval": "an"}


def a(kind: str) -> str:
    """``a task``, ``an eval``."""
    return f"{_ARTICLES.get(kind, 'a')} {kind}"


def one_of(kinds: Iterable[str]) -> str:
    return " or ".join(kinds)


@dataclass(frozen=True)
class Names:
    """The first block of each name; later ones are errors and stay out. ``hidden``: names of blocks that could not
    be parsed, which are reported already and stand for anything."""

    blocks: Mapping[str, Block]
    report: Reporter
    hidden: frozenset[str] = frozenset()

    def kind(self, name: str) -> str | None:
        block = self.blocks.get(name)
        return block.kind.text if block else None

    def of_kind(self, kinds: Iterable[str]) -> tuple[str, ...]:
        wanted = tuple(kinds)
        return tuple(name for name, block in self.blocks.items() if block.kind.text in wanted)

    def stands(self, ref: Ref, kinds: tuple[str, ...], field: str, *, parts: int = 1) -> bool:
        """Whether the first part of ``ref`` names a block of one of ``kinds``, or one that was reported itself; False
        after one report."""
        name = ref.parts[0].text
        block = self.blocks.get(name)
        if block is None:
            if name in self.hidden:
                return True
            near = did_you_mean(name, self.of_kind(kinds)) or self._elsewhere(kinds)
            self.report.error("SFT0203", f"no {one_of(kinds)} is called `{name}`", ref.parts[0].span, near)
            return False
        if block.kind.text not in kinds:
            if block.kind.text not in BLOCKS:
                return True  # the block itself was reported
            wanted = one_of(a(kind) for kind in kinds)
            help = did_you_mean(name, (n for n in self.of_kind(kinds) if n != name))
            assert block.name is not None
            self.report.error(
                "SFT0216",
                f"`{name}` is {a(block.kind.text)}, and `{field}` takes {wanted}",
                ref.span,
                help,
                also=[(block.name.span, "declared here")],
            )
            return False
        if len(ref.parts) > parts:
            extra = ref.parts[parts]
            whole = ".".join(part.text for part in ref.parts[:parts])
            what = a(block.kind.text) if parts == 1 else f"a part of {a(block.kind.text)}"
            message = f"{what} has no parts, so `{ref.text}` names nothing"
            self.report.error("SFT0217", message, extra.span, f"write `{whole}`")
            return False
        return True

    def look_up(self, ref: Ref | None, kinds: tuple[str, ...], field: str, table: Mapping[str, T]) -> T | None:
        """What ``ref`` names, from a table by name; None after a report, or where it is not known."""
        return table.get(ref.parts[0].text) if ref is not None and self.stands(ref, kinds, field) else None

    def look_up_all(
        self, refs: Value[tuple[Ref, ...]], kinds: tuple[str, ...], field: str, table: Mapping[str, T]
    ) -> Known[T]:
        """What a list of names stands for, each once."""
        found: dict[str, T | None] = {}
        more = not refs.known
        for ref in refs.value:
            name = ref.parts[0].text
            if not self.stands(ref, kinds, field):
                more = True
            elif name in found:
                self.report.error("SFT0205", f"`{name}` stands twice in `{field}`", ref.span)
            else:
                found[name] = table.get(name)
        return Known(found, more)

    def _elsewhere(self, kinds: tuple[str, ...]) -> str:
        known = self.of_kind(kinds)
        if not known:
            return f"the file declares no {one_of(kinds)}"
        return f"declared: {', '.join(f'`{name}`' for name in known[:12])}"


def known_kinds(spec: SpecFile, report: Reporter) -> tuple[Block, ...]:
    """All blocks; reports unknown kinds and kinds of later versions. A kind with a slip is taken for what was meant."""
    blocks: list[Block] = []
    for block in spec.blocks:
        kind = block.kind.text
        if kind in LATER_KINDS:
            not_runnable(f"`{kind}`", block.kind, report)
        elif kind not in BLOCKS:
            help = did_you_mean(kind, (*BLOCKS, *LATER_KINDS)) or f"kinds: {', '.join(f'`{k}`' for k in BLOCKS)}"
            report.error("SFT0201", f"there is no block kind `{kind}`", block.kind.span, help)
            meant = next(iter(closest(kind, (*BLOCKS, *LATER_KINDS))), kind)
            block = replace(block, kind=replace(block.kind, text=meant))
        blocks.append(block)
    return tuple(blocks)


def collect(all_blocks: Iterable[Block], report: Reporter, hidden: frozenset[str] = frozenset()) -> Names:
    """All names of a file; reports repeated names."""
    blocks: dict[str, Block] = {}
    for block in all_blocks:
        if block.name is None:  # reported by the parser
            continue
        first = blocks.get(block.name.text)
        if first is None:
            blocks[block.name.text] = block
        elif first.name is not None:
            report.error(
                "SFT0206",
                f"`{block.name.text}` is declared twice",
                block.name.span,
                "all blocks of a file share their names; rename one of them",
                also=[(first.name.span, "declared here before")],
            )
    return Names(blocks, report, hidden)
