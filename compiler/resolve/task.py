"""Tasks: their source, filters and templates by name, their split, and references to their parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

from compiler.column_scope import ColumnScope
from compiler.known import Known
from compiler.names import Names
from compiler.nested_rows import rows_inside
from compiler.reporting import Reporter, renamed_word, suggestion
from compiler.resolve.filter import dedup_keys, resolve_filter
from compiler.resolve.score import resolve_score, with_scores
from compiler.resolve.template import CONVERSATION, as_it_is, check_columns
from compiler.resolve.weights import check_weights
from compiler.resolved import (
    ResolvedFilter,
    ResolvedSource,
    ResolvedSplit,
    ResolvedTask,
    ResolvedTemplate,
    Rows,
)
from compiler.resolved_score import ResolvedScore
from compiler.schema.fields import Shape, Value, field_names
from compiler.schema.filter import Filter
from compiler.schema.generate import Generate
from compiler.schema.score import Score
from compiler.schema.task import Split, Task
from compiler.schema.written import described, written
from spec_lang.ast import Faulty, Ref
from spec_lang.quantities import Unit

# The rows that a name in a filter stands for, and their columns.
Find: TypeAlias = Callable[[Filter, Ref, ColumnScope], tuple[Rows | ResolvedSource, ColumnScope] | None]


def resolve_task(
    block: Task,
    names_of: Callable[[Shape], Names],
    sources: Mapping[str, ResolvedSource],
    filters: Mapping[str, Filter],
    templates: Mapping[str, ResolvedTemplate],
    scores: Mapping[str, Score],
    find: Find,
) -> ResolvedTask:
    """The task over its source's columns, as far as they are known. ``find`` gives rows that a filter compares with."""
    names = names_of(block)
    report = names.report
    written = names.kind(block.from_.value) == "generate" if block.from_.value is not None else False
    source = names.look_up(block.from_.value, ("generate",) if written else ("source",), "from", sources)
    scope = columns_of(source, report, names)
    filtered = passed_filters(block, names, filters, scope, find)
    scored = passed_scores(block, names_of, scores, scope)
    refs = task_templates(block, report)
    shown = find_templates(refs, names, templates, scope)
    if source is not None and source.layout is not None and not refs.given and refs.known and not refs.value:
        shown = Known({CONVERSATION: as_it_is(block)})
    weights = _weights(block, names)
    parts = _parts(block)
    split = _split(block.split, scope) if block.split else None
    if block.split and parts and not _shares_fit(block.split, parts, block.name, report):
        split = None
    return ResolvedTask(block, source, filtered, shown, weights, parts, split, scored)


def passed_filters(
    block: Task | Generate, names: Names, filters: Mapping[str, Filter], scope: ColumnScope, find: Find
) -> Known[ResolvedFilter]:
    """The filters in order, over the columns of the rows."""
    chain = names.look_up_all(block.filters, ("filter",), "filters", filters)
    used = block.label(block.filters.span, f"used here by {_kind(block)} `{block.name}`")
    resolved = {
        name: _filter(item, scope.at(item.file, used), find) if item else None for name, item in chain.items.items()
    }
    return Known(resolved, chain.more)


def _kind(block: Task | Generate) -> str:
    return "task" if isinstance(block, Task) else "generate"


def _filter(item: Filter, scope: ColumnScope, find: Find) -> ResolvedFilter:
    return resolve_filter(item, scope, lambda ref: find(item, ref, scope))


def passed_scores(
    block: Task | Generate, names_of: Callable[[Shape], Names], scores: Mapping[str, Score], scope: ColumnScope
) -> Known[ResolvedScore]:
    """The scores in order, each over the columns of the rows and the scores before it."""
    found = names_of(block).look_up_all(block.scores, ("score",), "scores", scores)
    used = block.label(block.scores.span, f"used here by {_kind(block)} `{block.name}`")
    resolved: dict[str, ResolvedScore | None] = {}
    for name, score in found.items.items():
        if score is None:
            resolved[name] = None
            continue
        resolved[name] = resolve_score(score, None, scope.at(score.file, used), names_of(score).full)
        scope = with_scores(scope, score)
    return Known(resolved, found.more)


def scored_columns(task: ResolvedTask, report: Reporter, names: Names | None = None) -> ColumnScope:
    """What expressions over the rows of a task may name: the columns of its source, and its scores."""
    scope = columns_of(task.source, report, names)
    for score in task.scores:
        scope = with_scores(scope, score.block)
    return scope


def columns_of(source: ResolvedSource | None, report: Reporter, names: Names | None = None) -> ColumnScope:
    """What expressions and templates over the rows of a source may name; anything when the source is not known."""
    if source is None:
        return ColumnScope(Known(more=True), "the source", report, names=names)
    named = Counter(source.mapping.values())  # a field of two names may be meant as either
    fields = {field: name for name, field in source.mapping.items() if field != name and named[field] == 1}
    inside = rows_inside(source.facts) if source.layout is None else None
    owner = f"{'generate' if source.is_written else 'source'} `{source.name}`"
    return ColumnScope(source.columns, owner, report, fields=fields, names=names, inside=inside)


def find_templates(
    refs: Value[tuple[Ref, ...]], names: Names, templates: Mapping[str, ResolvedTemplate], scope: ColumnScope
) -> Known[ResolvedTemplate]:
    """Templates by name, checked against the columns that they are rendered with."""
    found = names.look_up_all(refs, ("template",), "templates", templates)
    for ref in refs.value:
        template = found.get(names.full(ref))
        if template is not None:
            check_columns(template, scope, ref.span)
    return found


