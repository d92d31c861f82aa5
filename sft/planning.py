"""A plan against its store, with what is known of each step: what `sft plan` shows and a run gives as its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compiler.plan import Plan, Step, StepKind
from compiler.plan_diff import StepChange, diff, previous_steps
from compiler.step_params import IngestParams
from compiler.world import LOGS, Problem
from runtime import plan_facts, run_record
from runtime.artifacts import Objects
from runtime.plan_facts import StepFacts
from runtime.run_record import Result
from runtime.skipping import Skipping
from runtime.store import Store


@dataclass(frozen=True)
class Comparison:
    """``before`` is the plan of the last run of this spec, None when there is none; ``cached`` are hashes."""

    changes: tuple[StepChange, ...]
    before: Plan | None = None
    results: dict[str, Result] = field(default_factory=dict)
    cached: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outlook:
    """The plan, its changes (the plan's steps in order, then orphans), and facts by step id."""

    plan: Plan
    changes: tuple[StepChange, ...]
    facts: dict[str, StepFacts]

    @property
    def has_work(self) -> bool:
        return any(change.state in ("run", "rerun") for change in self.changes)


def compare(plan: Plan, store: Store) -> Comparison:
    """The plan against what the store has and what ran last."""
    store.refuse_a_file()
    if not store.exists:
        return Comparison(diff(plan, {}, frozenset()))
    objects = Objects(store.root / "objects")
    with store.reading():
        results = run_record.known_results(store)
        before = run_record.last_plan(store, plan.spec)
    cached = frozenset(step_hash for step_hash in results if objects.has(step_hash))
    changes = diff(plan, previous_steps(before) if before else {}, cached)
    return Comparison(_with_skipped(plan, changes, results, cached), before, results, cached)


def _with_skipped(
    plan: Plan, changes: tuple[StepChange, ...], results: Mapping[str, Result], cached: frozenset[str]
) -> tuple[StepChange, ...]:
    """What cached guards and rounds stop is skipped, whether an earlier run has made it or not."""
    skipping, found = Skipping(), dict[str, StepChange]()
    for step in plan.steps:
        if (reason := skipping.reason(step)) is not None:
            found[step.id] = StepChange(step.id, "skipped", (reason,))
        elif step.hash in cached:
            skipping.ended(step, results[step.hash].summary)
    return tuple(found.get(change.step_id, change) for change in changes)


def outlook(plan: Plan, spec_dir: Path, store: Store) -> Outlook:
    """Everything that `sft plan` tells."""
    found = compare(plan, store)
    history = plan_facts.read_history(store, found.results) if store.exists else plan_facts.nothing_known()
    old = {step.id: step for step in found.before.steps} if found.before else {}
    ids = {change.step_id: change.renamed_from or change.step_id for change in found.changes}
    before = {step_id: old[was] for step_id, was in ids.items() if was in old}
    facts = plan_facts.plan_facts(plan, found.cached, before, history, lambda step: _source_rows(step, spec_dir))
    for change in found.changes:
        if change.state == "orphan" and (result := found.results.get(old[change.step_id].hash)) is not None:
            facts[change.step_id] = plan_facts.measured(old[change.step_id], result, history)
    return Outlook(plan, found.changes, facts)


def _source_rows(step: Step, spec_dir: Path) -> int | None:
    """Rows and unreadable lines of a source's files, which the compiler has counted and the cache remembers."""
    from runtime.source_facts import read_source_facts

    if step.kind is not StepKind.INGEST:
        return None
    log = step.params.format if isinstance(step.params, IngestParams) and step.params.format in LOGS else None
    total = 0
    for path in step.local.get("paths", ()):
        facts = read_source_facts(spec_dir, path, log=log)
        if isinstance(facts, Problem):
            return None
        total += facts.rows + facts.unreadable
    return total
