"""``judge`` -> a ``judge`` step wherever something is judged, and with ``calibrate`` one ``calibrate`` step.

Judging is apart from measuring and from thresholds: another metric, slice or threshold asks nothing. What a judge said
of labelled rows is a step of its own too, so that more labels of people cost no question either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from compiler.judge_params import (
    CalibrateParams,
    ClassifierJudge,
    Judged,
    JudgedAnswers,
    JudgedConversations,
    JudgedRows,
    JudgeParams,
    JudgeSpec,
    Judging,
    ModelJudge,
    PairedAnswers,
    PairedRows,
    PolicyText,
    RecordedJudge,
    RuleJudge,
    WrittenLabel,
)
from compiler.judge_rules import WON, label_sql, pair_sql
from compiler.known import sure
from compiler.lower.asking import asked_content, asked_inputs, asked_lines, asked_local
from compiler.lower.builder import Line, PlanBuilder
from compiler.lower.eval import lower_decode
from compiler.lower.review import lower_slices
from compiler.lower.template import template_roles
from compiler.resolved import ResolvedTrain, Rows
from compiler.resolved_judge import ResolvedCalibration, ResolvedJudge
from compiler.step_params import Greedy, Sample, Sql
from compiler.world import ModelFacts


class Judges(Mapping[str, ResolvedJudge]):
    """The judges of a spec, and the steps of theirs, each added when it is asked for first. ``tasks`` gives the last
    step of a task or source, ``trained`` that of a train."""

    def __init__(
        self,
        judges: Mapping[str, ResolvedJudge],
        facts: Mapping[str, ModelFacts],
        tasks: Mapping[str, str],
        trained: Callable[[str], str],
        builder: PlanBuilder,
    ) -> None:
        self._judges, self._facts, self._tasks, self._trained, self._builder = judges, facts, tasks, trained, builder

    def __getitem__(self, name: str) -> ResolvedJudge:
        return self._judges[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._judges)

    def __len__(self) -> int:
        return len(self._judges)

    def calibration(self, name: str) -> str | None:
        """The id of the step that holds a judge against people; None where it is not calibrated."""
        judge = self[name]
        if judge.calibration is None:
            return None
        with self._builder.of_no_round():
            return self._calibration(name, judge, judge.calibration)

    def _calibration(self, name: str, judge: ResolvedJudge, held: ResolvedCalibration) -> str:
        rows = self._tasks[held.rows.task.name if isinstance(held.rows, Rows) else held.rows.name]
        part = held.rows.part if isinstance(held.rows, Rows) else None
        labels = {"rows": held.rows.name}
        judged = self._judge(judge, f"{name}.calibration", self._labelled(judge, held, part), rows, labels)
        return self._builder.add(
            _calibrate(judge, held, part, self._builder),
            name,
            judge.block,
            inputs={"rows": rows, "judgements": judged},
            labels={"judge": name, "rows": held.rows.name},
            lines=_lines(judge, self._builder),
        )

    def _labelled(self, judge: ResolvedJudge, held: ResolvedCalibration, part: str | None) -> Judged:
        """What of the labelled rows is judged."""
        sql = self._builder.models.sql
        prompt = sql(held.prompt) if held.prompt is not None else None
        if held.second is not None:  # a judge that reads no prompt has clusters by it all the same
            first, second = sql(held.output), sql(held.second)
            return PairedRows(part=part, first=first, second=second, prompt=prompt, conversation=held.conversation)
        prompt = prompt if judge.by == "model" else None
        recorded = sql(held.recorded) if held.recorded is not None else None
        return JudgedRows(part=part, output=sql(held.output), prompt=prompt, recorded=recorded)

    def columns(self, names: Sequence[str]) -> tuple[str, ...]:
        """The columns with labels that judges of these names find beside the answers."""
        found = (recorded_column(self[name]) for name in names)
        return tuple(sorted({column for column in found if column is not None}))

    def answers(self, name: str, step: str, answers: str, labels: Mapping[str, str]) -> str:
        """The id of the step that judges what a predict step answered; ``step`` is what the answers are called."""
        judge = self[name]
        recorded = recorded_column(judge)
        return self._judge(judge, f"{step}.{name}", JudgedAnswers(recorded=recorded), answers, labels)

    def pairs(self, name: str, step: str, answers: str, against: str, labels: Mapping[str, str]) -> str:
        """The id of the step that compares what a predict step answered with what another one did."""
        return self._judge(self[name], step, PairedAnswers(), answers, labels, {"against": against})

    def conversations(self, name: str, step: str, rendered: str, labels: Mapping[str, str]) -> str:
        """The id of the step that judges the last answers of rendered rows."""
        return self._judge(self[name], f"{step}.{name}", JudgedConversations(), rendered, labels)

    def _judge(
        self,
        judge: ResolvedJudge,
        name: str,
        items: Judged,
        rows: str,
        labels: Mapping[str, str],
        more: Mapping[str, str] | None = None,
    ) -> str:
        inputs: dict[str, str] = {"rows": rows, **(more or {})}
        content: dict[str, str] = {}
        local: dict[str, Any] = {}
        lines: dict[str, Line] = {}
        model = judge.model
        if model is not None:
            trains = {model.name: self._trained(model.name)} if isinstance(model, ResolvedTrain) else {}
            inputs |= asked_inputs(model, trains)
            content, local = asked_content(model, self._facts), asked_local(model)
            lines = asked_lines(model, self._builder)
            if judge.by == "classifier":
                content = {part: value for part, value in content.items() if value and part != "chat_template"}
        ref, words = judge.block.policy.value, judge.policy
        version = {"policy": f"{ref.text} {words.version}"} if ref is not None and words is not None else {}
        return self._builder.add(
            JudgeParams(judge=judge_spec(judge), items=items),
            name,
            judge.block,
            inputs=inputs,
            content=content,
            labels={"judge": judge.name, **version, **labels},
            lines=lines,
            **local,
        )


def judge_spec(judge: ResolvedJudge) -> JudgeSpec:
    """What a judge is, wherever it judges. What its policy says is part of it where it decides, and of a model it
    does."""
    words = judge.policy
    policy = PolicyText(version=words.version, text=words.text, rubric=words.rubric) if words is not None else None
    return JudgeSpec(
        labels=judge.labels.names,
        ordered=judge.ordered,
        using=_using(judge),
        repeats=judge.block.repeats.value,
        policy=policy,
        pairwise=judge.block.pairwise.value,  # type: ignore[arg-type]
    )


def recorded_column(judge: ResolvedJudge) -> str | None:
    """The column with the judge's labels, where they were made elsewhere."""
    return str(sure(judge.block.using.value).argument("column").text) if judge.by == "recorded" else None


