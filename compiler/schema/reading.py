"""Read a block by its declared shape: one generic reader for all kinds.

Gives an instance of the shape, or None when something is missing that nothing can stand in for.
A mistake in one field hides no mistake in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from compiler.reporting import Reporter, suggestion
from compiler.schema.fields import (
    Clauses,
    Entry,
    FieldSpec,
    NamedSpec,
    NestedSpec,
    OthersSpec,
    RuleEntry,
    RulesSpec,
    Shape,
    Value,
    declared,
    specs,
    spelled,
)
from compiler.schema.values import not_runnable
from spec_lang.ast import Block, Body, Expr, Field, Name, NamedRule, Rule
from spec_lang.source import Span

B = TypeVar("B", bound=Shape)


def read_block(shape: type[B], node: Block, report: Reporter, later: Iterable[str] = ()) -> B | None:
    """A whole block. ``later`` names fields, verbs and nested blocks that the language has and this version has not."""
    head = node.kind.span.to(node.name.span) if node.name else node.kind.span
    title = f"{node.kind.text} `{node.name.text}`" if node.name else f"`{node.kind.text}`"
    return read_body(shape, node.body, node.name.text if node.name else "", title, head, report, tuple(later))


def read_body(
    shape: type[B], body: Body, name: str, title: str, head: Span, report: Reporter, later: tuple[str, ...] = ()
) -> B | None:
    """A body by its shape; ``title`` is what messages call it."""
    reader = _BodyReader(shape, body, title, head, report, later)
    values = reader.read()
    if values is None:
        return None
    return shape(name=name, head=head, span=body.span, lines=reader.lines, broken=frozenset(reader.broken), **values)


class _BodyReader:
    """One pass over a body: sorts the entries, then fills every declared attribute."""

    def __init__(
        self, shape: type[Shape], body: Body, title: str, head: Span, report: Reporter, later: tuple[str, ...]
    ) -> None:
        self.shape, self.body, self.title, self.head, self.report, self.later = shape, body, title, head, report, later
        self.lines: dict[str, Span] = {}
        self.broken: set[str] = set()
        self.fields: dict[str, Field] = {}
        self.blocks: dict[str, Block] = {}
        self.named: dict[str, list[NamedRule]] = {spec.word: [] for spec in declared(shape, NamedSpec).values()}
        self.rules: list[Rule] = []
        self.entries: list[Field] = []

    def read(self) -> dict[str, Any] | None:
        for entry in self.body.entries:
            if isinstance(entry, Field):
                self._sort_field(entry)
            elif isinstance(entry, Block):
                self._sort_block(entry)
            elif isinstance(entry, NamedRule):
                self._sort_named(entry)
            else:
                self.rules.append(entry)
        values = {name: self._fill(spelled(name), spec) for name, spec in specs(self.shape).items()}
        if self.rules and not declared(self.shape, RulesSpec):
            self._refuse_rules()
        return None if any(value is _MISSING for value in values.values()) else values

    def _sort_field(self, entry: Field) -> None:
        name = entry.name.text
        fields = declared(self.shape, FieldSpec)
        open_names = bool(declared(self.shape, OthersSpec))
        before = self.fields.get(name) or next((e for e in self.entries if e.name.text == name), None)
        if before is not None:
            self.broken.add(name)
            self.report.error(
                "SFT0205", f"`{name}` is set twice", entry.name.span, also=[(before.name.span, "set here before")]
            )
        elif name in fields and not entry.name.quoted:
            self.fields[name] = entry
            self.lines[name] = entry.span
        elif open_names:
            self.entries.append(entry)
        elif name in self.later:
            not_runnable(f"`{name}` of {self.title}", entry.name, self.report)
        else:
            self._unknown_field(entry)

    def _unknown_field(self, entry: Field) -> None:
        name = entry.name.text
        if name in declared(self.shape, NestedSpec):
            help = f"write it as a block: `{name} {{ … }}`"
        else:
            known = (*declared(self.shape, FieldSpec), *declared(self.shape, NestedSpec))
            help = suggestion(name, known, "fields")
        self.report.error("SFT0204", f"{self.title} has no field `{name}`", entry.name.span, help)

    def _sort_block(self, entry: Block) -> None:
        kind = entry.kind.text
        known = declared(self.shape, NestedSpec)
        if kind in known and kind in self.blocks:
            before = [(self.blocks[kind].kind.span, "written here before")]
            self.report.error("SFT0205", f"`{kind}` is written twice", entry.kind.span, also=before)
        elif kind in known:
            if entry.name is not None:
                self.report.error("SFT0218", f"`{kind}` inside {self.title} takes no name", entry.name.span)
            self.blocks[kind] = entry
            self.lines[kind] = entry.span
        elif kind in self.later:
            not_runnable(f"`{kind}` in {self.title}", entry.kind, self.report)
        elif kind in declared(self.shape, FieldSpec):
            help = f"write `{kind} = …`"
            self.report.error("SFT0201", f"`{kind}` of {self.title} is a field, not a block", entry.kind.span, help)
        else:
            help = suggestion(kind, (*known, *declared(self.shape, FieldSpec)), "blocks and fields")
            self.report.error("SFT0201", f"{self.title} has no block `{kind}`", entry.kind.span, help)

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

    def _fill(self, name: str, spec: Any) -> Any:
        if isinstance(spec, FieldSpec):
            return self._fill_field(name, spec)
        if isinstance(spec, NestedSpec):
            return self._fill_nested(name, spec)
        if isinstance(spec, OthersSpec):
            read = [(e.name, spec.type.read(e.value, e.name.text, self.report), e.span) for e in self.entries]
            self.broken.update(label.text for label, value, _ in read if value is None)
            return tuple(Entry(label, value, span) for label, value, span in read if value is not None)
        if isinstance(spec, NamedSpec):
            return tuple(self.named[spec.word])
        read_rules = tuple(read_rule(rule, spec.verbs, self.title, self.report, self.later) for rule in self.rules)
        if not self.rules and spec.required:
            self.report.error("SFT0226", f"{self.title} has no rule", self.head, spec.required)
        return tuple(rule for rule in read_rules if rule is not None)

    def _fill_field(self, name: str, spec: FieldSpec) -> Any:
        entry = self.fields.get(name)
        if entry is not None:
            value = spec.type.read(entry.value, name, self.report)
            if value is not None:
                return Value(value, entry.value.span)
        elif spec.required:
            self.report.error("SFT0207", f"{self.title} has no `{name}`", self.head, f"add `{name}`: {spec.doc}")
        if not spec.required:
            return Value(spec.default, self.head, given=False)
        return _MISSING if spec.stand_in is None else Value(spec.stand_in, self.head, given=False)

    def _fill_nested(self, name: str, spec: NestedSpec) -> Any:
        node = self.blocks.get(name)
        if node is None:
            if spec.required:
                self.report.error("SFT0207", f"{self.title} has no `{name}`", self.head, f"add `{name}`: {spec.doc}")
                return _MISSING
            return None
        title = f"`{name}` of {self.title}"
        return read_body(spec.shape, node.body, "", title, node.kind.span, self.report)

    def _refuse_rules(self) -> None:
        for rule in self.rules:
            if rule.verb.text in self.later:
                not_runnable(f"`{rule.verb.text}` in {self.title}", rule.verb, self.report)
            else:
                self.report.error("SFT0212", f"{self.title} takes no rule `{rule.verb.text}`", rule.verb.span)


class _Missing:
    """A required value that was not given and that nothing can stand in for."""


_MISSING = _Missing()


def read_rule(
    rule: Rule, verbs: Mapping[str, Clauses], title: str, report: Reporter, later: tuple[str, ...] = ()
) -> RuleEntry | None:
    """A rule by what its verb takes; None after a report that makes it useless."""
    verb = rule.verb.text
    shape = verbs.get(verb)
    if shape is None:
        if verb in later:
            not_runnable(f"`{verb}` in {title}", rule.verb, report)
        else:
            help = suggestion(verb, verbs, "rules")
            report.error("SFT0212", f"{title} takes no rule `{verb}`", rule.verb.span, help)
        return None
    example = f"for example `{shape.example}`" if shape.example else None
    sound = True
    if rule.expr is None and shape.expr == "required":
        report.error("SFT0215", f"`{verb}` says nothing of what", rule.verb.span, example)
        sound = False
    elif rule.expr is not None and shape.expr == "none":
        report.error("SFT0213", f"`{verb}` takes clauses, not an expression", rule.expr.span, example)
        sound = False
    clauses: dict[str, Value[Any]] = {}
    for clause in rule.clauses:
        sound = _read_clause(clause.word, clause.operand, shape, verb, clauses, report, later) and sound
    for word in shape.required:
        if word not in {clause.word.text for clause in rule.clauses}:
            report.error("SFT0215", f"`{verb}` has no `{word}`", rule.verb.span, example)
            sound = False
    return RuleEntry(verb, rule.expr, clauses, rule) if sound else None


def _read_clause(
    word: Name,
    operand: Expr | None,
    shape: Clauses,
    verb: str,
    clauses: dict[str, Value[Any]],
    report: Reporter,
    later: tuple[str, ...],
) -> bool:
    if word.text not in shape.words:
        if word.text in later:
            not_runnable(f"`{word.text}` of `{verb}`", word, report)
        else:
            report.error(
                "SFT0213", f"`{verb}` takes no `{word.text}`", word.span, suggestion(word.text, shape.words, "clauses")
            )
        return False
    if word.text in clauses:
        before = [(clauses[word.text].span, "given here before")]
        report.error("SFT0214", f"`{word.text}` is given twice", word.span, also=before)
        return False
    kind = shape.words[word.text]
    if kind is None or operand is None:
        if (kind is None) != (operand is None):
            need = "takes no value" if kind is None else f"needs {kind.expects}"
            report.error("SFT0208", f"`{word.text}` {need}", word.span)
            return False
        clauses[word.text] = Value(True, word.span)
        return True
    value = kind.read(operand, word.text, report)
    if value is None:
        return False
    clauses[word.text] = Value(value, word.span.to(operand.span))
    return True
