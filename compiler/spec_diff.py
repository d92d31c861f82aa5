"""Two specs by what they say: blocks that came, went, were renamed or changed, with the fields that did.

Works on syntax trees, so formatting, comments and the order of blocks, fields and clauses are no difference. The order
of rules is one: a row falls to the first rule of a filter that drops it, and requirements, metrics and parts of a
mixture are numbered in a plan. A block with a new name and the same content is renamed, and references to it by either
name are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from compiler.tree import changed, changed_entry
from spec_lang.ast import Block, Body, Call, Entry, Expr, Field, Name, NamedRule, Ref, Rule, SpecFile, Tagged
from spec_lang.printer import clause_text, expression_text, name_text
from spec_lang.source import SourceFile, Span

_Key: TypeAlias = tuple[str, str, int]
_IN_ORDER = ("keep", "drop", "dedup", "decontaminate")
_WITHOUT_BLOCKS = ("source", "filter", "score")  # names in their bodies are columns
_COLUMNS = ("split", "slice")  # so are those in these entries


class EntryChange(Struct, frozen=True):
    """A field or rule with both texts; None where it is not there. ``path`` is empty for a rule."""

    path: str
    old: str | None
    new: str | None


class BlockChange(Struct, frozen=True):
    """``title`` is kind and name in the newer spec (in the older one for ``removed``); ``was`` is the old name of a
    renamed block. ``line`` is where it stands there."""

    kind: Literal["added", "removed", "renamed", "changed"]
    title: str
    line: int
    entries: tuple[EntryChange, ...] = ()
    was: str | None = None


class _Said(Struct, frozen=True):
    """What a block says: texts of fields by path, of rules in two groups, and metrics and slices in their order. Texts
    of the older spec stand twice, the second time with renamed references."""

    fields: Mapping[str, tuple[str, str]]
    rules: tuple[tuple[str, str], ...]
    ordered_rules: tuple[tuple[str, str], ...]
    named: tuple[str, ...]


class _Part(Struct, frozen=True):
    """A block, import, param or edition of a file."""

    kind: str
    name: str
    entries: tuple[Entry, ...]
    span: Span

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}".strip()


def diff_specs(old: SpecFile, old_file: SourceFile, new: SpecFile, new_file: SourceFile) -> tuple[BlockChange, ...]:
    """All differences: in the order of the newer file, then what was removed in the order of the older one."""
    before, after = _numbered(_parts(old)), _numbered(_parts(new))
    names = _renames([*before.values()], [*after.values()])
    old_names = {new_name: old_name for old_name, new_name in names.items()}
    found: list[BlockChange] = []
    matched: set[_Key] = set()
    for key, part in after.items():
        line = new_file.position(part.span.start)[0]
        was = old_names.get(part.name) if key not in before else None
        key = (part.kind, was, 0) if was else key
        if key not in before:
            found.append(BlockChange("added", part.title, line))
            continue
        matched.add(key)
        entries = tuple(_changes(_said(before[key], names), _said(part, {})))
        if was or entries:
            found.append(BlockChange("renamed" if was else "changed", part.title, line, entries, was))
    gone = (part for key, part in before.items() if key not in matched)
    return (*found, *(BlockChange("removed", part.title, old_file.position(part.span.start)[0]) for part in gone))


def _numbered(parts: Iterable[_Part]) -> dict[_Key, _Part]:
    """By kind and name; a name that is given twice, which no other pass allows, counts up."""
    found: dict[_Key, _Part] = {}
    for part in parts:
        number = 0
        while (part.kind, part.name, number) in found:
            number += 1
        found[part.kind, part.name, number] = part
    return found


def _parts(spec: SpecFile) -> Iterator[_Part]:
    if spec.edition is not None:
        yield _Part("edition", "", (_field("edition", str(spec.edition.year), spec.edition.span),), spec.edition.span)
    for item in spec.imports:
        yield _Part("import", item.alias.text, (Field(Name("path", item.span), item.path, item.span),), item.span)
    for param in spec.params:
        yield _Part("param", param.name.text, (Field(Name("value", param.span), param.value, param.span),), param.span)
    for block in spec.blocks:
        yield _Part(block.kind.text, block.name.text if block.name else "", block.body.entries, block.span)


def _field(name: str, text: str, span: Span) -> Field:
    return Field(Name(name, span), Ref((Name(text, span),), span), span)


def _renames(before: Sequence[_Part], after: Sequence[_Part]) -> dict[str, str]:
    """Old name -> new name of blocks that say the same under another name; also of those that only name such blocks."""
    titles, old_titles = {part.title for part in after}, {part.title for part in before}
    gone = [part for part in before if part.title not in titles and part.name]
    come = [part for part in after if part.title not in old_titles and part.name]
    names: dict[str, str] = {}
    while True:
        pair = next(((a, b) for a in gone for b in come if a.kind == b.kind and _says_the_same(a, b, names)), None)
        if pair is None:
            return names
        gone.remove(pair[0])
        come.remove(pair[1])
        names[pair[0].name] = pair[1].name


def _says_the_same(old: _Part, new: _Part, names: Mapping[str, str]) -> bool:
    own = {**names, old.name: new.name}
    return not any(True for _ in _changes(_said(old, own), _said(new, {})))


# --- one block --------------------------------------------------------------------------------------


def _changes(old: _Said, new: _Said) -> Iterator[EntryChange]:
    for path in (*old.fields, *(path for path in new.fields if path not in old.fields)):
        before, after = old.fields.get(path), new.fields.get(path)
        if before is None or after is None or after[0] not in before:
            yield EntryChange(path, before[0] if before else None, after[0] if after else None)
    yield from _ordered(old.ordered_rules, new.ordered_rules)
    yield from _unordered(old.rules, new.rules)
    if old.named != new.named and sorted(old.named) == sorted(new.named):
        yield EntryChange("order", ", ".join(old.named), ", ".join(new.named))
    yield from _moved(old.rules, [text for text, _ in new.rules])


def _moved(old: Sequence[tuple[str, str]], new: Sequence[str]) -> Iterator[EntryChange]:
    """The same rules in another order, by their numbers."""
    before = [renamed if renamed in new else text for text, renamed in old]
    if before != new and sorted(before) == sorted(new):
        numbers = [before.index(text) + 1 for text in new]
        yield EntryChange("order of rules", ", ".join(map(str, sorted(numbers))), ", ".join(map(str, numbers)))


def _ordered(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> Iterator[EntryChange]:
    after = [text for text, _ in new]
    known = set(after)
    before = [renamed if renamed in known else text for text, renamed in old]
    for _, a, b, c, d in (
        code for code in SequenceMatcher(None, before, after, False).get_opcodes() if code[0] != "equal"
    ):
        yield from (EntryChange("", one, other) for one, other in zip_longest(before[a:b], after[c:d]))


def _unordered(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> Iterator[EntryChange]:
    left = Counter(text for text, _ in new)
    gone: list[tuple[str, str]] = []
    for text, renamed in old:
        same = renamed if left[renamed] else text
        if left[same]:
            left[same] -= 1
        else:
            gone.append((text, renamed))
    come: list[tuple[str, str]] = []
    for text, other in new:
        if left[text]:
            left[text] -= 1
            come.append((text, other))
    yield from _ordered(gone, come)


def _said(part: _Part, names: Mapping[str, str]) -> _Said:
    """Every text twice: as it is written, and with references to renamed blocks under their new names."""

    def change(expr: Expr) -> Expr | None:
        if isinstance(expr, Ref):
            return _renamed(expr, names)
        if isinstance(expr, Call):
            args = tuple(replace(arg, value=changed(arg.value, change)) for arg in expr.args)
            return replace(expr, func=_renamed(expr.func, names), args=args)
        return None

    fields: dict[str, tuple[str, str]] = {}
    rules: list[tuple[str, str]] = []
    ordered: list[tuple[str, str]] = []
    for entry in part.entries:
        other = changed_entry(entry, change) if names and _names_blocks(part, entry) else entry
        if isinstance(entry, Rule):
            texts = (_rule_text(entry), _rule_text(other))
            (ordered if entry.verb.text in _IN_ORDER else rules).append(texts)
        else:
            renamed = dict(_texts(other, ""))
            fields |= {path: (text, renamed[path]) for path, text in _texts(entry, "")}
    named = tuple(f"{item.word.text} {item.name.text}" for item in part.entries if isinstance(item, NamedRule))
    return _Said(fields, tuple(rules), tuple(ordered), named)


def _names_blocks(part: _Part, entry: Entry) -> bool:
    """Whether names in an entry are those of blocks: a column that is called like a renamed block is another thing."""
    if part.kind in _WITHOUT_BLOCKS:
        return False
    word = entry.kind if isinstance(entry, Block) else entry.word if isinstance(entry, NamedRule) else None
    return word is None or word.text not in _COLUMNS


def _renamed(ref: Ref, names: Mapping[str, str]) -> Ref:
    first, *rest = ref.parts
    if first.quoted or first.text not in names:
        return ref
    return replace(ref, parts=(replace(first, text=names[first.text]), *rest))


def _texts(entry: Entry, prefix: str) -> Iterator[tuple[str, str]]:
    """``(path, text)`` of a field, a named rule or a nested block, with what is inside of it."""
    match entry:
        case Field(value=Tagged(tag=tag, body=body)):
            path = prefix + name_text(entry.name)
            yield path, tag.text
            yield from _body(body, f"{path}.")
        case Field():
            yield prefix + name_text(entry.name), expression_text(entry.value)
        case NamedRule():
            clauses = sorted(clause_text(clause) for clause in entry.clauses)
            yield f"{prefix}{entry.word.text} {entry.name.text}", " ".join([expression_text(entry.expr), *clauses])
        case Block():
            path = f"{prefix}{entry.kind.text}{f' {entry.name.text}' if entry.name else ''}"
            yield path, "{}" if not entry.body.entries else ""
            yield from _body(entry.body, f"{path}.")
        case Rule():
            yield f"{prefix}{_rule_text(entry)}", ""


def _body(body: Body, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in body.entries:
        yield from _texts(entry, prefix)


def _rule_text(rule: Entry) -> str:
    assert isinstance(rule, Rule)
    words = [rule.verb.text, *([expression_text(rule.expr)] if rule.expr is not None else [])]
    return " ".join([*words, *sorted(clause_text(clause) for clause in rule.clauses)])
