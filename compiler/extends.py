"""``extends``: a train, eval or template that says only what differs from another.

::

    train longer {
      extends = tuned
      override { epochs = 3 }
      seed = 8
    }

What the base sets is changed inside ``override`` and nowhere else, so that a reader sees what is
replaced and what is new. One level only: a base is written out in full. Works on syntax trees, before
blocks are read; what is inherited carries the place of the base's name, so that findings point there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from compiler.inherited import brought_over
from compiler.modules import Module
from compiler.names import Declared, Names
from compiler.reporting import did_you_mean
from compiler.schema.catalogue import BLOCKS
from compiler.schema.fields import FieldSpec, NestedSpec, declared
from compiler.schema.written import described
from compiler.value_fixes import unquoted
from spec_lang.ast import Block, Entry, Faulty, Field, NamedRule, Ref, StringLit
from spec_lang.diagnostics import Label
from spec_lang.source import SourceFile, Span

KINDS = ("train", "eval", "template")
EXTENDS, OVERRIDE = "extends", "override"


class Inherited(Struct, frozen=True):
    """A block that extends another: its head, the place of the base's name, and the base where it is known."""

    file: SourceFile
    head: Span
    place: Span
    base: Declared | None


def extend_blocks(modules: list[Module], views: Mapping[str, Names]) -> list[Inherited]:
    """Write out all blocks that extend another; reports every slip."""
    found: list[Inherited] = []
    for module in modules:
        extender = _Extender(views, module)
        module.blocks = tuple(extender.block(block) for block in module.blocks)
        found += extender.found
    return found


def key(entry: Entry) -> tuple[str, str]:
    """What an entry sets, of which a block has one."""
    if isinstance(entry, Field):
        return "field", entry.name.text
    if isinstance(entry, NamedRule):
        return entry.word.text, entry.name.text
    return ("block", entry.kind.text) if isinstance(entry, Block) else ("rule", entry.verb.text)


def shown(entry: Entry) -> str:
    """``epochs``, ``metric exact``: how messages call an entry."""
    kind, name = key(entry)
    return f"{kind} {name}" if isinstance(entry, NamedRule) else name


def place(entry: Entry) -> Span:
    """The name of an entry."""
    if isinstance(entry, Field | NamedRule):
        return entry.name.span
    return entry.kind.span if isinstance(entry, Block) else entry.verb.span


