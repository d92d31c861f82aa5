"""Read a block by its declared shape: one generic reader for all kinds.

Always gives an instance of the shape: what was wrong or missing is reported and stands there as not known, so
that a mistake in one field hides no mistake in another. A field or block whose name is a slip for one that is
absent is read as that one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from msgspec.structs import replace

from compiler.reporting import Reporter, did_you_mean, renamed, suggestion, written_anew
from compiler.schema.fields import (
    BlocksSpec,
    Entry,
    FieldSpec,
    NamedSpec,
    NestedSpec,
    OthersSpec,
    RulesSpec,
    Shape,
    Value,
    declared,
    fits,
    read_value,
    specs,
    spelled,
)
from compiler.schema.other_names import belongs_in, other_name
from compiler.schema.rules import read_clauses, read_rule
from compiler.schema.values import not_runnable
from compiler.value_fixes import without_repetition
from spec_lang.ast import Block, Body, Field, NamedRule, Rule, Tagged
from spec_lang.source import Span
from spec_lang.suggest import closest

B = TypeVar("B", bound=Shape)


def read_block(shape: type[B], node: Block, report: Reporter, later: Iterable[str] = (), space: str = "") -> B:
    """A whole block. ``later`` names fields, verbs, clauses and nested blocks that are checked and cannot run yet;
    ``space`` is what the names of the file begin with, such as ``common.``."""
    name = space + node.name.text if node.name else ""
    return read_body(shape, node.body, name, node.title, node.head, report, tuple(later))


def read_body(
    shape: type[B], body: Body, name: str, title: str, head: Span, report: Reporter, later: tuple[str, ...] = ()
) -> B:
    """A body by its shape; ``title`` is what messages call it."""
    reader = _BodyReader(shape, body, title, head, report, later)
    values = reader.read()
    return shape(
        name=name,
        file=report.file,
        head=head,
        span=body.span,
        lines=reader.lines,
        broken=frozenset(reader.broken),
        **values,
    )


class _BodyReader:
    """One pass over a body sorts the entries, a second takes slips for what they were meant to be, then every
    declared attribute is filled."""

    def __init__(
        self, shape: type[Shape], body: Body, title: str, head: Span, report: Reporter, later: tuple[str, ...]
    ) -> None:
        self.shape, self.body, self.title, self.head, self.report, self.later = shape, body, title, head, report, later
        self.field_specs = declared(shape, FieldSpec)
        self.nested_specs = declared(shape, NestedSpec)
        self.inner_specs = {spec.kind: spec for spec in declared(shape, BlocksSpec).values()}
        self.inner: dict[str, list[Block]] = {kind: [] for kind in self.inner_specs}
        self.others = next(iter(declared(shape, OthersSpec).values()), None)
        self.lines: dict[str, Span] = {}
        self.broken: set[str] = set()
        self.fields: dict[str, Field] = {}
        self.blocks: dict[str, Block] = {}
        self.named_specs = {spec.word: spec for spec in declared(shape, NamedSpec).values()}
        self.named: dict[str, list[NamedRule]] = {word: [] for word in self.named_specs}
        self.rules: list[Rule] = []
        self.entries: list[Field] = []
        self.unknown: list[Field | Block] = []

    def read(self) -> dict[str, Any]:
        for entry in self.body.entries:
            if isinstance(entry, Field):
                if not self._without_runaway_block(entry):
                    self._sort_field(entry)
            elif isinstance(entry, Block):
                self._sort_block(entry)
            elif isinstance(entry, NamedRule):
                self._sort_named(entry)
            else:
                self.rules.append(entry)
        self._sort_slips()
        for unknown in self.unknown:
            if isinstance(unknown, Field):
                self._unknown_field(unknown)
            else:
                self._unknown_block(unknown)
        for rule in () if declared(self.shape, RulesSpec) else self.rules:
            self.report.error("SFT0212", f"{self.title} takes no rule `{rule.verb.text}`", rule.verb.span)
        return {name: self._fill(spelled(name), spec) for name, spec in specs(self.shape).items()}

    # --- sorting --------------------------------------------------------------------------------

    def _sort_field(self, entry: Field) -> None:
        name = entry.name.text
        before = self.fields.get(name) or next((e for e in self.entries if e.name.text == name), None)
        if before is not None:
            self.broken.add(name)
            also = [(before.name.span, "set here before")]
            fix = without_repetition(entry, before, self.report.file)
            self.report.error("SFT0205", f"`{name}` is set twice", entry.name.span, also=also, fix=fix)
        elif name in self.field_specs and not entry.name.quoted:
            self.fields[name] = entry
            self.lines[name] = entry.span
            if name in self.later:
                not_runnable(f"`{name}` of {self.title}", entry.name, self.report)
        else:
            (self.unknown if self.others is None else self.entries).append(entry)

    def _without_runaway_block(self, entry: Field) -> bool:
        """Whether a field has no value, so that the block in the next line was taken for it; True after a report."""
        value = entry.value
        if not isinstance(value, Tagged) or value.tag.text not in self.nested_specs:
            return False
        if "\n" not in self.report.file.slice(Span(entry.name.span.end, value.span.start)):
            return False
        name = entry.name.text
        self.broken.add(name)
        self.report.error("SFT0109", f"`{name}` has no value", entry.name.span)
        self._sort_block(Block(value.tag, None, value.body, value.span))
        return True

    def _sort_block(self, entry: Block) -> None:
        kind = entry.kind.text
        if kind in self.blocks:
            self.broken.add(kind)
            before = [(self.blocks[kind].kind.span, "written here before")]
            self.report.error("SFT0205", f"`{kind}` is written twice", entry.kind.span, also=before)
        elif kind in self.nested_specs:
            if entry.name is not None:
                nameless = written_anew(Span(entry.kind.span.end, entry.name.span.end), "")
                self.report.error(
                    "SFT0218", f"`{kind}` inside {self.title} takes no name", entry.name.span, fix=nameless
                )
            self.blocks[kind] = entry
            self.lines[kind] = entry.span
            if kind in self.later:
                not_runnable(f"`{kind}` in {self.title}", entry.kind, self.report)
        elif kind in self.inner:
            self._sort_inner(kind, entry)
        else:
            self.unknown.append(entry)

    def _sort_inner(self, kind: str, entry: Block) -> None:
        spec = self.inner_specs[kind]
        if spec.word:
            if entry.name is None or entry.name.text != spec.word:
                fix = written_anew(entry.head, spec.head)
                self.report.error("SFT0218", f"`{kind}` is written `{spec.head} {{ … }}`", entry.head, fix=fix)
            entry = replace(entry, kind=replace(entry.kind, text=spec.head, span=entry.head), name=None)
        elif entry.name is None:
            help, message = f"write `{kind} NAME {{ … }}`", f"`{kind}` inside {self.title} has no name"
            return self.report.error("SFT0218", message, entry.kind.span, help)
        else:
            self.lines[f"{kind} {entry.name.text}"] = entry.span
        self.inner[kind].append(entry)

    def _sort_named(self, entry: NamedRule) -> None:
        word = entry.word.text
        if word not in self.named:
            self.report.error("SFT0212", f"{self.title} takes no `{word}`", entry.word.span, "an `eval` does")
            return
        before = next((item for item in self.named[word] if item.name.text == entry.name.text), None)
        if before is not None:
            self.report.error(
                "SFT0206",
                f"{word} `{entry.name.text}` is declared twice",
                entry.name.span,
                also=[(before.name.span, "declared here before")],
            )
            return
        read_clauses(entry.clauses, self.named_specs[word].clauses, word, self.report, self.later)
        self.named[word].append(entry)
        self.lines[f"{word} {entry.name.text}"] = entry.span

    def _sort_slips(self) -> None:
        """Among fields with names of the user's choice, those that can only be a field of ours with a slip."""
        if self.others is None:
            return
        for entry in list(self.entries):
            if fits(self.others.type, entry.value, entry.name.text, self.report):
                continue
            meant = self._meant(entry.name.text)
            if meant in self.field_specs and fits(self.field_specs[meant].type, entry.value, meant, self.report):
                self.entries.remove(entry)
                self.unknown.append(entry)

    # --- what there is not ----------------------------------------------------------------------

    def _meant(self, name: str) -> str:
        """The absent field or block that a name is a slip for; empty without one."""
        other = other_name(name, self.field_specs)
        near = (other,) if other else closest(name, (*self.field_specs, *self.nested_specs, *self.inner), 2)
        return next((known for known in near if known not in self.fields and known not in self.blocks), "")

    def _unknown_field(self, entry: Field) -> None:
        name = entry.name.text
        if name in self.nested_specs:
            self.broken.add(name)
            help = f"write it as a block: `{name} {{ … }}`"
        else:
            known = (*self.field_specs, *self.nested_specs, *self.inner)
            help = did_you_mean(name, known) or belongs_in(name, self.field_specs) or suggestion(name, known, "fields")
        meant = self._meant(name)
        fix = renamed(entry.name, (*self.field_specs, *self.nested_specs)) if meant in self.field_specs else ()
        if meant and meant == other_name(name, self.field_specs):
            help, fix = f"did you mean `{meant}`?", written_anew(entry.name.span, meant)
        self.report.error("SFT0204", f"{self.title} has no field `{name}`", entry.name.span, help, fix=fix)
        if meant in self.field_specs and fits(self.field_specs[meant].type, entry.value, meant, self.report):
            self.fields[meant] = entry
            self.lines[meant] = entry.span
        elif meant:
            self.broken.add(meant)

    def _unknown_block(self, entry: Block) -> None:
        kind = entry.kind.text
        meant = self._meant(kind)
        if kind in self.field_specs:
            self.broken.add(kind)
            help = f"write `{kind} = …`"
            self.report.error("SFT0201", f"`{kind}` of {self.title} is a field, not a block", entry.kind.span, help)
            return
        known = (*self.inner, *self.nested_specs, *self.field_specs)
        belongs = None if meant else belongs_in(kind, self.field_specs)
        help = belongs or suggestion(kind, known, "blocks and fields")
        fix = renamed(entry.kind, known) if meant in self.nested_specs or meant in self.inner else ()
        self.report.error("SFT0201", f"{self.title} has no block `{kind}`", entry.kind.span, help, fix=fix)
        if meant in self.nested_specs:
            self.blocks[meant] = entry
        elif meant in self.inner and entry.name is not None:
            self.inner[meant].append(replace(entry, kind=replace(entry.kind, text=meant)))
        else:
            self.broken.update([meant] if meant else [name for name in self.nested_specs if name not in self.blocks])

    # --- filling --------------------------------------------------------------------------------

    def _fill(self, name: str, spec: Any) -> Any:
        if isinstance(spec, FieldSpec):
            return self._fill_field(name, spec)
        if isinstance(spec, NestedSpec):
            return self._fill_nested(name, spec)
        if isinstance(spec, OthersSpec):
            return self._fill_others(spec)
        if isinstance(spec, NamedSpec):
            return tuple(self.named[spec.word])
        if isinstance(spec, BlocksSpec):
            later = self.later if spec.word else ()
            return tuple(read_block(spec.shape, node, self.report, later) for node in self.inner[spec.kind])
        read_rules = tuple(read_rule(rule, spec.verbs, self.title, self.report, self.later) for rule in self.rules)
        groups = (self.inner[kind] for kind, inner in self.inner_specs.items() if inner.word)
        if spec.required and not self.rules and not any(groups):
            self.report.error("SFT0226", f"{self.title} has no rule", self.head, spec.required)
        return tuple(rule for rule in read_rules if rule is not None)

    def _fill_field(self, name: str, spec: FieldSpec) -> Value[Any]:
        entry = self.fields.get(name)
        instead = spec.stand_in if spec.required else spec.default
        if entry is not None:
            read = read_value(spec.type, entry.value, name, self.report, instead)
            return replace(read, known=False) if name in self.broken else read
        if name in self.broken:
            return Value(instead, self.head, given=False, known=False)
        replaced = bool(spec.unless) and any(other in self.fields for other in spec.unless)
        if spec.required and not replaced:
            self.report.error("SFT0207", f"{self.title} has no `{name}`", self.head, f"add `{name}`: {spec.doc}")
        return Value(instead, self.head, given=False, known=replaced or not spec.required)

    def _fill_nested(self, name: str, spec: NestedSpec) -> Shape | None:
        node = self.blocks.get(name)
        if node is None:
            return None
        title = f"`{name}` of {self.title}"
        return read_body(spec.shape, node.body, "", title, node.kind.span, self.report)

    def _fill_others(self, spec: OthersSpec) -> tuple[Entry[Any], ...]:
        read = [(e, read_value(spec.type, e.value, e.name.text, self.report)) for e in self.entries]
        self.broken.update(entry.name.text for entry, value in read if not value.known)
        return tuple(Entry(entry.name, value.value, entry.span) for entry, value in read if value.known)
