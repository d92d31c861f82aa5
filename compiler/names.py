"""Names of all files and what they stand for.

All blocks of a file share one namespace, so that ``models = [smol, tuned]`` never has two
meanings. A file that is imported has a namespace of its own under its alias: ``common.clean``.
Names are collected first and looked up afterwards: the order of blocks means nothing.

Inside, a block has one *full name*, the one that the main spec would write; every table is keyed by
it. A :class:`Names` is the view of one file: what that file writes, and which full name it means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from compiler.known import Known
from compiler.reporting import Reporter, did_you_mean, renamed, renamed_word, written_anew
from compiler.schema.catalogue import BLOCKS, LATER_KINDS
from compiler.schema.fields import Value
from compiler.schema.scorers import SCORERS
from compiler.schema.values import not_runnable
from compiler.world import World
from spec_lang.ast import Block, Field, Name, Ref, SpecFile
from spec_lang.diagnostics import Label
from spec_lang.source import SourceFile, Span
from spec_lang.suggest import closest

T = TypeVar("T")
_ARTICLES = {"eval": "an"}
_OF_WEIGHTS = ("reference", "restart")  # fields and arguments that take models for more than what they write
_ANSWERS = ("models", "against")  # those that take what was answered elsewhere as well


def a(kind: str) -> str:
    """``a task``, ``an eval``."""
    return f"{_ARTICLES.get(kind, 'a')} {kind}"


def one_of(kinds: Iterable[str]) -> str:
    return " or ".join(kinds)


class Declared(NamedTuple):
    """A block and the file that holds it."""

    block: Block
    file: SourceFile

    @property
    def kind(self) -> str:
        return self.block.kind.text

    @property
    def label(self) -> Label:
        """The place of its name."""
        return Label(self.file, (self.block.name or self.block.kind).span, "declared here")


class Target(NamedTuple):
    """What a reference is made of: the full name of a block, the part that says it, and the parts of the block."""

    full: str
    own: Ref
    rest: tuple[Name, ...]


class Names(Struct, frozen=True, dict=True):
    """The names of one file.

    ``blocks`` has the first block of each full name, of all files; later ones are errors and stay out. ``hidden`` are
    full names of blocks that could not be parsed, which were reported and stand for anything. ``space`` is what the
    full names of this file's own blocks begin with, nothing for the main spec. ``aliases`` maps an import to the space
    of its file; ``unread`` are aliases that were reported and stand for anything. ``nameless`` are kinds of blocks
    without a name, or with one that is taken, which were reported too: any name may be theirs. ``twice`` are full names
    of several blocks, with their kinds. ``files`` are the names of all files, by path, and ``world`` is asked for files
    that an expression names.
    """

    blocks: Mapping[str, Declared]
    report: Reporter
    hidden: frozenset[str] = frozenset()
    space: str = ""
    aliases: Mapping[str, str] = {}
    alias_places: Mapping[str, Span] = {}
    unread: frozenset[str] = frozenset()
    nameless: frozenset[str] = frozenset()
    twice: Mapping[str, frozenset[str]] = {}
    files: Mapping[str, Names] = {}
    world: World | None = None

    def of(self, file: SourceFile) -> Names:
        """The names of another file."""
        return self if file is self.report.file else self.files.get(file.path, self)

    def target(self, ref: Ref) -> Target:
        """The block that a reference begins with, whether there is one or not."""
        first, *more = ref.parts
        if first.text in self.aliases and more:
            own = Ref(ref.parts[:2], first.span.to(more[0].span))
            return Target(self.aliases[first.text] + more[0].text, own, ref.parts[2:])
        inherited = "." in first.text and not first.quoted  # such a name is full already
        full = first.text if inherited else self.space + first.text
        return Target(full, Ref(ref.parts[:1], first.span), ref.parts[1:])

    def full(self, ref: Ref) -> str:
        """The full name of the block that ``ref`` begins with."""
        return self.target(ref).full

    def kind(self, ref: Ref) -> str | None:
        """The kind of the block that ``ref`` begins with."""
        found = self.blocks.get(self.full(ref))
        return found.kind if found else None

    @cached_property
    def visible(self) -> dict[str, str]:
        """What this file can write, and the full name it means."""
        seen = {full.removeprefix(self.space): full for full in self.blocks if self._in_space(full, self.space)}
        for alias, space in self.aliases.items():
            seen |= {f"{alias}.{full[len(space) :]}": full for full in self.blocks if self._in_space(full, space)}
        return seen

    def _in_space(self, full: str, space: str) -> bool:
        return full.startswith(space) and "." not in full[len(space) :]

    def shown(self, full: str) -> str:
        """How this file writes a full name."""
        return next((name for name, meant in self.visible.items() if meant == full), full)

    def of_kind(self, kinds: Iterable[str]) -> tuple[str, ...]:
        """All names of these kinds, as this file writes them."""
        wanted = tuple(kinds)
        return tuple(name for name, full in self.visible.items() if self.blocks[full].kind in wanted)

    def stands(self, ref: Ref, kinds: tuple[str, ...], field: str, *, parts: int = 1, but: str = "") -> bool:
        """Whether ``ref`` names a block of one of ``kinds``, or one that was reported itself; False after one report.
        ``parts``: the block's name counts one, ``triage.train`` has two. ``but``: a block that cannot be meant."""
        if ref.parts[0].text in self.unread:
            return True
        target = self.target(ref)
        found = self.blocks.get(target.full)
        if found is None:
            reported = target.full in self.hidden or not self.nameless.isdisjoint(kinds)
            return reported or self._nothing(ref, target.own, kinds, field, but)
        if found.kind not in kinds and not self.twice.get(target.full, frozenset()).isdisjoint(kinds):
            return True
        if found.kind not in kinds:
            return found.kind not in BLOCKS or self._other_kind(target.own, found, kinds, field)
        if len(target.rest) >= parts:
            return self._no_part(ref, target, found.kind, parts)
        return found.kind != "model" or field in _ANSWERS or self._can_be_asked(ref, found, field)

    def _can_be_asked(self, ref: Ref, found: Declared, field: str) -> bool:
        """Whether a model is more than recorded answers, which only an eval takes, and has weights where they are
        read."""
        given = {entry.name.text for entry in found.block.body.entries if isinstance(entry, Field)}
        if "recorded" in given:
            message = f"`{ref.text}` is recorded answers, and `{field}` needs a model that runs"
            self.report.error("SFT0619", message, ref.span, "name a model that has `weights`", also=[found.label])
            return False
        if "endpoint" in given and (field in SCORERS or field in _OF_WEIGHTS):
            message = f"`{ref.text}` is behind an endpoint, and `{field}` needs the weights of a model"
            self.report.error("SFT0645", message, ref.span, "name a model that has `weights`", also=[found.label])
            return False
        return True

    def _nothing(self, ref: Ref, own: Ref, kinds: tuple[str, ...], field: str, but: str = "") -> bool:
        alias = self.alias_places.get(own.text)
        if alias is not None:
            inside = next((name for name in self.of_kind(kinds) if name.startswith(f"{own.text}.")), None)
            help = f"name a block of it, such as `{inside}`" if inside else "name a block of it"
            message = f"`{own.text}` is an import, and `{field}` takes {one_of(a(kind) for kind in kinds)}"
            self.report.error("SFT0216", message, own.span, help, also=[(alias, "imported here")])
            return False
        known = tuple(name for name in self.of_kind(kinds) if name != but)
        near = did_you_mean(own.text, known) or _imported(ref, known) or _elsewhere(known, kinds)
        fix = renamed_word(own, known)
        self.report.error("SFT0203", f"no {one_of(kinds)} is called `{own.text}`", own.parts[-1].span, near, fix=fix)
        return False

    def _other_kind(self, own: Ref, found: Declared, kinds: tuple[str, ...], field: str) -> bool:
        help = did_you_mean(own.text, (name for name in self.of_kind(kinds) if name != own.text))
        self.report.error(
            "SFT0216",
            f"`{own.text}` is {a(found.kind)}, and `{field}` takes {one_of(a(kind) for kind in kinds)}",
            own.span,
            help,
            also=[found.label],
        )
        return False

    def _no_part(self, ref: Ref, target: Target, kind: str, parts: int) -> bool:
        extra = target.rest[parts - 1]
        whole = ".".join([target.own.text, *(part.text for part in target.rest[: parts - 1])])
        what = a(kind) if parts == 1 else f"a part of {a(kind)}"
        message = f"{what} has no parts, so `{ref.text}` names nothing"
        stands = ", which stands for the model of the round that counts: a round has no name" if kind == "loop" else ""
        self.report.error("SFT0217", message, extra.span, f"write `{whole}`{stands}")
        return False

    def look_up(self, ref: Ref | None, kinds: tuple[str, ...], field: str, table: Mapping[str, T]) -> T | None:
        """What ``ref`` names, from a table by full name; None after a report, or where it is not known."""
        return table.get(self.full(ref)) if ref is not None and self.stands(ref, kinds, field) else None

    def look_up_all(
        self, refs: Value[tuple[Ref, ...]], kinds: tuple[str, ...], field: str, table: Mapping[str, T]
    ) -> Known[T]:
        """What a list of names stands for, by full name, each once."""
        found: dict[str, T | None] = {}
        more = not refs.known
        for ref in refs.value:
            name = self.full(ref)
            if not self.stands(ref, kinds, field):
                more = True
            elif name in found:
                again = _again(ref, refs.value, self.report.file)
                self.report.error(
                    "SFT0205", f"`{ref.text}` stands twice in `{field}`", ref.span, fix=written_anew(again, "")
                )
            else:
                found[name] = table.get(name)
        return Known(found, more)


