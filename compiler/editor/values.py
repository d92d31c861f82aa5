"""Completion of values: words of a field, names of the right kind, columns of the right source, functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from compiler.editor import descriptions
from compiler.editor.document import Document
from compiler.editor.meaning import columns_at, item_type, kinds_of, takes_columns, value_type
from compiler.editor.measured import FIGURES, forms_at, measures_at, takes_metric
from compiler.editor.outline import Outlined, tags_of
from compiler.editor.suggestions import Completion, item
from compiler.editor.words import Role, Site
from compiler.extends import EXTENDS
from compiler.functions import FUNCTIONS, METRIC_FUNCTIONS
from compiler.schema.fields import Shape
from compiler.schema.values import Name, ValueType, Word
from spec_lang.fixes import name_as_written

_SAID = re.compile(r"`(\w+)`")  # words that a type expects beside names
_SAID_WITH_A_DOT = ("column", "slice")
_OF_METRICS = ("spread", "worst", "unseen")


def values(document: Document, shape: type[Shape] | None, site: Site) -> Iterator[Completion]:
    """What may stand where a value is expected."""
    if site.frames[-1].word == "columns":
        yield from _fields_of_the_file(document, site)
        return
    call = next((name for name in reversed(site.calls) if name not in ("[", "(")), "")
    type = item_type(value_type(shape, site))
    if takes_metric(site):
        yield from _metric(call, site)
    if not call:
        yield from _forms(type, site)
    if "." in call or call in _OF_METRICS:
        yield from _models_of(document, call)
    if takes_columns(shape, site):
        yield from _columns(document, site)
        yield from _functions()
    elif site.role is Role.VERB and not site.clause and not call and site.frames[-1].word == "gate":
        yield from _measured(document)
    elif type is not None and not call:
        yield from _words(type)
        yield from _references(document, type, site)
    if site.entry == EXTENDS:
        kind, own = site.frames[0].word, site.frames[0].name
        alike = (block for block in document.blocks.values() if block.kind == kind and block.name != own)
        yield from (item(block.name, "reference", kind) for block in alike)
    yield from (item(block.name, "reference", "param") for block in document.blocks.values() if block.kind == "param")


def parts(document: Document, site: Site) -> Iterator[Completion]:
    """After a dot: what the block declares, or the blocks of an imported file."""
    home, path = document, site.path
    if path[0] in home.imports:
        home, path = home.imports[path[0]], path[1:]
        if not path:
            yield from (
                item(b.name, "reference", b.kind) for b in home.blocks.values() if b.kind not in ("import", "param")
            )
            return
    block = home.blocks.get(path[0])
    for name, doc in FIGURES.get(block.kind, {}).items() if block is not None else ():
        yield item(name, "part", doc)
    for member in block.members if block is not None else ():
        if member.sort not in _SAID_WITH_A_DOT:
            call = member.sort == "metric" and site.role is Role.VERB
            yield (
                _with_brackets(member.name, "part", f"{member.sort} of {path[0]}")
                if call
                else item(member.name, "part", f"{member.sort} of {path[0]}")
            )


def _with_brackets(label: str, sort: str, detail: str, doc: str = "") -> Completion:
    return item(label, sort, detail, doc, insert=f"{label}(", snippet=f"{label}($0)")


def _words(type: ValueType) -> Iterator[Completion]:
    for tag, shape in tags_of(type).items():
        braces = f"{tag} {{ $0 }}" if shape is not None else ""
        yield item(tag, "word", descriptions.summary(shape, "") if shape is not None else "", snippet=braces)
    if isinstance(type, Word):
        yield from (item(choice, "word", "") for choice in type.choices)
    if isinstance(type, Name):
        yield from (item(word, "word", "") for word in _SAID.findall(type.expects))
    if "`true`" in type.expects:
        yield from (item(word, "word", "") for word in ("true", "false"))


def _references(document: Document, type: ValueType, site: Site) -> Iterator[Completion]:
    """Blocks of the kinds that the type takes, imported ones too; parts of tasks where rows are taken."""
    kinds = kinds_of(type)
    own = site.frames[0].name
    block = document.blocks.get(own)
    there = set(block.first_names(site.entry)) if block is not None and site.calls[-1:] == ("[",) else set()
    found: list[tuple[str, Outlined]] = [(b.name, b) for b in document.blocks.values() if b.name != own]
    for alias, imported in document.imports.items():
        found += [(f"{alias}.{b.name}", b) for b in imported.blocks.values()]
    for name, named in found:
        if named.kind in kinds and name not in there:
            split = [member for member in named.members if member.sort == "part"]
            if split and "part" in type.expects:
                yield from (item(f"{name}.{part.name}", "reference", f"part of {named.kind}") for part in split)
            else:
                yield item(name, "reference", named.kind)
    if "slice" in type.expects:
        yield from _slices(document)


def _slices(document: Document) -> Iterator[Completion]:
    for block in document.blocks.values():
        for member in block.members:
            if member.sort == "slice":
                yield item(member.name, "reference", f"slice of {block.name}")


def _columns(document: Document, site: Site) -> Iterator[Completion]:
    for name, columns in columns_at(document, site).items():
        owners = ", ".join(column.source for column in columns)
        written = name_as_written(name)
        yield item(name, "column", f"{columns[0].type or 'column'} of {owners}", insert=written)
    block = document.blocks.get(site.frames[-1].name)
    for member in block.members if block is not None and block.kind == "score" and site.role is Role.VERB else ():
        yield item(member.name, "part", "score of this block")


def _functions() -> Iterator[Completion]:
    for name, function in FUNCTIONS.items():
        doc = descriptions.about_function(name, metric=False) or ""
        yield _with_brackets(name, "function", function.signature, doc)


def _fields_of_the_file(document: Document, site: Site) -> Iterator[Completion]:
    """In ``columns { }``: fields of the file that have no name yet."""
    block = document.blocks.get(site.frames[0].name)
    if block is None:
        return
    named = {member.value[0] for member in block.members if member.value}
    for field, kind in document.fields_of(block.name).items():
        if field not in named:
            yield item(field, "column", f"{kind} of the file", insert=name_as_written(field))


def _forms(type: ValueType | None, site: Site) -> Iterator[Completion]:
    """Scorers, functions of this field, and the measures of a limit."""
    for form in forms_at(type, site).values():
        yield _with_brackets(form.name, "function", form.signature, descriptions.about_form(form))
    for measure in measures_at(type, site).values():
        if measure.form is None:
            yield item(measure.name, "word", measure.doc, descriptions.about_measure(measure))


def _metric(call: str, site: Site) -> Iterator[Completion]:
    if not call:
        for name, metric in METRIC_FUNCTIONS.items():
            doc = descriptions.about_function(name, metric=True) or ""
            yield _with_brackets(name, "function", metric.signature, doc)
        return
    function = METRIC_FUNCTIONS.get(call)
    for argument in function.arguments if function is not None else ():
        if site.argument == argument.name:
            yield from (item(choice, "word", f"{argument.name} of {call}") for choice in argument.choices)
        elif not site.argument:
            yield item(argument.name, "field", f"argument of {call}", insert=f"{argument.name} = ")


def _measured(document: Document) -> Iterator[Completion]:
    """``format.exact(`` of every eval, for a gate."""
    for block in document.blocks.values():
        for member in block.members:
            if member.sort == "metric":
                yield _with_brackets(f"{block.name}.{member.name}", "function", f"metric of {block.kind} {block.name}")
    if any(block.kind == "eval" for block in document.blocks.values()):
        yield _with_brackets("spread", "function", "the largest difference over templates, examples or slices")
        yield _with_brackets("worst", "function", "the worst template, number of examples or slice")
        yield _with_brackets("unseen", "function", "templates that are new to a model, against those of its training")


def _models_of(document: Document, call: str) -> Iterable[Completion]:
    """The models of the eval whose metric is called."""
    if call in _OF_METRICS:
        yield from _measured(document)
        if call != "unseen":
            yield item("templates", "word", "over which it is taken")
            yield item("few_shot", "word", "the numbers of examples")
        return
    block = document.blocks.get(call.split(".")[0])
    for name in block.first_names("models") if block is not None else ():
        yield item(name, "reference", f"model of {block.name}" if block is not None else "")
