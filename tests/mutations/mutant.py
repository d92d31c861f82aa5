"""A spec, and a copy of it with one mistake: what both say of themselves, and how text is cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from compiler.world import World
from spec_lang.ast import SpecFile
from spec_lang.diagnostics import Diagnostics
from spec_lang.lexing import tokens_of
from spec_lang.parsing import parse
from spec_lang.source import SourceFile, Span


@dataclass(frozen=True, eq=False)
class Original:
    """A spec without mistakes, and the world in which it has none."""

    name: str
    text: str
    world: World

    @cached_property
    def file(self) -> SourceFile:
        return SourceFile(f"{self.name}.sft", self.text)

    @cached_property
    def tree(self) -> SpecFile:
        return parse(self.file, Diagnostics()).spec

    @cached_property
    def tokens(self) -> list[tuple[str, str, Span]]:
        """Kind, text and place of every token."""
        found, _ = tokens_of(self.file)
        return [(t.type, str(t), t.span) for t in found]

    def line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def declared(self) -> dict[str, str]:
        """Name -> kind of every block."""
        return {block.name.text: block.kind.text for block in self.tree.blocks if block.name}


@dataclass(frozen=True)
class Mutant:
    """``lines``: where the first error may stand. ``meant``: of a misspelling, the word as it was."""

    group: str
    original: Original = field(repr=False, compare=False)
    what: str
    text: str
    lines: frozenset[int]
    line: str  # how the line reads now on which the change was made
    meant: str | None = None


def mutant(
    group: str,
    original: Original,
    span: Span,
    instead: str,
    *,
    lines: tuple[int, ...] = (),
    meant: str | None = None,
) -> Mutant:
    """The original with other text at one place; the error is expected on that line unless ``lines`` says another."""
    text = original.text[: span.start] + instead + original.text[span.end :]
    here = original.line(span.start)
    before = " ".join(original.text[span.start : span.end].split())
    after = " ".join(instead.split())
    what = f"{original.name}:{here}: `{before[:40]}` -> `{after[:40]}`"
    line = " ".join(text.split("\n")[here - 1].partition("#")[0].split())
    return Mutant(group, original, what, text, frozenset(lines or (here,)), line, meant)


def places(text: str, piece: str) -> Iterator[Span]:
    """Every place of a piece of text."""
    at = text.find(piece)
    while at >= 0:
        yield Span(at, at + len(piece))
        at = text.find(piece, at + 1)