def _elsewhere(known: tuple[str, ...], kinds: tuple[str, ...]) -> str:
    if not known:
        return f"the file declares no {one_of(kinds)}"
    return f"declared: {', '.join(f'`{name}`' for name in known[:12])}"


def _imported(ref: Ref, known: tuple[str, ...]) -> str | None:
    """``clean`` or ``comon.clean`` was meant as ``common.clean``."""
    dotted = [name for name in known if "." in name]
    near = did_you_mean(".".join(part.text for part in ref.parts[:2]), dotted)
    same = [name for name in dotted if name.rpartition(".")[2] == ref.parts[0].text]
    return near or (f"did you mean {' or '.join(f'`{name}`' for name in same[:2])}?" if same else None)


def _again(ref: Ref, refs: tuple[Ref, ...], file: SourceFile) -> Span:
    """A repeated item of a list with the comma before it."""
    before = next((other for other in reversed(refs) if other.span.end <= ref.span.start), ref)
    gap = Span(before.span.end, ref.span.start)
    return Span(gap.start, ref.span.end) if file.slice(gap).strip() == "," else ref.span


def known_kinds(spec: SpecFile, report: Reporter) -> tuple[Block, ...]:
    """All blocks; reports unknown kinds and kinds of later versions. A kind with a slip is taken for what was meant."""
    blocks: list[Block] = []
    for block in spec.blocks:
        kind = block.kind.text
        if kind in LATER_KINDS:
            not_runnable(f"`{kind}`", block.kind, report, LATER_KINDS[kind])
        elif kind not in BLOCKS:
            help = did_you_mean(kind, (*BLOCKS, *LATER_KINDS)) or f"kinds: {', '.join(f'`{k}`' for k in BLOCKS)}"
            fix = renamed(block.kind, (*BLOCKS, *LATER_KINDS))
            report.error("SFT0201", f"there is no block kind `{kind}`", block.kind.span, help, fix=fix)
            meant = next(iter(closest(kind, (*BLOCKS, *LATER_KINDS))), kind)
            block = replace(block, kind=replace(block.kind, text=meant))
        blocks.append(block)
    return tuple(blocks)


def collect(
    blocks: Iterable[Block], space: str, report: Reporter
) -> tuple[dict[str, Declared], dict[str, frozenset[str]]]:
    """All blocks of one file by full name, and the kinds of names that are repeated, each after a report."""
    found: dict[str, Declared] = {}
    twice: dict[str, frozenset[str]] = {}
    for block in blocks:
        if block.name is None:  # reported by the parser
            continue
        first = found.setdefault(space + block.name.text, Declared(block, report.file))
        if first.block is not block and first.block.name is not None:
            full = space + block.name.text
            twice[full] = twice.get(full, frozenset()) | {first.kind, block.kind.text}
            report.error(
                "SFT0206",
                f"`{block.name.text}` is declared twice",
                block.name.span,
                "all blocks of a file share their names; rename one of them",
                also=[(first.block.name.span, "declared here before")],
            )
    return found, twice
