"""A resolved spec as a plan: data first, then mixtures, trains, evals, gates, each kind in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.lower.builder import PlanBuilder
from compiler.lower.eval import lower_eval
from compiler.lower.gate import lower_gate
from compiler.lower.mixture import drawn_mixtures, lower_mixture
from compiler.lower.source import lower_source
from compiler.lower.task import lower_task
from compiler.lower.train import lower_train
from compiler.plan import Plan
from compiler.reporting import Reporter
from compiler.resolved import ResolvedSpec
from compiler.world import ModelFacts


def lower_spec(spec: ResolvedSpec, facts: Mapping[str, ModelFacts], report: Reporter) -> Plan:
    """The plan. ``facts`` has every model that a train or an eval uses."""
    builder = PlanBuilder(report)
    tasks, mixtures = lower_data(spec, builder)
    trains: dict[str, str] = {}
    for name, train in spec.trains.items():
        trains[name] = lower_train(train, facts[train.root.name], tasks, mixtures, trains, builder)
    measured = {name: lower_eval(item, facts, tasks, trains, builder) for name, item in spec.evals.items()}
    for gate in spec.gates.values():
        lower_gate(gate, measured, builder)
    return builder.plan(spec.edition)


def lower_data(spec: ResolvedSpec, builder: PlanBuilder) -> tuple[dict[str, str], dict[str, str]]:
    """The last step of each task and the step of each mixture, by name."""
    ingests = {name: lower_source(source, builder) for name, source in spec.sources.items()}
    tasks: dict[str, str] = {}
    for name, task in spec.tasks.items():  # those that others are compared with stand before them
        tasks[name] = lower_task(task, ingests, tasks, builder)
    mixtures = {name: lower_mixture(mixture, tasks, builder) for name, mixture in drawn_mixtures(spec).items()}
    return tasks, mixtures
