"""Read a block by its declared shape: one generic reader for all kinds.

Always gives an instance of the shape: what was wrong or missing is reported and stands there as not known, so
that a mistake in one field hides no mistake in another. A field or block whose name is a slip for one that is
absent is read as that one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from compiler.reporting import Reporter, suggestion
from compiler.schema.fields import (
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
from compiler.schema.rules import read_rule
from compiler.schema.values import not_runnable
from spec_lang.ast import Block, Body, Field, NamedRule, Rule
from spec_lang.source import Span
from spec_lang.suggest import closest

B = TypeVar("B", bound=Shape)


def read_block(shape: type[B], node: Block, report: Reporter, later: Iterable[str] = ()) -> B:
    """A whole block. ``later`` names fields, verbs and nested blocks that the language has and this version has not."""
    head = node.kind.span.to(node.name.span) if node.name else node.kind.span
    title = f"{node.kind.text} `{node.name.text}`" if node.name else f"`{node.kind.text}`"
    return read_body(shape, node.body, node.name.text if node.name else "", title, head, report, tuple(later))


def read_body(
    shape: type[B], body: Body, name: str, title: str, head: Span, report: Reporter, later: tuple[str, ...] = ()
) -> B:
    """A body by its shape; ``title`` is what messages call it."""
    reader = _BodyReader(shape, body, title, head, report, later)
    values = reader.read()
    return shape(name=name, head=head, span=body.span, lines=reader.lines, broken=frozenset(reader.broken), **values)


class _BodyReader:
    """One pass over a body sorts the entries, a second takes slips for what they were meant to be, then every
    declared attribute is filled."""

    def __init__(
        self, shape: type[Shape], body: Body, title: str, head: Span, report: Reporter, later: tuple[str, ...]
    ) -> None:
        self.shape, self.body, self.title, self.head, self.report, self.later = shape, body, title, head, report, later
        self.field_specs = declared(shape, FieldSpec)
        self.nested_specs = declared(shape, NestedSpec)
        self.others = next(iter(declared(shape, OthersSpec).values()), None)
        self.lines: dict[str, Span] = {}
        self.broken: set[str] = set()
        self.fields: dict[str, Field] = {}
        self.blocks: dict[str, Block] = {}
        self.named: dict[str, list[NamedRule]] = {spec.word: [] for spec in declared(shape, NamedSpec).values()}
        self.rules: list[Rule] = []
        self.entries: list[Field] = []
        self.unknown: list[Field | Block] = []

    def read(self) -> dict[str, Any]:
        for entry in self.body.entries:
            if isinstance(entry, Field):
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
        if self.rules and not declared(self.shape, RulesSpec):
            self._refuse_rules()
        return {name: self._fill(spelled(name), spec) for name, spec in specs(self.shape).items()}

    # --- sorting --------------------------------------------------------------------------------

    def _sort_field(self, entry: Field) -> None:
        name = entry.name.text
        before = self.fields.get(name) or next((e for e in self.entries if e.name.text == name), None)
        if before is not None:
            self.broken.add(name)
            self.report.error(
                "SFT0205", f"`{name}` is set twice", entry.name.span, also=[(before.name.span, "set here before")]
            )
        elif name in self.field_specs and not entry.name.quoted:
            self.fields[name] = entry
            self.lines[name] = entry.span
        elif self.others is not None:
            self.entries.append(entry)
        elif name in self.later:
            not_runnable(f"`{name}` of {self.title}", entry.name, self.report)
        else:
            self.unknown.append(entry)

    def _sort_block(self, entry: Block) -> None:
        kind = entry.kind.text
        if kind in self.blocks:
            self.broken.add(kind)
            before = [(self.blocks[kind].kind.span, "written here before")]
            self.report.error("SFT0205", f"`{kind}` is written twice", entry.kind.span, also=before)
        elif kind in self.nested_specs:
            if entry.name is not None:
                self.report.error("SFT0218", f"`{kind}` inside {self.title} takes no name", entry.name.span)
            self.blocks[kind] = entry
            self.lines[kind] = entry.span
        elif kind in self.later:
            not_runnable(f"`{kind}` in {self.title}", entry.kind, self.report)
        else:
            self.unknown.append(entry)

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
        for clause in entry.clauses:
            self.report.error("SFT0213", f"`{word}` takes no `{clause.word.text}`", clause.word.span)
        self.named[word].append(entry)
        self.lines[f"{word} {entry.name.text}"] = entry.span

    def _sort_slips(self) -> None:
        """Among fields with names of the user's choice, those that can only be a field of ours with a slip."""
        if self.others is None:
            return
        for entry in list(self.entries):
            meant = self._meant(entry.name.text)
            if (
                meant in self.field_specs
                and not fits(self.others.type, entry.value, entry.name.text, self.report)
                and fits(self.field_specs[meant].type, entry.value, meant, self.report)
            ):
                self.entries.remove(entry)
                self.unknown.append(entry)

    # --- what there is not ----------------------------------------------------------------------

    def _meant(self, name: str) -> str:
        """The absent field or block that a name is a slip for; empty without one."""
        near = closest(name, (*self.field_specs, *self.nested_specs), 2)
        return next((known for known in near if known not in self.fields and known not in self.blocks), "")

    def _unknown_field(self, entry: Field) -> None:
        name = entry.name.text
        if name in self.nested_specs:
            self.broken.add(name)
            help = f"write it as a block: `{name} {{ … }}`"
        else:
            help = suggestion(name, (*self.field_specs, *self.nested_specs), "fields")
        self.report.error("SFT0204", f"{self.title} has no field `{name}`", entry.name.span, help)
        meant = self._meant(name)
        if meant in self.field_specs and fits(self.field_specs[meant].type, entry.value, meant, self.report):
            self.fields[meant] = entry
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
        help = suggestion(kind, (*self.nested_specs, *self.field_specs), "blocks and fields")
        self.report.error("SFT0201", f"{self.title} has no block `{kind}`", entry.kind.span, help)
        if meant in self.nested_specs:
            self.blocks[meant] = entry
        else:
            self.broken.update([meant] if meant else [name for name in self.nested_specs if name not in self.blocks])

    def _refuse_rules(self) -> None:
        for rule in self.rules:
            if rule.verb.text in self.later:
                not_runnable(f"`{rule.verb.text}` in {self.title}", rule.verb, self.report)
            else:
                self.report.error("SFT0212", f"{self.title} takes no rule `{rule.verb.text}`", rule.verb.span)

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
        read_rules = tuple(read_rule(rule, spec.verbs, self.title, self.report, self.later) for rule in self.rules)
        if not self.rules and spec.required:
            self.report.error("SFT0226", f"{self.title} has no rule", self.head, spec.required)
        return tuple(rule for rule in read_rules if rule is not None)

    def _fill_field(self, name: str, spec: FieldSpec) -> Value[Any]:
        entry = self.fields.get(name)
        instead = spec.stand_in if spec.required else spec.default
        if entry is not None:
            read = read_value(spec.type, entry.value, name, self.report, instead)
            return replace(read, known=read.known and name not in self.broken)
        if name in self.broken:
            return Value(instead, self.head, given=False, known=False)
        if spec.required:
            self.report.error("SFT0207", f"{self.title} has no `{name}`", self.head, f"add `{name}`: {spec.doc}")
        return Value(instead, self.head, given=False, known=not spec.required)

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