def _using(judge: ResolvedJudge) -> Judging:
    if judge.by == "rules":
        rules = str(sure(judge.block.using.value).argument("name"))
        return RuleJudge(label=pair_sql(rules) if judge.pairwise else label_sql(rules))
    if judge.by == "recorded":
        return RecordedJudge()
    if judge.by == "classifier":
        return ClassifierJudge()
    body = judge.block.decode.value
    decode = lower_decode(body)
    assert isinstance(decode, Greedy | Sample)
    prompt = template_roles(judge.template) if judge.template is not None else None
    return ModelJudge(decode=decode, prompt=prompt)


def _calibrate(
    judge: ResolvedJudge, held: ResolvedCalibration, part: str | None, builder: PlanBuilder
) -> CalibrateParams:
    written = tuple(
        WrittenLabel(label=label, texts=tuple(sorted(held.written[label]))) for label in sorted(held.written)
    )
    return CalibrateParams(
        part=part,
        labels=judge.labels.names,
        ordered=judge.ordered,
        label=builder.models.sql(held.label) if held.label is not None else Sql(sql="?", params=(WON,), type="text"),
        written=written,
        slices=lower_slices(held.slices, builder),
        prompt=builder.models.sql(held.prompt) if held.prompt is not None and not judge.pairwise else None,
        pairwise=judge.pairwise,
    )


def _lines(judge: ResolvedJudge, builder: PlanBuilder) -> dict[str, Line]:
    body = judge.block.calibrate_
    return builder.lines(body, "calibrate.") if body is not None else {}
