"""A resolved spec as a plan: data first, then mixtures, trains, evals, gates, each kind in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.lower.builder import PlanBuilder
from compiler.lower.decontaminate import Decontamination, drawn_mixtures
from compiler.lower.eval import lower_eval
from compiler.lower.gate import lower_gate
from compiler.lower.mixture import lower_mixture
from compiler.lower.task import TaskSteps
from compiler.lower.train import lower_train
from compiler.plan import Plan
from compiler.reporting import Reporter
from compiler.resolved import ResolvedSpec
from compiler.world import ModelFacts


def lower_spec(spec: ResolvedSpec, facts: Mapping[str, ModelFacts], report: Reporter) -> Plan:
    """The plan. ``facts`` has every model that a train or an eval uses."""
    builder = PlanBuilder(report)
    clean, mixtures = lower_data(spec, builder)
    trains: dict[str, str] = {}
    for name, train in spec.trains.items():
        trains[name] = lower_train(train, facts[train.root.name], clean, mixtures, trains, builder)
    measured = {name: lower_eval(item, facts, clean.tasks, trains, builder) for name, item in spec.evals.items()}
    for gate in spec.gates.values():
        lower_gate(gate, measured, builder)
    return builder.plan(spec.edition)


def lower_data(spec: ResolvedSpec, builder: PlanBuilder) -> tuple[Decontamination, dict[str, str]]:
    """What training rows are compared with, and the last step of each task; and the step of each mixture, by name."""
    steps = TaskSteps(spec, builder)
    for name in spec.tasks:
        steps[name]
    clean = Decontamination(spec, steps, builder)
    return clean, {name: lower_mixture(mixture, clean, builder) for name, mixture in drawn_mixtures(spec).items()}
