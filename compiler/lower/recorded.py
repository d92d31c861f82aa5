"""A model of recorded answers in an ``eval`` -> a ``predict`` step that asks nothing: a join of data and answers."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.functions.metrics import RECORDED
from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.plan import StepKind
from compiler.recorded_params import BEHIND, Recorded, RecordedScore
from compiler.resolve.recorded import score_column
from compiler.resolved import ResolvedEval, ResolvedModel, Rows
from compiler.step_params import PredictParams
from spec_lang.printer import expression_text

UNKNOWN_TEMPLATE = "recorded"  # under which answers are shown that no template was shown for


def lower_recorded(
    item: ResolvedEval,
    model: ResolvedModel,
    template: str,
    steps: Mapping[str, str],
    prompts: str | None,
    labels: tuple[str, ...],
    builder: PlanBuilder,
) -> str:
    """The id of the step; ``steps`` gives the last step of a task or source, ``prompts`` is the step whose rows say
    what is expected, ``labels`` are columns with what judges said of the answers."""
    data, answers = sure(item.data), sure(model.recorded)
    scores = sorted({str(m.args["score"]) for m in item.metrics.whole if m.function.name == RECORDED})
    inputs = {"rows": steps[data.task.name], "answers": steps[_name(answers.rows)]}
    recorded = Recorded(
        part=data.part,
        answers_part=answers.rows.part if isinstance(answers.rows, Rows) else None,
        item=tuple(builder.models.sql(value) for value in answers.item),
        answer=sure(answers.answer),
        prompt=answers.prompt,
        expected=item.expected,
        how=answers.decode,
        labels=labels,
        scores=tuple(RecordedScore(name=name, column=score_column(answers, name)) for name in scores),
    )
    if prompts is not None:
        inputs["prompts"] = prompts
    for number, source in enumerate(_sources(inputs["rows"], builder)):  # beside the rows, which may be a selection
        inputs[f"{BEHIND}{number + 1}"] = source
    return builder.add(
        PredictParams(decode=recorded, precision="auto"),
        f"{item.name}.{model.name}.{template}",
        item.block,
        inputs=inputs,
        labels={
            "eval": item.name,
            "model": model.name,
            "template": template,
            "task": data.task.name,
            "part": data.part or "all",
        },
        lines=builder.lines(model.block, "recorded."),
        item=", ".join(expression_text(expr) for expr in model.block.item.value) or "item",
    )


def _sources(step_id: str, builder: PlanBuilder) -> list[str]:
    """The steps that read the files behind the data, in the order in which they are met."""
    found: dict[str, None] = {}
    todo = [step_id]
    seen = set()
    while todo:
        one = todo.pop(0)
        if one in seen:
            continue
        seen.add(one)
        step = builder.step(one)
        if step.kind is StepKind.INGEST:
            found[one] = None
        todo += step.inputs.values()
    return list(found)


def _name(rows: object) -> str:
    name = rows.task.name if isinstance(rows, Rows) else getattr(rows, "name", "")
    assert isinstance(name, str)
    return name
