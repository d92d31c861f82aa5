"""The column that a turn of a template consists of: what a model writes in its place has to have somewhere to go."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from compiler.names import Names
from compiler.resolved_template import ResolvedTemplate, Role
from compiler.template_pieces import flat
from spec_lang.diagnostics import Label

_CODE = "SFT0280"
_TURNS: Mapping[Role, tuple[str, str]] = MappingProxyType(
    {"assistant": ("answer", "{output}"), "user": ("question", "{instruction}"), "system": ("system text", "{system}")}
)


def sole_column(template: ResolvedTemplate, role: Role) -> str | None:
    """The column that a turn of a template is, and nothing else."""
    pieces = template.roles.get(role, ())
    return pieces[0].column if len(pieces) == 1 else None


def only_column(templates: Mapping[str, ResolvedTemplate | None], role: Role, names: Names, used: Label) -> str | None:
    """The column that this turn of all the templates is, and nothing else; None after a report SFT0280, or where it is
    not known. ``used`` is the place that asks for it."""
    found: dict[str, ResolvedTemplate] = {}
    for template in templates.values():
        if template is None or (role not in template.roles and not template.as_it_is):
            return None
        column = sole_column(template, role)
        if column is None:
            _report_mixed(template, role, names, used)
            return None
        found.setdefault(column, template)
    if len(found) > 1:
        (first, one), (second, other) = list(found.items())[:2]
        message = f"`{one.name}` has its {_TURNS[role][0]} in the column `{first}`, and `{other.name}` in `{second}`"
        help = "what a model writes goes to one column: name templates that agree"
        names.report.error(_CODE, message, used.span, help)
    return next(iter(found)) if len(found) == 1 else None


def _report_mixed(template: ResolvedTemplate, role: Role, names: Names, used: Label) -> None:
    what, example = _TURNS[role]
    if template.as_it_is:
        message = f"the rows are conversations, whose {what} is no column that could be written anew"
        names.report.error(_CODE, message, used.span, "give the task `templates` over plain columns")
        return
    value = getattr(template.block, role)
    report = names.report.at(template.block.file)
    message = f"the {what} of template `{template.name}` is not a column alone, and a model writes all of it"
    help = f'write `{role} = "{example}"`, or name a template that does'
    report.error(_CODE, message, value.span, help, [used])


def shows(template: ResolvedTemplate, column: str) -> bool:
    """Whether a model that is shown the template's question sees this column."""
    asked = (piece for role, pieces in template.roles.items() if role != "assistant" for piece in flat(pieces))
    return any(piece.column == column for piece in asked)


def wording(template: ResolvedTemplate) -> tuple[str, ...]:
    """The literal texts of a template's question, in order."""
    asked = (piece for role, pieces in template.roles.items() if role != "assistant" for piece in flat(pieces))
    return tuple(piece.text for piece in asked if piece.text is not None)
