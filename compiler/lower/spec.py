"""A resolved spec as a plan: data first, then mixtures, trains, evals, gates, each kind in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.lower.builder import PlanBuilder
from compiler.lower.decontaminate import Decontamination, drawn_mixtures
from compiler.lower.eval import lower_eval
from compiler.lower.gate import lower_gate
from compiler.lower.judge import Judges
from compiler.lower.loop import lower_loop
from compiler.lower.mixture import lower_mixture
from compiler.lower.review import lower_review
from compiler.lower.score import ScoringModel
from compiler.lower.task import TaskSteps
from compiler.lower.train import lower_train
from compiler.plan import Plan
from compiler.reporting import Reporter
from compiler.resolved import ResolvedMixture, ResolvedSpec, ResolvedTrain, Rows
from compiler.resolved_judge import ResolvedJudge, ResolvedReview
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.rule_models import RuleModels
from compiler.world import ModelFacts


def lower_spec(spec: ResolvedSpec, facts: Mapping[str, ModelFacts], models: RuleModels, report: Reporter) -> Plan:
    """The plan. ``facts`` has every model that a train or an eval uses, ``models`` those that rules ask."""
    builder = PlanBuilder(report, models)
    lowered = _Lowered(spec, facts, builder)
    lowered.data()
    for name in spec.trains:
        if name not in lowered.of_rounds:
            lowered.train(name)
    clean, trains, judges, measured = lowered.clean, lowered.trains, lowered.judges, lowered.measured
    figures = {name: step for name in judges if (step := judges.calibration(name)) is not None}
    for name, item in spec.evals.items():
        if name not in lowered.of_rounds:
            measured[name] = lower_eval(item, facts, clean, trains, judges, builder)
    for name, later in spec.later.items():
        if isinstance(later, ResolvedReview):
            figures[name] = lower_review(later, clean.tasks, builder)
    for gate in spec.gates.values():
        lower_gate(gate, measured, figures, builder)
    return builder.plan(spec.edition)


def lower_data(
    spec: ResolvedSpec, facts: Mapping[str, ModelFacts], builder: PlanBuilder
) -> tuple[Decontamination, dict[str, str]]:
    """What training rows are compared with, and the last step of each task; and the step of each mixture, by name.
    ``facts`` has the models that score rows."""
    lowered = _Lowered(spec, facts, builder)
    lowered.data()
    return lowered.clean, lowered.mixtures


class _Lowered:
    """Tasks, mixtures and trains by name, with the id of their last step, each lowered when it is asked for first.

    A task may be scored by a train, which stands before it then, with all that it learns from; that this is no circle
    was checked.
    """

    def __init__(self, spec: ResolvedSpec, facts: Mapping[str, ModelFacts], builder: PlanBuilder) -> None:
        self.spec, self.facts, self.builder = spec, facts, builder
        tasks = TaskSteps(spec, self.written_from, self.scoring_model, self.judge_rows, builder)
        judges = {name: item for name, item in spec.later.items() if isinstance(item, ResolvedJudge)}
        self.judges = Judges(judges, facts, tasks, self.trained, builder)
        self.clean = Decontamination(spec, tasks, builder)
        self.drawn = drawn_mixtures(spec)
        self.mixtures: dict[str, str] = {}
        self.trains: dict[str, str] = {}
        self.measured: dict[str, str] = {}
        self.of_rounds = {
            name
            for loop in spec.loops.values()
            for one in loop.rounds
            for name in (*one.generates.values(), *one.trains.values(), *one.evals.values())
        }  # lowered where their loop is, because a guard or a round may stop them

    def data(self) -> None:
        """All tasks, then all mixtures that are drawn."""
        for name in self.spec.tasks:
            if name not in self.of_rounds:
                self.clean.tasks[name]
        for name in self.drawn:
            if name in self.spec.mixtures:
                self.mixture(name)

    def mixture(self, name: str) -> None:
        if name not in self.mixtures:
            self.mixtures[name] = lower_mixture(self.drawn[name], self.clean, self.builder)

    def train(self, name: str) -> None:
        if name in self.trains:
            return
        if name not in self.of_rounds:
            with self.builder.of_no_round():
                self._train(name)
        else:
            self._train(name)

    def _train(self, name: str) -> None:
        if name in self.spec.loops:
            self.trains[name] = lower_loop(self.spec.loops[name], self)
            return
        train = self.spec.trains[name]
        if isinstance(train.base, ResolvedTrain):
            self.train(train.base.name)
        if isinstance(train.data, ResolvedMixture):
            self.mixture(train.data.name)
        facts = self.facts[train.root.name]
        self.trains[name] = lower_train(train, facts, self.clean, self.mixtures, self.trains, self.builder)

    def trained(self, name: str) -> str:
        """The id of the step that trains a model."""
        self.train(name)
        return self.trains[name]

    def judge_rows(self, judge: str, step: str, rendered: str, labels: Mapping[str, str]) -> str:
        return self.judges.conversations(judge, step, rendered, labels)

    def written_from(self, rows: Rows, item: ResolvedGenerate) -> str:
        return self.clean.written_from(rows, item)

    def rows_of(self, rows: Rows) -> str:
        """The last step of the task that has the rows."""
        return self.clean.tasks[rows.task.name]

    def training(self, mixture: ResolvedMixture) -> str:
        """The mix step."""
        self.mixture(mixture.name)
        return self.mixtures[mixture.name]

    def scoring_model(self, name: str) -> ScoringModel:
        if name in self.spec.trains:
            self.train(name)
            root = self.spec.trains[name].root
            return ScoringModel(name, root, self.facts[root.name], self.trains[name])
        return ScoringModel(name, self.spec.models[name], self.facts[name], None)