def task_templates(block: Task, report: Reporter) -> Value[tuple[Ref, ...]]:
    """The names of a task's templates: those of the list, or those of the block with weights."""
    weighted = block.templates_
    if weighted is None:
        return block.templates
    if block.templates.given:
        also = [(block.templates.span, "listed here")]
        report.error("SFT0225", "`templates` is a list and a block", weighted.head, "keep one of them", also)
        return block.templates
    refs: list[Ref] = []
    for rule in weighted.rules:
        if isinstance(rule.expr, Ref):
            refs.append(rule.expr)
        elif rule.expr is not None and not isinstance(rule.expr, Faulty):
            message = f"`use` takes the name of a template, not {described(rule.expr)}"
            report.error("SFT0208", message, rule.expr.span)
    known = bool(weighted.rules) and len(refs) == len(weighted.rules)
    return Value(tuple(refs), weighted.head, known=known)


def _weights(block: Task, names: Names) -> dict[str, Decimal]:
    """Shares of rows by template, for templates that have one; reports shares that do not add up."""
    if block.templates_ is None:
        return {}
    rules = block.templates_.rules
    check_weights(rules, f"task `{block.name}`", "templates", block.templates_.head, names.report)
    given = {
        names.full(rule.expr): rule.clauses["weight"]
        for rule in rules
        if "weight" in rule.clauses and isinstance(rule.expr, Ref)
    }
    known = all(weight.known for weight in given.values())
    return {name: weight.value for name, weight in given.items()} if known else {}


def _parts(block: Task) -> Known[Decimal] | None:
    """The parts of the split with their shares; None for a task without split."""
    split = block.split
    if split is None:
        return Known(more=True) if "split" in block.broken else None
    faulty = split.broken - frozenset(field_names(Split))
    shares: dict[str, Decimal | None] = {part.name.text: part.value for part in split.parts}
    shares |= dict.fromkeys(faulty - shares.keys())
    return Known({name: shares[name] for name in sorted(shares)}, more="split" in block.broken)


def _shares_fit(split: Split, parts: Known[Decimal], task: str, report: Reporter) -> bool:
    """Whether the shares are known and add up to all rows."""
    if parts.more or len(tuple(parts)) < len(parts.items):
        return False
    if parts.empty:
        help = "for example `train = 80%   test = 20%`"
        report.error("SFT0220", f"the split of task `{task}` has no parts", split.head, help)
        return False
    total = sum(parts, Decimal(0))
    if total == 1:
        return True
    shown = " + ".join(written(part.value, Unit.SHARE) for part in split.parts)
    rest = Decimal(1) - total
    amount = written(abs(rest), Unit.SHARE)
    help = f"{amount} of the rows {'belong to no part' if rest > 0 else 'would belong to two parts'}"
    message = f"the split of task `{task}` is {shown} = {written(total, Unit.SHARE)}, not 100%"
    report.error("SFT0220", message, split.span, help)
    return False


def _split(split: Split, scope: ColumnScope) -> ResolvedSplit | None:
    similar = split.similar
    key = dedup_keys(split.key.value, scope, text_only=similar.value is not None)
    if key is None:
        return None
    parts = tuple((part.name.text, part.value) for part in sorted(split.parts, key=lambda part: part.name.text))
    return ResolvedSplit(key, parts, split.seed.value, similar.value) if similar.known else None


def find_rows(
    ref: Ref | None,
    field: str,
    names: Names,
    tasks: Mapping[str, ResolvedTask],
    *,
    default_part: str | None = None,
    others: tuple[str, ...] = (),
) -> Rows | None:
    """``triage.train``, or ``triage`` for a task without split; None after a report, or where it is not known.

    ``default_part`` is taken of a split task that is named without a part. ``others``: kinds that may be named too, and
    whose rows are looked up elsewhere.
    """
    parts = 1 if ref is not None and names.kind(ref) in others and names.kind(ref) != "generate" else 2
    if ref is None or not names.stands(ref, ("task", *others), field, parts=parts):
        return None
    target = names.target(ref)
    task = tasks.get(target.full)
    if task is None:
        return None
    if not target.rest:
        if task.parts is None:
            return Rows(task, None)
        if default_part in task.parts.names:
            return Rows(task, default_part)
        if task.parts.more:
            return None
        options = " or ".join(f"`{task.name}.{part}`" for part in task.parts.names)
        names.report.error("SFT0227", f"task `{task.name}` is split, and `{field}` names no part", ref.span, options)
        return None
    part = target.rest[0]
    if task.parts is None:
        message = f"{task.title} has no split, so it has no part `{part.text}`"
        help = f"write `{task.name}`, or give the task a `split {{ … }}`"
        if task.title.startswith("generate"):
            help = f"write `{task.name}`, or declare a task over it: `from = {task.name}` and a `split {{ … }}`"
        names.report.error("SFT0217", message, part.span, help)
        return None
    if task.parts.lacks(part.text):
        near = suggestion(part.text, task.parts.names, "parts")
        also = [task.block.label(task.block.split.head, "split here")] if task.block.split else []
        names.report.error(
            "SFT0217",
            f"task `{task.name}` has no part `{part.text}`",
            part.span,
            near,
            also,
            renamed_word(part, task.parts.names),
        )
        return None
    return Rows(task, part.text)
