"""The compiler's two doors: ``check`` looks at a file, ``compile_spec`` makes its plan.

Both report everything they find, in the order of the text. ``check`` asks the world only cheap
questions; ``compile_spec`` also needs the hashes of models, which may take seconds the first time.
A file of 80 lines costs about 10 ms; importing this module costs ten times that, most of it pydantic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from compiler.names import collect
from compiler.reporting import Reporter
from compiler.resolve.eval import resolve_eval
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
from compiler.world import World
from spec_lang.ast import Block, SpecFile
from spec_lang.diagnostics import Diagnostic, Diagnostics
from spec_lang.parsing import parse
from spec_lang.source import SourceFile

if TYPE_CHECKING:
    from compiler.plan import Plan

S = TypeVar("S", bound=Shape)
R = TypeVar("R")


def check(file: SourceFile, world: World) -> tuple[ResolvedSpec, Diagnostics]:
    """Everything that can be known without reading a model: what is sound of the spec, and all findings."""
    diagnostics = Diagnostics()
    spec = _resolve(file, world, diagnostics)
    diagnostics.items[:] = _by_place(diagnostics.items)
    return spec, diagnostics


def compile_spec(file: SourceFile, world: World, diagnostics: Diagnostics) -> Plan | None:
    """The plan of a file; None when there is any error."""
    from compiler.lower.spec import lower_spec  # not needed, and not paid for, by `check`

    found = Diagnostics()
    spec = _resolve(file, world, found)
    report = Reporter(file, found)
    facts = {} if found.has_errors else model_facts(spec, world, report)
    check_special_tokens(spec, facts, report)
    for item in _by_place(found.items):
        diagnostics.report(item)
    return None if found.has_errors else lower_spec(spec, facts, report)


def _by_place(items: Iterable[Diagnostic]) -> list[Diagnostic]:
    """In the order of the text: that is how a file is mended."""
    return sorted(items, key=lambda item: item.primary.span.start if item.primary else 0)


def _resolve(file: SourceFile, world: World, diagnostics: Diagnostics) -> ResolvedSpec:
    parsed = parse(file, diagnostics)
    report = Reporter(file, diagnostics)
    hidden = frozenset(block.name for block in parsed.broken if block.name is not None)
    names = collect(parsed.spec, report, hidden)
    read = _read(parsed.spec, report)

    models = _each(read, Model, lambda block: resolve_model(block, world, report))
    sources = _each(read, Source, lambda block: resolve_source(block, world, report))
    templates = _each(read, Template, lambda block: resolve_template(block, report))
    filters = _of(read, Filter)
    tasks = _each(read, Task, lambda block: resolve_task(block, names, sources, filters, templates))
    mixtures = _each(read, Mixture, lambda block: resolve_mixture(block, names, tasks))
    trains = resolve_trains(_of(read, Train), names, models, tasks, mixtures)
    either: dict[str, AnyModel] = {**models, **trains}
    evals = _each(read, Eval, lambda block: resolve_eval(block, names, either, tasks, templates))
    gates = _each(read, Gate, lambda block: resolve_gate(block, names, evals))
    edition = parsed.spec.edition.year if parsed.spec.edition else 0
    return ResolvedSpec(file, edition, models, sources, templates, tasks, mixtures, trains, evals, gates)


def _read(spec: SpecFile, report: Reporter) -> dict[str, Shape]:
    """Every block of a known kind, read by its shape; of a repeated name the first counts."""
    read: dict[str, Shape] = {}
    for block in spec.blocks:
        shape = _read_one(block, report)
        if shape is not None and block.name is not None:
            read.setdefault(shape.name, shape)
    return read


def _read_one(block: Block, report: Reporter) -> Shape | None:
    kind = block.kind.text
    if kind not in BLOCKS:
        return None
    return read_block(BLOCKS[kind], block, report, LATER_ENTRIES.get(kind, ()))


def _of(read: Mapping[str, Shape], kind: type[S]) -> dict[str, S]:
    return {name: shape for name, shape in read.items() if isinstance(shape, kind)}


def _each(read: Mapping[str, Shape], kind: type[S], resolve: Callable[[S], R | None]) -> dict[str, R]:
    found = {name: resolve(shape) for name, shape in _of(read, kind).items()}
    return {name: value for name, value in found.items() if value is not None}
