"""``backtranslate`` and ``rewrite``: the columns that instructions are read from and written to."""

from __future__ import annotations

from compiler.column_scope import ColumnScope
from compiler.known import Known
from compiler.names import Names
from compiler.resolve.respond import one_template, shown_templates
from compiler.resolve.tables import Tables, find_column
from compiler.resolve.turns import only_column, shows
from compiler.resolved import ResolvedTemplate, Rows
from compiler.resolved_methods import ResolvedBacktranslate, ResolvedRewrite
from compiler.resolved_template import Role
from compiler.schema.fields import Value
from compiler.schema.generate import Generate
from compiler.schema.generate_methods import BacktranslateBody, RewriteBody
from spec_lang.ast import Ref


def resolve_backtranslate(
    block: Generate, body: BacktranslateBody, rows: Rows | None, names: Names, tables: Tables, scope: ColumnScope
) -> ResolvedBacktranslate:
    """The method, as far as it is known."""
    text = _turn(block, "assistant", "read as texts", rows, names, tables, scope)
    column = _instruction(block, body.column, rows, names, tables, scope)
    template = one_template(body.template, "template", rows, names, tables, scope)
    if template is not None and text is not None and "user" in template.roles and not shows(template, text):
        message = f"template `{template.name}` does not show `{{{text}}}`, the text that an instruction is written for"
        names.report.error("SFT0281", message, body.template.span, f'write `user = "… {{{text}}}"`')
    return ResolvedBacktranslate(body, text, column, template)


def resolve_rewrite(
    block: Generate, body: RewriteBody, rows: Rows | None, names: Names, tables: Tables, scope: ColumnScope
) -> ResolvedRewrite:
    """The method, as far as it is known."""
    twice = next((word for at, word in enumerate(body.evolve.value) if word in body.evolve.value[:at]), None)
    if twice is not None:
        names.report.error("SFT0205", f"`{twice}` stands twice in `evolve`", body.evolve.span)
    templates = shown_templates(Value(None, block.head, given=False), rows, names, tables, scope)
    _check_plain(block, templates, names)
    answer = _turn(block, "assistant", "written anew", rows, names, tables, scope)
    column = _instruction(block, body.column, rows, names, tables, scope)
    return ResolvedRewrite(body, templates, column, answer)


def _check_plain(block: Generate, templates: Known[ResolvedTemplate], names: Names) -> None:
    """An instruction that is new has no choices, and no row for which examples are drawn."""
    for template in templates:
        what = "lists choices" if template.options is not None else "draws examples" if template.few_shot else ""
        if what:
            message = f"template `{template.name}` {what}, which a new instruction has none of"
            names.report.error("SFT0225", message, block.method.span, "give the task a template without them")


def _instruction(
    block: Generate, ref: Value[Ref | None], rows: Rows | None, names: Names, tables: Tables, scope: ColumnScope
) -> str | None:
    if not ref.given:
        return _turn(block, "user", "written anew", rows, names, tables, scope)
    found = find_column(ref.value, scope, "`column`", "text")
    return ref.value.parts[0].text if found is not None and ref.value is not None else None


def _turn(
    block: Generate, role: Role, why: str, rows: Rows | None, names: Names, tables: Tables, scope: ColumnScope
) -> str | None:
    templates = shown_templates(Value(None, block.head, given=False), rows, names, tables, scope)
    used = block.label(block.method.span, f"{why} by generate `{block.name}`")
    return None if templates.more else only_column(templates.items, role, names, used)
