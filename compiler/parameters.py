"""``param rounds = 2``: values with a name, put where the name is used.

A param is a literal; its type is that of its default. It is put into the syntax tree before blocks are
read, so every field, rule and expression takes it and none has to know of it. A param may not be called
like anything else that could stand in its place, so a name never has two meanings. Findings about a
value that came from a param are told where it came from (`findings`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct

from compiler.modules import Module
from compiler.resolved import ResolvedSource, ResolvedSpec
from compiler.schema.value_words import value_words
from compiler.schema.written import described
from compiler.secrets import refused
from compiler.settings import Setting, is_literal, read_settings, refuse_unknown, setting_value
from compiler.tree import changed_block, placed
from spec_lang.ast import Expr, Faulty, Param, Ref
from spec_lang.diagnostics import Diagnostics, Label
from spec_lang.printer import expression_text
from spec_lang.source import SourceFile, Span
from spec_lang.vocabulary import RESERVED


class Parameter(Struct, frozen=True, eq=False):
    """A param with the value that counts: of the command line, or its default. ``uses`` grows with every use."""

    node: Param
    file: SourceFile
    value: Expr
    is_set: bool
    uses: list[Span]

    @property
    def label(self) -> Label:
        """Where a value came from."""
        text = expression_text(self.value)
        name = self.node.name
        said = f"`{name.text}` is set to {text} by `--set`" if self.is_set else f"`{name.text}` is {text}"
        return Label(self.file, name.span, said)


def put_parameters(modules: Sequence[Module], settings: Iterable[str], sink: Diagnostics) -> list[Parameter]:
    """Put the values of params into the blocks of all files; reports what is wrong with params and settings."""
    given = read_settings(settings, sink)
    if given and not modules[0].partly_read:
        declared = [module.space + node.name.text for module in modules for node in module.parsed.spec.params]
        refuse_unknown(given, declared, sink)
    found: list[Parameter] = []
    for module in modules:
        own = _declared(module, given, sink)
        if own:
            change = partial(_value, own=own)
            module.blocks = tuple(changed_block(block, change) for block in module.blocks)
        found += own.values()
    return found


def _value(expr: Expr, own: Mapping[str, Parameter]) -> Expr | None:
    """The value of a param at the place of its name; a name in backticks is a column, always."""
    if not isinstance(expr, Ref) or len(expr.parts) > 1 or expr.parts[0].quoted:
        return None
    parameter = own.get(expr.parts[0].text)
    if parameter is None:
        return None
    parameter.uses.append(expr.span)
    return placed(parameter.value, expr.span)


def _declared(module: Module, given: Mapping[str, Setting], sink: Diagnostics) -> dict[str, Parameter]:
    """The params of a file by name. One without a sound value stands for anything where it is used."""
    found: dict[str, Parameter] = {}
    for node in module.parsed.spec.params:
        name = node.name.text
        if name in found:
            also = [(found[name].node.name.span, "declared here before")]
            module.report.error("SFT0237", f"param `{name}` is declared twice", node.name.span, None, also)
        else:
            value = _default(node, module) if _is_free(node, module) else Faulty(node.name.span)
            setting = given.get(module.space + name)
            if setting is not None and not isinstance(value, Faulty):
                declared = Label(module.file, node.value.span, "its type is that of its default")
                value = setting_value(setting, value, declared, sink)
            found[name] = Parameter(node, module.file, value, setting is not None, [])
    return found


def _default(node: Param, module: Module) -> Expr:
    if isinstance(node.value, Faulty) or is_literal(node.value):
        return node.value
    secret = refused(node.value, module)
    if secret is not None:
        return secret
    message = f"param `{node.name.text}` takes one literal, not {described(node.value)}"
    help = "write a number, a quantity, a string, `true` or `false`"
    module.report.error("SFT0235", message, node.value.span, help)
    return Faulty(node.value.span)


def _is_free(node: Param, module: Module) -> bool:
    """Whether nothing else of the file could be meant by the name; False after a report."""
    name, report = node.name, module.report
    if name.text in RESERVED or name.text in value_words():
        report.error("SFT0237", f"`{name.text}` is a word of the language", name.span, "choose another name")
        return False
    block = next((b for b in module.blocks if b.name is not None and b.name.text == name.text), None)
    place = block.name if block is not None else None
    what = "a block"
    if name.text in module.places:
        place, what = module.places[name.text].alias, "an import"
    if place is None:
        return True
    also = [(place.span, f"{what} of that name")]
    report.error("SFT0237", f"`{name.text}` is a param and {what}", name.span, "rename one of them", also)
    return False


def warn_of_unused(parameters: Iterable[Parameter], modules: Iterable[Module]) -> None:
    """Warn of params that stand nowhere, in files that could be read whole."""
    whole = {module.file.path: module for module in modules if not module.partly_read}
    for parameter in parameters:
        module, name = whole.get(parameter.file.path), parameter.node.name
        if module is not None and not parameter.uses and not isinstance(parameter.value, Faulty):
            help = "remove it, or write its name where its value is meant"
            module.report.warning("SFT0238", f"param `{name.text}` is not used", name.span, help)


# --- columns ----------------------------------------------------------------------------------------


def refuse_columns(parameters: Iterable[Parameter], spec: ResolvedSpec, sink: Diagnostics) -> list[Parameter]:
    """Report params that are called like a column of the rows that their file works on, and give them."""
    # A word of the language is refused as that.
    free = [parameter for parameter in parameters if parameter.node.name.text not in RESERVED]
    own: dict[tuple[str, str], Parameter] = {(p.file.path, p.node.name.text): p for p in free}
    clashes: dict[Parameter, Label] = {}
    for file, source in _worked_on(spec) if own else ():
        for column in source.columns.names:
            parameter = own.get((file.path, column))
            if parameter is not None:
                clashes.setdefault(parameter, _column(source, column))
    for parameter, column_label in clashes.items():
        name = parameter.node.name
        sink.error(
            "SFT0237",
            f"`{name.text}` is a param and a column",
            parameter.file,
            name.span,
            help="rename the param",
            secondary=[column_label],
        )
    return list(clashes)


def _worked_on(spec: ResolvedSpec) -> Iterator[tuple[SourceFile, ResolvedSource]]:
    """Files with the sources over whose columns they have expressions."""
    for source in spec.sources.values():
        yield source.block.file, source
    for task in spec.tasks.values():
        if task.source is not None:
            yield task.block.file, task.source
            yield from ((item.block.file, task.source) for item in task.filters)
    for item in spec.evals.values():
        if item.data is not None and item.data.task.source is not None:
            yield item.block.file, item.data.task.source


def _column(source: ResolvedSource, name: str) -> Label:
    entries = source.block.columns.columns if source.block.columns else ()
    span = next((entry.name.span for entry in entries if entry.name.text == name), source.block.path.span)
    return Label(source.block.file, span, f"source `{source.name}` has the column")
