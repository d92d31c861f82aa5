"""``template`` -> ``render`` steps: of training rows once a task's part, of held-out rows once an eval's template.

The names of templates are local: the hash covers what a template says, so renaming one renders
and trains nothing again.
"""

from __future__ import annotations

from compiler.known import sure
from compiler.lower.builder import Line, PlanBuilder
from compiler.resolved import Piece, ResolvedEval, ResolvedTemplate, Role, Rows
from compiler.step_params import RenderParams, RenderTemplate, Segment, TemplateRole


def lower_training_rows(rows: Rows, source: str, builder: PlanBuilder) -> str:
    """The id of the step that renders rows with their task's templates."""
    templates = rows.task.templates.whole
    return builder.add(
        RenderParams(part=rows.part, templates=_templates(templates)),
        f"{rows.task.name}.{rows.part or 'all'}",
        rows.task.block,
        inputs={"rows": source},
        labels={"task": rows.task.name, "part": rows.part or "all", "source": sure(rows.task.source).name},
        lines=_lines(templates, builder),
        templates=[template.name for template in templates],
    )


def lower_held_out_rows(item: ResolvedEval, template: ResolvedTemplate, source: str, builder: PlanBuilder) -> str:
    """The id of the step that renders an eval's rows with one of its templates."""
    rows = sure(item.data)
    labels = {"eval": item.name, "template": template.name, "task": rows.task.name}
    return builder.add(
        RenderParams(part=rows.part, templates=_templates((template,))),
        f"{item.name}.{template.name}",
        item.block,
        inputs={"rows": source},
        labels=labels | {"part": rows.part or "all"},
        lines=_lines((template,), builder),
        templates=[template.name],
    )


def _templates(templates: tuple[ResolvedTemplate, ...]) -> tuple[RenderTemplate, ...]:
    return tuple(RenderTemplate(roles=tuple(_role(*item) for item in t.roles.items())) for t in templates)


def _role(role: Role, pieces: tuple[Piece, ...]) -> TemplateRole:
    return TemplateRole(role=role, segments=tuple(Segment(text=p.text, column=p.column) for p in pieces))


def _lines(templates: tuple[ResolvedTemplate, ...], builder: PlanBuilder) -> dict[str, Line]:
    lines: dict[str, Line] = {}
    for index, template in enumerate(templates):
        lines[f"templates.{index}"] = builder.line(template.block.head, template.block)
        lines |= builder.lines(template.block, f"templates.{index}.")
    return lines
