"""Tasks: their source, filters and templates by name, their split, and references to their parts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from compiler.expression_types import ColumnScope
from compiler.names import Names
from compiler.reporting import Reporter, did_you_mean
from compiler.resolve.filter import dedup_keys, resolve_filter
from compiler.resolve.template import check_columns
from compiler.resolved import ResolvedFilter, ResolvedSource, ResolvedTask, ResolvedTemplate, Rows
from compiler.schema.filter import Filter
from compiler.schema.task import Split, Task
from compiler.schema.values import written
from compiler.step_params import SplitParams, SplitPart
from spec_lang.ast import Ref
from spec_lang.quantities import Unit


def resolve_task(
    block: Task,
    names: Names,
    sources: Mapping[str, ResolvedSource],
    filters: Mapping[str, Filter],
    templates: Mapping[str, ResolvedTemplate],
) -> ResolvedTask | None:
    """The task over its source's columns; None when something of it is missing or wrong."""
    report = names.report
    found = names.find(block.from_.value, ("source",), "from")
    source = sources.get(block.from_.value.parts[0].text) if found else None
    split_sound = block.split is None or (_sums(block.split, block.name, report) and not block.split.broken)
    used_filters = references(block.filters.value, "filter", "filters", names)
    used_templates = find_templates(block.templates.value, names, templates)
    if source is None:
        return None
    scope = columns_of(source, report)
    chain = _chain(used_filters, filters, scope)
    split = _split(block.split, scope) if block.split else None
    for template, ref in zip(used_templates or (), block.templates.value, strict=False):
        check_columns(template, scope, ref.span)
    if chain is None or used_templates is None or not split_sound or (block.split and split is None):
        return None
    return ResolvedTask(block, source, chain, used_templates, split)


def columns_of(source: ResolvedSource, report: Reporter) -> ColumnScope:
    """What expressions and templates over the rows of a source may name."""
    return ColumnScope(source.columns, f"source `{source.name}`", report, source.broken)


def references(refs: tuple[Ref, ...], kind: str, field: str, names: Names) -> tuple[str, ...] | None:
    """Names of blocks of one kind, each once; None after a report."""
    found: list[str] = []
    sound = True
    for ref in refs:
        block = names.find(ref, (kind,), field)
        name = ref.parts[0].text
        if block is not None and name in found:
            names.report.error("SFT0205", f"`{name}` stands twice in `{field}`", ref.span)
            sound = False
        sound = sound and block is not None
        found.append(name)
    return tuple(found) if sound else None


def find_templates(
    refs: tuple[Ref, ...], names: Names, templates: Mapping[str, ResolvedTemplate]
) -> tuple[ResolvedTemplate, ...] | None:
    """Templates by name; None when one is unknown or has a mistake of its own."""
    found = references(refs, "template", "templates", names)
    if found is None or any(name not in templates for name in found):
        return None
    return tuple(templates[name] for name in found)


def _chain(
    used: tuple[str, ...] | None, filters: Mapping[str, Filter], scope: ColumnScope
) -> tuple[ResolvedFilter, ...] | None:
    if used is None or any(name not in filters for name in used):
        return None
    chain = [resolve_filter(filters[name], scope) for name in used]
    sound = tuple(item for item in chain if item is not None)
    return sound if len(sound) == len(chain) else None


def _sums(split: Split, task: str, report: Reporter) -> bool:
    total = sum((part.value for part in split.parts), Decimal(0))
    if total == 1 or split.broken:
        return True
    if not split.parts:
        help = "for example `train = 80%   test = 20%`"
        report.error("SFT0220", f"the split of task `{task}` has no parts", split.head, help)
        return False
    shares = " + ".join(written(part.value, Unit.SHARE) for part in split.parts)
    rest = Decimal(1) - total
    amount = written(abs(rest), Unit.SHARE)
    help = f"{amount} of the rows {'belong to no part' if rest > 0 else 'would belong to two parts'}"
    message = f"the split of task `{task}` is {shares} = {written(total, Unit.SHARE)}, not 100%"
    report.error("SFT0220", message, split.span, help)
    return False


def _split(split: Split, scope: ColumnScope) -> SplitParams | None:
    """Parts are ordered by name: the order of fields means nothing, and moves no row."""
    keys = dedup_keys(split.key.value, scope)
    if keys is None:
        return None
    parts = tuple(SplitPart(name=p.name.text, share=p.value) for p in sorted(split.parts, key=lambda p: p.name.text))
    return SplitParams(key=keys, parts=parts, seed=split.seed.value)


def find_rows(
    ref: Ref, field: str, names: Names, tasks: Mapping[str, ResolvedTask], *, default_part: str | None = None
) -> Rows | None:
    """``triage.train``, or ``triage`` for a task without split; None after a report (or for a broken task).

    ``default_part`` is taken of a split task that is named without a part.
    """
    if names.find(ref, ("task",), field, parts=2) is None:
        return None
    task = tasks.get(ref.parts[0].text)
    if task is None:
        return None
    if len(ref.parts) == 1:
        if task.split is None:
            return Rows(task, None)
        if default_part in task.parts:
            return Rows(task, default_part)
        options = " or ".join(f"`{task.name}.{part}`" for part in task.parts)
        names.report.error("SFT0227", f"task `{task.name}` is split, and `{field}` names no part", ref.span, options)
        return None
    part = ref.parts[1]
    if task.split is None:
        message = f"task `{task.name}` has no split, so it has no part `{part.text}`"
        help = f"write `{task.name}`, or give the task a `split {{ … }}`"
        names.report.error("SFT0217", message, part.span, help)
        return None
    if part.text not in task.parts:
        near = did_you_mean(part.text, task.parts) or f"parts: {', '.join(f'`{p}`' for p in task.parts)}"
        also = [(task.block.split.head, "split here")] if task.block.split else []
        names.report.error("SFT0217", f"task `{task.name}` has no part `{part.text}`", part.span, near, also)
        return None
    return Rows(task, part.text)
