"""``method = respond { … }``: how prompts are shown, which column answers go to, and what they have to pass."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.column_scope import ColumnScope
from compiler.known import Known
from compiler.names import Names
from compiler.resolve.few_shot import check_held_out, pool_of
from compiler.resolve.tables import Tables
from compiler.resolve.task import find_templates
from compiler.resolve.turns import only_column, shows
from compiler.resolve.verify import resolve_best_by, resolve_verifiers
from compiler.resolved import ResolvedMetric, ResolvedTemplate, Rows
from compiler.resolved_methods import ResolvedRespond
from compiler.schema.eval import SampleBody
from compiler.schema.fields import Value
from compiler.schema.generate import Generate
from compiler.schema.generate_methods import BestBody, RespondBody
from spec_lang.ast import Ref
from spec_lang.diagnostics import Label
from spec_lang.source import Span

_NO_EFFECT = "SFT0225"
ANSWER_OF_CONVERSATION = "assistant"


def resolve_respond(
    block: Generate, body: RespondBody, rows: Rows | None, names: Names, tables: Tables, scope: ColumnScope
) -> ResolvedRespond:
    """The method, as far as it is known."""
    templates = shown_templates(body.templates, rows, names, tables, scope)
    conversation = any(template.as_it_is for template in templates)
    column = ANSWER_OF_CONVERSATION if conversation else None
    if body.templates.value is not None:
        _check_examples(templates, body.templates.span, rows, names, tables)
    if conversation and rows is not None and rows.task.source is not None and rows.task.source.layout == "preference":
        help = "its answers would be better than what? respond to a source of conversations or of plain columns"
        names.report.error("SFT0280", "each row has two answers, a better and a worse one", block.prompts.span, help)
    used = block.label(block.method.span, f"its answers are written by generate `{block.name}`")
    if not conversation and not templates.more:
        column = only_column(templates.items, "assistant", names, used)
    verify: tuple[ResolvedMetric | None, ...] = ()
    if block.verify.value is not None:
        verify = resolve_verifiers(block.verify.value, names, tables.judges, scope)
    take = body.take.value
    by = None
    if isinstance(take, BestBody) and take.measure.value is not None:
        by = resolve_best_by(take.measure.value, names, tables.judges, scope)
    hint = _hint(block, body, column, rows, names, tables, scope)
    _check_numbers(block, body, names)
    if any(metric is not None and metric.function.compares for metric in verify):
        _check_not_shown(templates, body, column, used, names)
    return ResolvedRespond(body, templates, column, conversation, verify, by, hint)


def shown_templates(
    refs: Value[tuple[Ref, ...] | None], rows: Rows | None, names: Names, tables: Tables, scope: ColumnScope
) -> Known[ResolvedTemplate]:
    """The templates that are named, or else those of the rows' task."""
    if refs.value is None:
        return Known(more=True) if rows is None or not refs.known else rows.task.templates
    return find_templates(Value(refs.value, refs.span, True, refs.known), names, tables.templates, scope)


def one_template(
    ref: Value[Ref | None], field: str, rows: Rows | None, names: Names, tables: Tables, scope: ColumnScope
) -> ResolvedTemplate | None:
    """A template by name, checked against the columns that it is rendered with and what its examples are drawn from."""
    if ref.value is None:
        return None
    found = names.look_up(ref.value, ("template",), field, tables.templates)
    if found is not None:
        find_templates(Value((ref.value,), ref.span), names, tables.templates, scope)
        _check_examples([found], ref.span, rows, names, tables)
    return found


def _check_examples(
    templates: Iterable[ResolvedTemplate], place: Span, rows: Rows | None, names: Names, tables: Tables
) -> None:
    """Templates that a method names draw their examples from rows that are there, and not held out."""
    if rows is None:
        return
    for template in templates:
        if template.few_shot is None:
            continue
        pool = pool_of(template.few_shot, rows.task)
        if pool is not None:
            check_held_out(template.name, pool, place, tables.held_out, names.report)
        elif template.few_shot.block.rows.known and not template.few_shot.block.rows.given:
            message = (
                f"template `{template.name}` has no rows to draw examples from: {rows.task.title} has no part `train`"
            )
            names.report.error("SFT0273", message, place, "name them in the template: `rows = TASK.train`")


def _hint(
    block: Generate,
    body: RespondBody,
    column: str | None,
    rows: Rows | None,
    names: Names,
    tables: Tables,
    scope: ColumnScope,
) -> ResolvedTemplate | None:
    """The template that may show the expected answer, and has to."""
    hint = one_template(body.hint, "hint", rows, names, tables, scope)
    if body.hint.given and not {"verify"} & (block.lines.keys() | block.broken):
        help = "add `verify = exact_match()`: what failed is asked again"
        names.report.error(_NO_EFFECT, "`hint` is not allowed without `verify`", body.hint.span, help)
    if body.hint_samples.given and "hint" not in body.lines and "hint" not in body.broken:
        names.report.error(
            _NO_EFFECT, "`hint_samples` is not allowed without `hint`", body.hint_samples.span, "name a template"
        )
    if hint is not None and column is not None and hint.roles.keys() >= {"user"} and not shows(hint, column):
        message = f"template `{hint.name}` does not show `{{{column}}}`, so it is no hint"
        help = f'put the expected answer into what the model is shown, such as `user = "… {{{column}}}"`'
        names.report.error("SFT0281", message, body.hint.span, help)
    return hint


def _check_numbers(block: Generate, body: RespondBody, names: Names) -> None:
    """Numbers of answers that come to nothing."""
    report, decode = names.report, block.decode
    sampled = isinstance(decode.value, SampleBody) and decode.value.top_k.value != 1
    asked = [
        (body.samples, "every prompt"),
        *([(body.hint_samples, "a prompt with a hint")] if body.hint.given else []),
    ]
    for value, what in asked:
        if value.value > 1 and value.known and decode.given and decode.known and not sampled:
            how = "`top_k = 1`" if isinstance(decode.value, SampleBody) else "greedy decoding"
            message = f"{what} is asked {value.value} times, and with {how} all its answers are the same"
            help = "write `decode = sample { temperature = 0.7 }`"
            report.error(_NO_EFFECT, message, value.span, help, [(decode.span, "decoded so")])
    known = body.samples.known and body.hint_samples.known
    most = max(body.samples.value, body.hint_samples.value if body.hint.given else 1)
    take, cap = body.take, body.per_prompt
    if cap.value is not None and take.value == "first":
        report.error(_NO_EFFECT, "`per_prompt` is not allowed with `take = first`, which is one", cap.span)
    elif known and cap.value is not None and cap.value >= most:
        message = f"a prompt gets {most} answer{'s' * (most > 1)} at most, and `per_prompt = {cap.value}` drops none"
        report.error(_NO_EFFECT, message, cap.span, "leave it out, or ask for more `samples`")
    if known and most == 1 and take.given and take.known and take.value != "all":
        word = "first" if take.value == "first" else "best"
        message = f"a prompt gets one answer, which is the {word} one"
        report.error(_NO_EFFECT, message, take.span, "ask for more `samples`")


def _check_not_shown(
    templates: Known[ResolvedTemplate], body: RespondBody, column: str | None, used: Label, names: Names
) -> None:
    """A model that sees what is expected repeats it, and a verifier that compares finds it right."""
    for template in templates:
        if column is None or not shows(template, column):
            continue
        message = f"template `{template.name}` shows `{{{column}}}`, which the answer is compared with"
        help = f"`hint = {template.name}` is for prompts that got no right answer without it"
        span = body.templates.span if body.templates.given else used.span
        names.report.error("SFT0282", message, span, help)
