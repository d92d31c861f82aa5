"""The compiler's two doors: ``check`` looks at a file, ``compile_spec`` makes its plan.

Both report everything they find, in the order of the text. ``check`` asks the world only cheap
questions; ``compile_spec`` also needs the hashes of models, which may take seconds the first time.
Every block is resolved as far as it could be read (``compiler.known``), so that one run finds all
independent mistakes. A file of 80 lines costs about 10 ms; pydantic is imported for plans only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from compiler.names import collect, known_kinds
from compiler.reporting import Reporter
from compiler.resolve.eval import resolve_eval
from compiler.resolve.filter import check_filter
from compiler.resolve.gate import resolve_gate
from compiler.resolve.mixture import resolve_mixture
from compiler.resolve.model import check_special_tokens, model_facts, resolve_model
from compiler.resolve.source import resolve_source
from compiler.resolve.task import resolve_task
from compiler.resolve.template import resolve_template
from compiler.resolve.train import resolve_trains
from compiler.resolved import AnyModel, ResolvedSpec
from compiler.schema.catalogue import BLOCKS, LATER_ENTRIES
from compiler.schema.eval import Eval
from compiler.schema.fields import Shape
from compiler.schema.filter import Filter
from compiler.schema.gate import Gate
from compiler.schema.mixture import Mixture
from compiler.schema.model import Model
from compiler.schema.reading import read_block
from compiler.schema.source import Source
from compiler.schema.task import Task
from compiler.schema.template import Template
from compiler.schema.train import Train
from compiler.schema.values import not_runnable
from compiler.world import World
from spec_lang.diagnostics import Diagnostic, Diagnostics
from spec_lang.parsing import parse
from spec_lang.source import SourceFile

if TYPE_CHECKING:
    from compiler.plan import Plan

S = TypeVar("S", bound=Shape)
R = TypeVar("R")


def check(file: SourceFile, world: World) -> tuple[ResolvedSpec, Diagnostics]:
    """Everything that can be known without reading a model: the spec as far as it is sound, and all findings."""
    diagnostics = Diagnostics()
    spec = _resolve(file, world, diagnostics)
    diagnostics.items[:] = _by_place(diagnostics.items)
    return spec, diagnostics


def compile_spec(file: SourceFile, world: World, diagnostics: Diagnostics) -> Plan | None:
    """The plan of a file; None when there is any error."""
    found = Diagnostics()
    spec = _resolve(file, world, found)
    plan = None if found.has_errors else _plan(spec, world, Reporter(file, found))
    for item in _by_place(found.items):
        diagnostics.report(item)
    return plan


def _plan(spec: ResolvedSpec, world: World, report: Reporter) -> Plan | None:
    from compiler.lower.spec import lower_spec  # not needed, and not paid for, by `check`

    facts = model_facts(spec, world, report)
    check_special_tokens(spec, facts, report)
    return None if report.sink.has_errors else lower_spec(spec, facts, report)


def _by_place(items: Iterable[Diagnostic]) -> list[Diagnostic]:
    """In the order of the text: that is how a file is mended."""
    return sorted(items, key=lambda item: item.primary.span.start if item.primary else 0)


def _resolve(file: SourceFile, world: World, diagnostics: Diagnostics) -> ResolvedSpec:
    parsed = parse(file, diagnostics)
    report = Reporter(file, diagnostics)
    hidden = frozenset(block.name for block in parsed.broken if block.name is not None)
    for item in parsed.spec.imports:
        not_runnable("`import`", item, report)
    for param in parsed.spec.params:
        not_runnable("`param`", param, report)
    blocks = known_kinds(parsed.spec, report)
    names = collect(blocks, report, hidden)
    read = [
        read_block(BLOCKS[kind], block, report, LATER_ENTRIES.get(kind, ()))
        for block in blocks
        if (kind := block.kind.text) in BLOCKS
    ]
    models = _each(read, Model, lambda block: resolve_model(block, world, report))
    sources = _each(read, Source, lambda block: resolve_source(block, world, report))
    templates = _each(read, Template, lambda block: resolve_template(block, report))
    filters = _each(read, Filter, lambda block: check_filter(block, report))
    tasks = _each(read, Task, lambda block: resolve_task(block, names, sources, filters, templates))
    mixtures = _each(read, Mixture, lambda block: resolve_mixture(block, names, tasks))
    trains = resolve_trains(_of(read, Train), names, models, tasks, mixtures)
    either: dict[str, AnyModel] = {**models, **trains}
    evals = _each(read, Eval, lambda block: resolve_eval(block, names, either, tasks, templates))
    gates = _each(read, Gate, lambda block: resolve_gate(block, names, evals))
    edition = parsed.spec.edition.year if parsed.spec.edition else 0
    return ResolvedSpec(file, edition, models, sources, templates, tasks, mixtures, trains, evals, gates)


def _of(read: Iterable[Shape], kind: type[S]) -> list[S]:
    return [shape for shape in read if isinstance(shape, kind)]


def _each(read: Iterable[Shape], kind: type[S], resolve: Callable[[S], R]) -> dict[str, R]:
    """All blocks of a kind, resolved; of a repeated name the first counts."""
    found: dict[str, R] = {}
    for shape in _of(read, kind):
        found.setdefault(shape.name, resolve(shape))
    return found
