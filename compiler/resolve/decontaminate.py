"""``decontaminate`` rules: what their names stand for, and that no filter asks for rows that come out of it.

Rules are read where they stand and their names looked up here, once all evals and tasks are known. A mixture and a
train are compared with every eval of the file without being asked; their rules change numbers or add rows to compare
with, and `decontaminate off because "…"` leaves evals out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from compiler.names import Names
from compiler.reporting import Reporter
from compiler.resolve.compared import asked, filtered_against, of_eval, prompt_columns
from compiler.resolve.task import find_rows
from compiler.resolved import (
    ResolvedEval,
    ResolvedFilter,
    ResolvedMixture,
    ResolvedSource,
    ResolvedTask,
    ResolvedTrain,
    Rows,
)
from compiler.resolved_decontaminate import Decontaminate, HeldOut
from compiler.schema.fields import RuleEntry, Shape
from compiler.schema.filter import Filter
from compiler.schema.mixture import Mixture
from compiler.schema.train import Train
from compiler.schema.written import described
from spec_lang.ast import Faulty, Ref
from spec_lang.source import Span

_KINDS = ("eval", "task", "source")


def decontaminations(rules: tuple[RuleEntry, ...]) -> tuple[Decontaminate, ...]:
    """The rules of a mixture or a train, before their names are looked up."""
    return tuple(Decontaminate(entry) for entry in rules if entry.verb == "decontaminate")


def resolve_decontaminations(
    read: Iterable[Shape],
    names_of: Callable[[Shape], Names],
    sources: Mapping[str, ResolvedSource],
    tasks: Mapping[str, ResolvedTask],
    mixtures: Mapping[str, ResolvedMixture],
    trains: Mapping[str, ResolvedTrain],
    evals: Mapping[str, ResolvedEval],
) -> None:
    """Fill ``against`` of every rule, and report what is wrong of them. A filter's rule is looked up once, and then
    stands in every task that uses the filter."""
    found: dict[int, list[HeldOut]] = {}
    for block in read:
        if isinstance(block, Filter | Mixture | Train):
            names = names_of(block)
            for entry in block.rules:
                if entry.verb == "decontaminate":
                    if not isinstance(block, Filter):
                        _check_off(entry, names.report)
                    found[id(entry)] = _against(entry, names, sources, tasks, evals)
    for rule in _rules(tasks, mixtures, trains):
        rule.against.extend(found.get(id(rule.entry), ()))
    for task in tasks.values():
        _check_circles(task, names_of)
        for item in task.filters:
            for rule in _rules_of(item):
                _check_columns(rule, task, names_of(item.block))
                _check_source(rule, item, task, names_of(item.block))
    for mixture in mixtures.values():
        _check_own(mixture.decontaminate, mixture.rows, names_of(mixture.block))
    for train in trains.values():
        if train.decontaminate and isinstance(train.data, ResolvedMixture) and train.data.name != train.name:
            _misplaced(train, train.data, names_of(train.block).report)
        else:
            _check_own(train.decontaminate, train.own_rows, names_of(train.block))


def _rules_of(item: ResolvedFilter) -> Iterator[Decontaminate]:
    return (rule for rule in item.rules if isinstance(rule, Decontaminate))


def _rules(
    tasks: Mapping[str, ResolvedTask], mixtures: Mapping[str, ResolvedMixture], trains: Mapping[str, ResolvedTrain]
) -> Iterator[Decontaminate]:
    for task in tasks.values():
        for item in task.filters:
            yield from _rules_of(item)
    for mixture in mixtures.values():
        yield from mixture.decontaminate
    for train in trains.values():
        yield from train.decontaminate


def _against(
    entry: RuleEntry,
    names: Names,
    sources: Mapping[str, ResolvedSource],
    tasks: Mapping[str, ResolvedTask],
    evals: Mapping[str, ResolvedEval],
) -> list[HeldOut]:
    """What the names stand for, as far as they are known."""
    found = []
    for ref in entry.clause("against") or ():
        held = _held_out(ref, names, sources, tasks, evals)
        if held is not None:
            found.append(held)
    return found


def _held_out(
    ref: Ref,
    names: Names,
    sources: Mapping[str, ResolvedSource],
    tasks: Mapping[str, ResolvedTask],
    evals: Mapping[str, ResolvedEval],
) -> HeldOut | None:
    kind = names.kind(ref)
    if not names.stands(ref, _KINDS, "against", parts=2 if kind == "task" else 1):
        return None
    full = names.full(ref)
    if kind == "eval" and full in evals:
        return of_eval(evals[full])
    if kind == "source" and full in sources:
        return HeldOut(full, sources[full], None, turns=sources[full].layout is not None)
    task = tasks.get(full) if kind == "task" else None
    if task is None:
        return None
    # without a part, all rows of the task count, whatever parts it has
    rows = find_rows(ref, "against", names, tasks) if names.target(ref).rest else Rows(task, None)
    return asked(rows.name, rows, task.templates) if rows is not None else None


# --- mistakes ---------------------------------------------------------------------------------------


def _check_off(entry: RuleEntry, report: Reporter) -> None:
    """``off`` is all that a rule may have in front of its clauses; it takes a reason and no numbers."""
    expr = entry.expr
    if expr is None or isinstance(expr, Faulty):
        return
    if not isinstance(expr, Ref) or expr.text != "off":
        help = 'for example `decontaminate ngram 13`, or `decontaminate off because "…"`'
        report.error("SFT0208", f"`decontaminate` takes `off` or clauses, not {described(expr)}", expr.span, help)
        return
    for word in ("ngram", "coverage"):
        if word in entry.clauses:
            report.error("SFT0225", f"`{word}` is not allowed with `off`", entry.clauses[word].span)
    if "because" not in entry.clauses:
        help = 'say why rows may overlap with evals: `decontaminate off because "…"`'
        report.error("SFT0264", "`decontaminate off` gives no reason", expr.span, help)


def _misplaced(train: ResolvedTrain, mixture: ResolvedMixture, report: Reporter) -> None:
    message = f"`{train.name}` trains on the mixture `{mixture.name}`, whose rows are decontaminated there"
    also = [mixture.block.label(mixture.block.head, "declared here")]
    entry = train.decontaminate[0].entry
    report.error("SFT0265", message, entry.node.verb.span, f"write the rule in mixture `{mixture.name}`", also)


def _check_own(rules: tuple[Decontaminate, ...], rows: tuple[Rows, ...], names: Names) -> None:
    """Report names of the very rows that are trained on."""
    for rule in rules:
        for held in () if rule.off else rule.against:
            own = next((one for one in rows if _holds(held, one)), None)
            if own is not None:
                message = f"`{own.name}` would be compared with itself, and nothing would be left of it"
                names.report.error("SFT0263", message, _place(rule, held, names), "name rows that are held out")
        for task in {one.task.name: one.task for one in rows}.values():
            _check_columns(rule, task, names)


def _check_source(rule: Decontaminate, item: ResolvedFilter, task: ResolvedTask, names: Names) -> None:
    """Report the very source that the rows of a task come from."""
    for held in rule.against:
        if _holds(held, Rows(task, None)) and not isinstance(held.rows, Rows):
            message = f"the rows of task `{task.name}` come from `{held.name}`, and nothing would be left of them"
            also = [task.block.label(task.block.filters.span, f"filter `{item.name}` is used here")]
            names.report.error("SFT0263", message, _place(rule, held, names), "name rows that are held out", also)


def _holds(held: HeldOut, rows: Rows) -> bool:
    """Whether rows are among those that are held out."""
    if not isinstance(held.rows, Rows):
        return held.rows is rows.task.source
    return held.rows.task is rows.task and held.rows.part in (None, rows.part)


def _check_columns(rule: Decontaminate, task: ResolvedTask, names: Names) -> None:
    """Report rows without a template that have none of the columns of what is compared with them."""
    prompt = prompt_columns(task.templates)
    for held in () if rule.off or not prompt or task.templates.more else rule.against:
        source = held.rows.task.source if isinstance(held.rows, Rows) else held.rows
        if held.texts is not None or held.turns or source is None:
            continue
        if all(source.columns.lacks(name) for name in prompt):
            listed = ", ".join(f"`{name}`" for name in prompt)
            message = f"`{held.name}` has none of the columns of the prompts of task `{task.name}`: {listed}"
            help = f"say in source `{source.name}` what they are called: `columns {{ {prompt[0]} = FIELD }}`"
            names.report.error("SFT0301", message, _place(rule, held, names), help)


def _place(rule: Decontaminate, held: HeldOut, names: Names) -> Span:
    """Where a name stands in ``against``."""
    refs: tuple[Ref, ...] = rule.entry.clause("against") or ()
    found = (ref.span for ref in refs if held.name in (names.full(ref), _whole(ref, names)))
    return next(found, rule.entry.node.span)


def _whole(ref: Ref, names: Names) -> str:
    target = names.target(ref)
    return ".".join([target.full, *(part.text for part in target.rest)])


def _check_circles(task: ResolvedTask, names_of: Callable[[Shape], Names]) -> None:
    """Report the rules of a task's filters that ask for rows that come out of these filters."""
    for item in task.filters:
        for rule in _rules_of(item):
            for held in rule.against:
                if isinstance(held.rows, Rows) and _leads_to(held.rows.task, task, set()):
                    _report_circle(task, item, rule, held, names_of(item.block))


def _leads_to(start: ResolvedTask, goal: ResolvedTask, seen: set[str]) -> bool:
    """Whether the rows of ``start`` are made from those of ``goal``."""
    if start is goal:
        return True
    if start.name in seen:
        return False
    seen.add(start.name)
    return any(_leads_to(other, goal, seen) for other in filtered_against(start))


def _report_circle(task: ResolvedTask, item: ResolvedFilter, rule: Decontaminate, held: HeldOut, names: Names) -> None:
    message = f"the rows of `{held.name}` pass filter `{item.name}` of task `{task.name}` themselves"
    help = "write the rule in the `train` or `mixture` that uses the rows; evals are compared there without being asked"
    also = [task.block.label(task.block.filters.span, "used here")]
    names.report.error("SFT0263", message, _place(rule, held, names), help, also)
