"""Where exported rows are from: what plan and store say of the steps behind them.

Read by data: every step of the plan is told by its counts and its rules, whatever its kind. A few queries over
indexed tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.plan import Plan, Step, StepKind
from compiler.step_params import DecontaminateParams, FilterParams, RenderParams, RenderTemplate
from runtime import run_record
from runtime.artifacts import Objects
from runtime.run_record import Result
from runtime.steps.render import template_hash
from runtime.store import Store
from spec_lang.diagnostics import fatal


@dataclass(frozen=True)
class SourceFile:
    """``licence``, ``origin`` and ``consent`` as the spec declares them. ``compared``: its rows were only looked at, to
    drop or to score others, and none of them was taken."""

    source: str
    path: str
    content_hash: str
    licence: str | None
    origin: str | None
    consent: str | None
    rows: int
    unreadable: int
    compared: bool = False


@dataclass(frozen=True)
class RuleDrops:
    rule: str
    text: str
    reason: str | None
    dropped: int


@dataclass(frozen=True)
class StepFacts:
    step: Step
    result: Result
    rules: tuple[RuleDrops, ...]


@dataclass(frozen=True)
class Provenance:
    """Of the steps behind an export, in plan order."""

    sources: tuple[SourceFile, ...]
    steps: tuple[StepFacts, ...]
    mixtures: Mapping[str, Sequence[tuple[Any, ...]]]  # by step hash: task, available, share, wanted, realised, repeats
    templates: Mapping[str, RenderTemplate]  # by name


def missing_steps(store: Store, steps: Iterable[Step]) -> list[Step]:
    """The steps whose result is not in the store."""
    if not store.exists:
        return list(steps)
    known, objects = run_record.known_results(store), Objects(store.root / "objects")
    return [step for step in steps if step.hash not in known or not objects.has(step.hash)]


def provenance(plan: Plan, store: Store, step_ids: Iterable[str]) -> Provenance:
    """Everything behind these steps. Raises DiagnosticError SFT0922 when a result is not in the store."""
    exported = list(step_ids)
    steps = plan.behind(exported)
    with store.reading():
        known, drops, mixtures = run_record.known_results(store), _drops(store, steps), _mixtures(store, steps)
    for step in steps:
        if step.hash not in known:
            raise fatal("SFT0922", f"the store has no result of `{step.id}`", "run the spec first: `sft run FILE`")
    facts = tuple(StepFacts(step, known[step.hash], _rules(step, drops.get(step.hash, {}))) for step in steps)
    given = _that_give_rows(plan, exported)
    sources = tuple(file for fact in facts for file in _files(fact, compared=fact.step.id not in given))
    templates = {name: template for step in steps for name, template in _templates(step).items()}
    return Provenance(sources, facts, mixtures, templates)


def _that_give_rows(plan: Plan, step_ids: Iterable[str]) -> set[str]:
    """The steps whose rows are in the export, or in what it is made from: all but those that are only compared with."""
    given: set[str] = set()
    todo = list(step_ids)
    while todo:
        step = plan.step(todo.pop())
        if step.id not in given:
            given.add(step.id)
            compared = _compared(step)
            todo.extend(of for role, of in step.inputs.items() if role not in compared)
    return given


def _compared(step: Step) -> set[str]:
    """The roles of inputs that a step looks at, and takes no row from."""
    if isinstance(step.params, DecontaminateParams):
        return {held.input for held in step.params.against}
    if isinstance(step.params, FilterParams):
        return {one.input for rule in step.params.rules for one in getattr(rule, "against", ())}
    if step.kind is StepKind.SCORE:
        return {role for role in step.inputs if role != "rows"}
    return set()


def template_names(steps: Iterable[Step]) -> dict[str, str]:
    """Template hash -> name in the spec. Templates of the same words under several names have them all."""
    names: dict[str, list[str]] = {}
    for step in steps:
        for name, template in _templates(step).items():
            known = names.setdefault(template_hash(template), [])
            if name not in known:
                known.append(name)
    return {key: " = ".join(known) for key, known in names.items()}


def _templates(step: Step) -> dict[str, RenderTemplate]:
    if not isinstance(step.params, RenderParams):
        return {}
    return dict(zip(step.local.get("templates", ()), step.params.templates, strict=False))


def _drops(store: Store, steps: Iterable[Step]) -> dict[str, dict[str, int]]:
    """Step hash -> rule -> rows dropped."""
    hashes = [step.hash for step in steps]
    rows = store.query(
        "SELECT step_hash, rule, count(*) FROM ledger WHERE step_hash IN (SELECT unnest(?::VARCHAR[])) GROUP BY ALL",
        [hashes],
    )
    found: dict[str, dict[str, int]] = {}
    for step_hash, rule, count in rows:
        found.setdefault(step_hash, {})[rule] = int(count)
    return found


def _rules(step: Step, dropped: Mapping[str, int]) -> tuple[RuleDrops, ...]:
    """The rules that the spec writes, those that dropped nothing too, then rules of the step itself."""
    written = [
        RuleDrops(str(position), rule["text"], rule.get("reason"), dropped.get(str(position), 0))
        for position, rule in enumerate(step.local.get("rules", ()))
    ]
    known = {rule.rule for rule in written}
    own = [RuleDrops(rule, rule.replace("_", " "), None, count) for rule, count in sorted(dropped.items())]
    return (*written, *(rule for rule in own if rule.rule not in known))


def _files(fact: StepFacts, *, compared: bool) -> Iterable[SourceFile]:
    step, local = fact.step, fact.step.local
    if step.kind is not StepKind.INGEST:
        return
    name = local.get("labels", {}).get("source", step.name)
    for position, (path, (_, rows, unreadable)) in enumerate(
        zip(local["paths"], fact.result.summary["files"], strict=True)
    ):
        content = step.content[f"file:{position}"]
        about: tuple[Any, ...] = (local.get("licence"), local.get("origin"), local.get("consent"))
        yield SourceFile(name, path, content, *about, rows, unreadable, compared)


def _mixtures(store: Store, steps: Iterable[Step]) -> dict[str, list[tuple[Any, ...]]]:
    """Step hash -> what the mixture takes of each task."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for step in steps:
        if step.kind is StepKind.MIX:
            rows = store.query(
                "SELECT part, available, share, wanted, realised, repeats FROM mixture_counts WHERE step_hash = ?",
                [step.hash],
            )
            names = task_names(step)
            found[step.hash] = [(names.get(row[0], row[0]), *row[1:]) for row in rows]
    return found


def task_names(step: Step) -> dict[str, str]:
    """What the inputs of a mixture are called in the spec."""
    labels: dict[str, str] = step.local.get("labels", {})
    return {role: labels.get(role, role) for role in step.inputs}