class _Extender:
    def __init__(self, views: Mapping[str, Names], module: Module) -> None:
        self.views, self.names, self.report = views, views[module.file.path], module.report
        self.found: list[Inherited] = []

    def block(self, block: Block) -> Block:
        """The block written out, or as it is when it extends nothing."""
        extends = [e for e in block.body.entries if isinstance(e, Field) and e.name.text == EXTENDS]
        overrides = [e for e in block.body.entries if isinstance(e, Block) and e.kind.text == OVERRIDE]
        if block.kind.text not in BLOCKS or not (extends or overrides):
            return block
        own = [entry for entry in block.body.entries if entry not in extends and entry not in overrides]
        changed = self._overriding(overrides)
        if block.kind.text not in KINDS:
            all_of_it: list[Entry] = [*extends, *overrides]
            first = min((place(entry) for entry in all_of_it), key=lambda span: span.start)
            message = f"a {block.kind.text} cannot extend another"
            self.report.error("SFT0242", message, first, "`extends` is for `train`, `eval` and `template`")
            return self._without_base(block, None, [*own, *changed])
        if not extends:
            self.report.error(
                "SFT0243",
                "`override` stands in a block that extends nothing",
                overrides[0].kind.span,
                "add `extends = NAME`, or write the fields without `override`",
            )
            return self._without_base(block, None, [*own, *changed])
        for again in extends[1:]:
            also = [(extends[0].name.span, "set here before")]
            self.report.error("SFT0205", f"`{EXTENDS}` is set twice", again.name.span, None, also)
        base = self._base(block, extends[0])
        if base is None:
            return self._without_base(block, extends[0].value.span, [*own, *changed])
        return self._merged(block, base, extends[0], own, changed)

    def _overriding(self, overrides: list[Block]) -> list[Entry]:
        for again in overrides[1:]:
            also = [(overrides[0].kind.span, "written here before")]
            self.report.error("SFT0205", f"`{OVERRIDE}` is written twice", again.kind.span, None, also)
        for item in overrides:
            if item.name is not None:
                self.report.error("SFT0218", f"`{OVERRIDE}` takes no name", item.name.span)
        return [entry for item in overrides for entry in item.body.entries]

    def _without_base(self, block: Block, place: Span | None, entries: list[Entry]) -> Block:
        """What is left of a block whose base is not known: nothing that it lacks may be reported."""
        self.found.append(Inherited(self.report.file, block.head, place or block.head, None))
        return replace(block, body=replace(block.body, entries=tuple(entries)))

    def _base(self, block: Block, extends: Field) -> Declared | None:
        """The block that is extended; None after a report, or where it could not be read."""
        ref, kind = extends.value, block.kind.text
        if isinstance(ref, Faulty):
            return None
        if not isinstance(ref, Ref):
            message = f"`{EXTENDS}` takes the name of a {kind}, not {described(ref)}"
            help = "names are written without quotes" if isinstance(ref, StringLit) else None
            self.report.error("SFT0208", message, ref.span, help, fix=unquoted(ref))
            return None
        if not self.names.stands(ref, (kind,), EXTENDS, but=block.name.text if block.name else ""):
            return None
        base = self.names.blocks.get(self.names.full(ref))
        if base is None or base.kind != kind:
            return None
        if base.file is self.report.file and base.block.span == block.span:
            self.report.error("SFT0242", f"`{ref.text}` extends itself", ref.span, "name another block")
            return None
        again = next((e for e in base.block.body.entries if isinstance(e, Field) and e.name.text == EXTENDS), None)
        if again is not None:
            also = [Label(base.file, again.span, "extends another itself")]
            help = f"extend what `{ref.text}` extends, and repeat what differs"
            self.report.error(
                "SFT0242", f"`{ref.text}` extends another block, and one level is all there is", ref.span, help, also
            )
            return None
        return base

    def _merged(self, block: Block, base: Declared, extends: Field, own: list[Entry], changed: list[Entry]) -> Block:
        inherited = {key(entry): entry for entry in base.block.body.entries}
        overriding = {key(entry): entry for entry in changed}
        name = self.names.shown(self._full(extends))
        entries: list[Entry] = []
        place_of_base = extends.value.span
        for what, entry in inherited.items():
            over = overriding.get(what)
            entries.append(
                over
                or brought_over(
                    entry,
                    BLOCKS[block.kind.text],
                    place_of_base,
                    self.report.file,
                    base.file,
                    self.views[base.file.path],
                )
            )
        for entry in own:
            before = inherited.get(key(entry))
            if before is None:
                entries.append(entry)
                continue
            also = [Label(base.file, place(before), "set here")]
            message = f"`{shown(entry)}` is set by `{name}` already"
            self.report.error("SFT0244", message, place(entry), f"change it inside `{OVERRIDE} {{ … }}`", also)
        entries += self._new(changed, inherited, name, base, block)
        self.found.append(Inherited(self.report.file, block.head, place_of_base, base))
        return replace(block, body=replace(block.body, entries=tuple(entries)))

    def _full(self, extends: Field) -> str:
        assert isinstance(extends.value, Ref)
        return self.names.full(extends.value)

    def _new(
        self, changed: list[Entry], inherited: Mapping[tuple[str, str], Entry], name: str, base: Declared, block: Block
    ) -> Iterator[Entry]:
        """Entries of ``override`` that override nothing, each after a report; and those that repeat one before them."""
        seen: set[tuple[str, str]] = set()
        known = _known(block.kind.text)
        for entry in changed:
            what = key(entry)
            if what in inherited:
                if what in seen:
                    yield entry  # the reader says that it is set twice
                seen.add(what)
                continue
            near = did_you_mean(what[1], (other for kind, other in inherited if kind == what[0]))
            help = near or f"`{OVERRIDE}` changes what the base sets; write this one outside of it"
            also = [Label(base.file, _name(base.block), "the base")]
            self.report.error("SFT0245", f"`{name}` sets no `{shown(entry)}`", place(entry), help, also)
            if not isinstance(entry, Field | Block) or what[1] in known:
                yield entry


def _name(block: Block) -> Span:
    return block.name.span if block.name else block.kind.span


def _known(kind: str) -> set[str]:
    """What a kind of block may set, beside metrics and slices."""
    shape = BLOCKS[kind]
    return {*declared(shape, FieldSpec), *declared(shape, NestedSpec)}
