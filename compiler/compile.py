"""The compiler's doors: ``check`` looks at a file, ``compile_spec`` and ``compile_export`` make plans.

All report everything they find, in the order of the text. ``check`` asks the world only cheap
questions; ``compile_spec`` also needs the hashes of models, which may take seconds the first time.
Every block is resolved as far as it could be read (``compiler.known``), so that one run finds all
independent mistakes. A file of 80 lines costs about 10 ms; pydantic is imported for plans only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from msgspec.structs import replace

from compiler.lints.run import run_lints
from compiler.program import Program, link
from compiler.reach import reached, reached_for
from compiler.reporting import Reporter
from compiler.resolve.decontaminate import resolve_decontaminations
from compiler.resolve.eval import resolve_eval
from compiler.resolve.few_shot import bind_examples, check_examples, held_out_rows
from compiler.resolve.few_shot_axis import check_sources
from compiler.resolve.filter import check_filter
from compiler.resolve.gate import resolve_gate
from compiler.resolve.lifecycle import resolve_lifecycle
from compiler.resolve.loop import loop_models, resolve_loop_rows
from compiler.resolve.mixture import resolve_mixtures
from compiler.resolve.model import check_special_tokens, model_facts, resolve_model
from compiler.resolve.models_in_rules import asks_for_languages, check_models_in_rules, roots_in_rules
from compiler.resolve.recorded import bind_recorded
from compiler.resolve.score import check_score
from compiler.resolve.scoring_models import check_scoring_models
from compiler.resolve.source import resolve_source
from compiler.resolve.tables import Tables
from compiler.resolve.task_order import resolve_tasks
from compiler.resolve.template import resolve_template
from compiler.resolve.train import resolve_trains
from compiler.resolved import AnyModel, ResolvedSpec, ResolvedTrain
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.schema.eval import Eval
from compiler.schema.fields import Shape
from compiler.schema.filter import Filter
from compiler.schema.gate import Gate
from compiler.schema.generate import Generate
from compiler.schema.judge import Judge
from compiler.schema.loop import Loop
from compiler.schema.mixture import Mixture
from compiler.schema.model import Model
from compiler.schema.score import Score
from compiler.schema.source import Source
from compiler.schema.task import Task
from compiler.schema.template import Template
from compiler.schema.train import Train
from compiler.unroll import unrolled
from compiler.world import World
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import SourceFile

if TYPE_CHECKING:
    from compiler.export import Exported
    from compiler.plan import Plan
    from compiler.rule_models import RuleModels
    from compiler.world import ModelFacts

S = TypeVar("S", bound=Shape)
R = TypeVar("R")
# A further look at the resolved spec, which reports into the sink: the lock, which the compiler does not read.
Inspection: TypeAlias = Callable[[ResolvedSpec, Diagnostics], None]


def check(
    file: SourceFile,
    world: World,
    *,
    settings: Iterable[str] = (),
    strict: bool = False,
    inspect: Inspection | None = None,
) -> tuple[ResolvedSpec, Diagnostics]:
    """Everything that can be known without reading a model: the spec as far as it is sound, and all findings.

    ``settings`` are those of ``--set``; ``strict`` makes errors of the lints that the spec sets no level for.
    """
    found = Diagnostics()
    program, spec = _resolve(file, world, found, settings, strict=strict, inspect=inspect)
    return spec, Diagnostics(program.explained(spec, found))


def compile_spec(
    file: SourceFile,
    world: World,
    diagnostics: Diagnostics,
    *,
    settings: Iterable[str] = (),
    inspect: Inspection | None = None,
) -> Plan | None:
    """The plan of a file; None when there is any error."""
    found = Diagnostics()
    program, spec = _resolve(file, world, found, settings, inspect=inspect)
    found.items[:] = program.explained(spec, found)
    plan = None if found.has_errors else _plan(unrolled(reached(spec)), world, program.main.report)
    for item in found:
        diagnostics.report(item)
    return plan


def compile_export(
    file: SourceFile,
    world: World,
    diagnostics: Diagnostics,
    name: str,
    part: str | None = None,
    *,
    settings: Iterable[str] = (),
    inspect: Inspection | None = None,
) -> Exported | None:
    """The plan behind a task's rows, a mixture's, or a trained model; None when there is any error.

    Raises DiagnosticError SFT0921 when the spec has nothing of this name that could be exported.
    """
    from compiler.export import Exported, find_target, lower_rows

    found = Diagnostics()
    program, spec = _resolve(file, world, found, settings, inspect=inspect)
    found.items[:] = program.explained(spec, found)
    exported = None
    if not found.has_errors:
        spec = unrolled(spec)
        target, report = find_target(spec, name, part), program.main.report
        if isinstance(target, ResolvedTrain):
            plan = _plan(reached_for(target, spec), world, report)
            step = f"select:{name}" if name in spec.loops else f"train:{name}"
            exported = None if plan is None else Exported(name, plan, {}, step)
        else:
            scorers = {named for task in spec.tasks.values() for score in task.scores for named in score.models}
            scorers |= {item.model.name for item in spec.generates.values() if item.model is not None}
            scorers |= roots_in_rules(spec).keys()
            trains = {named: train for named, train in spec.trains.items() if named in scorers}
            facts = model_facts(replace(spec, trains=trains, evals={}, gates={}), world, report)
            models = _rule_models(spec, facts, world)
            exported = None if found.has_errors else lower_rows(spec, target, facts, models, report)
    for item in found:
        diagnostics.report(item)
    return exported


def _plan(spec: ResolvedSpec, world: World, report: Reporter) -> Plan | None:
    from compiler.lower.spec import lower_spec  # not needed, and not paid for, by `check`

    facts = model_facts(spec, world, report)
    check_special_tokens(spec, facts, report)
    return None if report.sink.has_errors else lower_spec(spec, facts, _rule_models(spec, facts, world), report)


def _rule_models(spec: ResolvedSpec, facts: Mapping[str, ModelFacts], world: World) -> RuleModels:
    """What rules ask of models."""
    from compiler.rule_models import RuleModels

    return RuleModels(roots_in_rules(spec), facts, world.languages() if asks_for_languages(spec) else "")


def _resolve(
    file: SourceFile,
    world: World,
    sink: Diagnostics,
    settings: Iterable[str],
    *,
    strict: bool = False,
    inspect: Inspection | None = None,
) -> tuple[Program, ResolvedSpec]:
    """All blocks of all files, each in the words of its own file."""
    program = link(file, world, settings, sink)
    read, names, report = program.read, program.names, program.report
    models = _each(read, Model, lambda block: resolve_model(block, world, report(block)))
    sources = _each(read, Source, lambda block: resolve_source(block, world, report(block)))
    templates = _each(read, Template, lambda block: resolve_template(block, report(block)))
    filters = _each(read, Filter, lambda block: check_filter(block, names(block)))
    scores = _each(read, Score, lambda block: check_score(block, names(block)))
    judges = _each(read, Judge, lambda block: block)
    blocks = [shape for shape in read if isinstance(shape, Task | Generate)]
    tasks = resolve_tasks(blocks, names, sources, filters, templates, scores)
    bind_examples(templates, names, tasks)
    models = bind_recorded(models, names, sources, tasks)
    mixtures = resolve_mixtures(_of(read, Mixture), names, tasks)
    trains = resolve_trains(_of(read, Train), names, models, tasks, mixtures)
    given: dict[str, AnyModel] = {**models, **trains}
    before = Tables(models, given, sources, templates, filters, tasks, mixtures, {}, judges, scores)
    loops = _each(read, Loop, lambda block: resolve_loop_rows(block, names(block), before))
    either = {**given, **loop_models(loops.values())}
    evals = _each(read, Eval, lambda block: resolve_eval(block, names(block), either, tasks, templates, judges))
    rounds = loops.values()
    shown = tasks | {name: item for loop in rounds for name, item in loop.tasks.items()}
    measured = evals | {name: item for loop in rounds for name, item in loop.evals.items()}
    learning = trains | {name: item for loop in rounds for name, item in loop.trains.items()}
    held_out = list(held_out_rows(learning.values(), measured.values()))
    check_examples(shown, measured, held_out, report)
    check_sources(evals, held_out, report)
    resolve_decontaminations(read, names, sources, tasks, mixtures, trains, evals)
    gates = _each(read, Gate, lambda block: resolve_gate(block, names(block), evals))
    tables = Tables(models, either, sources, templates, filters, tasks, mixtures, evals, judges, scores, held_out)
    lifecycle = resolve_lifecycle(read, names, world, tables, loops)
    generates = {name: item for name, item in lifecycle.items() if isinstance(item, ResolvedGenerate)}
    later = {name: item for name, item in lifecycle.items() if name not in generates}
    writers = {name: model for name, model in either.items() if isinstance(model, ResolvedTrain)}
    check_scoring_models(tasks, writers, evals, generates, judges, names)
    edition = program.main.parsed.spec.edition
    year = edition.year if edition else 0
    spec = ResolvedSpec(
        *(file, year, models, sources, templates, tasks, mixtures, trains, evals, gates, later), generates=generates
    )
    check_models_in_rules(spec, program.main.report)
    run_lints(spec, program, strict=strict)
    if inspect is not None:
        inspect(spec, sink)
    return program, spec


def _of(read: Iterable[Shape], kind: type[S]) -> list[S]:
    return [shape for shape in read if isinstance(shape, kind)]


def _each(read: Iterable[Shape], kind: type[S], resolve: Callable[[S], R]) -> dict[str, R]:
    """All blocks of a kind by full name, resolved; of a repeated name the first counts."""
    found: dict[str, R] = {}
    for shape in _of(read, kind):
        found.setdefault(shape.name, resolve(shape))
    return found
