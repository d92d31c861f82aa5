"""``template`` -> ``render`` steps: of training rows once a task's part, of held-out rows once an eval's template.

The names of templates are local: the hash covers what a template says, so renaming one renders
and trains nothing again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from compiler.known import sure
from compiler.lower.builder import Line, Names, PlanBuilder
from compiler.reporting import Reporter
from compiler.resolve.few_shot import pool_of
from compiler.resolve.few_shot_axis import Shown
from compiler.resolve.task import columns_of
from compiler.resolve.template import check_options
from compiler.resolved import ResolvedEval, ResolvedTask, ResolvedTemplate, Rows
from compiler.resolved_template import Piece, Role
from compiler.schema.eval import ChooseBody
from compiler.schema.fields import Shape
from compiler.sql import lower
from compiler.step_params import Candidates, FewShot, Options, RenderParams, RenderTemplate, Segment, TemplateRole
from compiler.template_pieces import flat
from spec_lang.diagnostics import Diagnostics, Label

StepOf: TypeAlias = Callable[[Rows], str]


def lower_training_rows(rows: Rows, step: str, pool_step: StepOf, builder: PlanBuilder, name: Names) -> str:
    """The id of the step that renders rows, which ``step`` has, with their task's templates. ``pool_step`` gives the
    step that has the rows which examples are drawn from."""
    task = rows.task
    inputs = {"rows": step} | _examples(task.templates.whole, task, pool_step)
    return _lower_rows(task, rows.part, name, inputs, {"part": rows.part or "all"}, builder)


def lower_scored_rows(task: ResolvedTask, score: str, source: str, builder: PlanBuilder) -> str:
    """The id of the step that renders all rows of a task for a score, each with the template that it will have; of
    templates without examples, which are drawn after the split. `triage.train` are rows of a part, so the score comes
    first in the name."""
    return _lower_rows(task, None, f"{score}.{task.name}", {"rows": source}, {"score": score}, builder)


def _lower_rows(
    task: ResolvedTask,
    part: str | None,
    name: Names,
    inputs: Mapping[str, str],
    labels: Mapping[str, str],
    builder: PlanBuilder,
) -> str:
    """One step with all templates of a task, by their weights."""
    templates = task.templates.whole
    weights = tuple(task.weights.get(template) for template in task.templates.names)
    return builder.add(
        RenderParams(
            part=part,
            templates=tuple(render_template(template, task) for template in templates),
            weights=weights if any(weight is not None for weight in weights) else None,
        ),
        name,
        task.block,
        inputs=inputs,
        labels={"task": task.name, **labels, "source": sure(task.source).name},
        lines=_lines(templates, builder),
        templates=[template.name for template in templates],
    )


def lower_asked_rows(
    rows: Rows,
    step: str,
    templates: tuple[ResolvedTemplate, ...],
    pool_step: StepOf,
    builder: PlanBuilder,
    block: Shape,
    name: str,
    *,
    unanswered: bool,
) -> str:
    """The id of the step that renders rows, which ``step`` has, to be answered anew. ``unanswered``: rows that have no
    answer are asked too, so nothing of it is rendered."""
    task = rows.task
    shown = tuple(render_template(template, task) for template in templates)
    weights = tuple(task.weights.get(template.name) for template in templates)
    return builder.add(
        RenderParams(
            part=rows.part,
            templates=tuple(map(_question, shown)) if unanswered else shown,
            weights=weights if any(weight is not None for weight in weights) else None,
        ),
        name,
        block,
        inputs={"rows": step} | _examples(templates, task, pool_step),
        labels={"task": task.name, "part": rows.part or "all", "source": sure(task.source).name},
        lines=_lines(templates, builder),
        templates=[template.name for template in templates],
    )


def _question(template: RenderTemplate) -> RenderTemplate:
    """A template with a dash in the place of its answer, which is never empty; rows without one are not dropped."""
    dash = (Segment(text="-"),)
    roles = tuple(
        TemplateRole(role=role.role, segments=dash) if role.role == "assistant" else role for role in template.roles
    )
    return template.model_copy(update={"roles": roles})


def lower_held_out_rows(item: ResolvedEval, shown: Shown, step: str, pool_step: StepOf, builder: PlanBuilder) -> str:
    """The id of the step that renders an eval's rows, which ``step`` has, with one of its templates; with what
    there is to choose from, where the eval chooses."""
    rows, template = sure(item.data), shown.template
    labels = {"eval": item.name, "template": shown.label, "task": rows.task.name}
    return builder.add(
        RenderParams(part=rows.part, templates=(render_template(template, rows.task),), candidates=_candidates(item)),
        f"{item.name}.{shown.step}",
        item.block,
        inputs={"rows": step} | _examples((template,), rows.task, pool_step),
        labels=labels | {"part": rows.part or "all"},
        lines=_lines((template,), builder),
        templates=[template.name],
    )


def _candidates(item: ResolvedEval) -> Candidates | None:
    if not isinstance(item.block.decode.value, ChooseBody):
        return None
    return Candidates(texts=None if item.candidates is None else lower(item.candidates))


def _examples(templates: tuple[ResolvedTemplate, ...], task: ResolvedTask, pool_step: StepOf) -> dict[str, str]:
    """The steps that have the rows which examples are drawn from, by the position of the template."""
    pools = {at: pool_of(item.few_shot, task) for at, item in enumerate(templates) if item.few_shot is not None}
    return {f"examples:{at}": pool_step(sure(pool)) for at, pool in pools.items()}


def template_roles(template: ResolvedTemplate) -> tuple[TemplateRole, ...]:
    """What a template says, for whoever is asked with it in other ways than by rendering rows."""
    return tuple(_role(*item) for item in template.roles.items())


def render_template(template: ResolvedTemplate, task: ResolvedTask) -> RenderTemplate:
    """A template over the columns of a task."""
    return RenderTemplate(
        roles=template_roles(template),
        options=_options(template, task) if template.options is not None else None,
        few_shot=_few_shot(template, task) if template.few_shot is not None else None,
    )


def _role(role: Role, pieces: tuple[Piece, ...]) -> TemplateRole:
    return TemplateRole(role=role, segments=_segments(pieces))


def _segments(pieces: tuple[Piece, ...]) -> tuple[Segment, ...]:
    return tuple(_segment(piece) for piece in pieces)


def _segment(piece: Piece) -> Segment:
    optional = _segments(piece.optional) if piece.optional else None
    return Segment.model_validate(
        {"text": piece.text, "column": piece.column, "made": piece.made, "optional": optional}
    )


def _options(template: ResolvedTemplate, task: ResolvedTask) -> Options:
    """Expressions are typed once more, over the columns of this task; whatever is wrong with them was reported."""
    options = sure(template.options)
    scope = columns_of(task.source, Reporter(template.block.file, Diagnostics()))
    choices, answer = sure(check_options(template, scope, Label(template.block.file, template.block.head, "")))
    block = options.block
    return Options.model_validate(
        {
            "choices": lower(choices),
            "answer": lower(answer),
            "answer_as": block.answer_as.value,
            "line": _segments(options.line),
            "letters": block.letters.value,
            "shuffle": block.shuffle.value,
            "seed": block.seed.value,
        }
    )


def _few_shot(template: ResolvedTemplate, task: ResolvedTask) -> FewShot:
    few_shot = sure(template.few_shot)
    pool = sure(pool_of(few_shot, task))
    there = sure(pool.task.source).columns.names
    pieces = [piece for role in ("system", "user") for piece in flat(template.roles.get(role, ()))]
    asked = tuple(dict.fromkeys(piece.column for piece in pieces if piece.column is not None))
    return FewShot(
        count=few_shot.block.count.value,
        part=pool.part,
        text=None if few_shot.pieces is None else _segments(few_shot.pieces),
        asked=asked if all(name in there for name in asked) else (),
        seed=few_shot.block.seed.value,
        once=few_shot.block.draw.value == "once",
    )


def _lines(templates: tuple[ResolvedTemplate, ...], builder: PlanBuilder) -> dict[str, Line]:
    lines: dict[str, Line] = {}
    for index, template in enumerate(templates):
        lines[f"templates.{index}"] = builder.line(template.block.head, template.block)
        lines |= builder.lines(template.block, f"templates.{index}.")
    return lines
