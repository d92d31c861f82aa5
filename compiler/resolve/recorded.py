"""Recorded answers: the rows they stand in, the columns that a model names of them, and what an eval needs of both.

A model of recorded answers is asked nothing. So it is no base of a train, no judge and no scorer (``compiler.names``
says so where one is named), and of an eval it takes what is measured and not what is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from compiler.column_scope import ColumnScope
from compiler.functions.metrics import MetricUnit
from compiler.known import Known, sure
from compiler.names import Names
from compiler.reporting import Reporter, did_you_mean, suggestion
from compiler.resolve.filter import dedup_keys
from compiler.resolve.tables import find_column
from compiler.resolve.task import columns_of, find_rows, scored_columns
from compiler.resolved import AnyModel, ResolvedMetric, ResolvedModel, ResolvedSource, ResolvedTask, Rows
from compiler.resolved_recorded import RecordedAnswers
from compiler.schema.eval import Eval
from compiler.schema.fields import Shape
from compiler.schema.model import Model
from compiler.typed import Column, Typed
from compiler.world import ColumnType
from spec_lang.ast import Call, NamedRule, Ref
from spec_lang.source import Span

_PLAIN: tuple[ColumnType, ...] = ("text", "number", "bool")
_SCORES: tuple[ColumnType, ...] = ("bool", "number")


def bind_recorded(
    models: Mapping[str, ResolvedModel],
    names_of: Callable[[Shape], Names],
    sources: Mapping[str, ResolvedSource],
    tasks: Mapping[str, ResolvedTask],
) -> dict[str, ResolvedModel]:
    """The models, those of recorded answers with the rows that they name."""
    return {
        name: replace(model, recorded=_recorded(model.block, names_of(model.block), sources, tasks))
        if model.is_recorded
        else model
        for name, model in models.items()
    }


def _recorded(
    block: Model, names: Names, sources: Mapping[str, ResolvedSource], tasks: Mapping[str, ResolvedTask]
) -> RecordedAnswers | None:
    """The answers; None where their rows are not known."""
    ref = block.recorded.value
    if ref is None:
        return None
    rows: Rows | ResolvedSource | None
    if names.kind(ref) == "source":
        rows = names.look_up(ref, ("source",), "recorded", sources)
    else:
        rows = find_rows(ref, "recorded", names, tasks, others=("source",))
    if rows is None:
        return None
    report = names.report
    scope = scored_columns(rows.task, report) if isinstance(rows, Rows) else columns_of(rows, report)
    log = log_of(rows)
    items = item_values(block, scope, log) or ()
    answer, prompt = _needed(block, scope, log, report), block.prompt.value
    if log is None and not block.item.given and "item" not in block.broken:
        help = "for example `item = question`: the columns that this file and the data of the eval have in common"
        report.error("SFT0207", f"model `{block.name}` does not say which `item` an answer is for", block.head, help)
    scores = {}
    for entry in block.scores.scores if block.scores is not None else ():
        if _column(entry.value, scope, f"score `{entry.name.text}`", _SCORES):
            scores[entry.name.text] = entry.value.text
    found = prompt.text if prompt is not None and _column(prompt, scope, "`prompt`", ("text",)) else None
    if log is not None and not block.prompt.given:
        found = log.get("prompt")
    return RecordedAnswers(rows, items, answer, found, scores, log.get("decode") if log is not None else None)


def log_of(rows: Rows | ResolvedSource) -> dict[str, str] | None:
    """What the columns of a log are called here, by their names in the log; None for other rows."""
    source = rows.task.source if isinstance(rows, Rows) else rows
    if source is None or not source.block.format.given:
        return None
    own = {name: name for name in ("item", "answer", "prompt", "decode")}
    return own | {field: name for name, field in source.mapping.items()}


def item_values(block: Model, scope: ColumnScope, log: Mapping[str, str] | None) -> tuple[Typed, ...] | None:
    """What tells the item, over the columns of one side: what the spec says, or what a ``log`` has for it. None after a
    report."""
    if log is not None and not block.item.given:
        kind = scope.columns.get(log["item"])
        if scope.columns.lacks(log["item"]):
            help = f"name the columns that both have: `item = question`, in model `{block.name}`"
            scope.report.error("SFT0301", f"{scope.owner} has no column `{log['item']}`", block.recorded.span, help)
        return (Column(log["item"], kind, block.recorded.span),) if kind is not None else None
    found = dedup_keys(block.item.value, replace(scope, extended=False)) if block.item.value else None
    for typed in found or ():
        if typed.type not in _PLAIN:
            help = "take a value out of it, which both sides have"
            message = f"`item` takes text, numbers or true and false, not {typed.type}"
            scope.report.error("SFT0303", message, typed.span, help)
            return None
    return found


def _needed(block: Model, scope: ColumnScope, log: Mapping[str, str] | None, report: Reporter) -> str | None:
    """The column of the answers."""
    ref = block.answer.value
    if ref is not None:
        return ref.text if _column(ref, scope, "`answer`", _PLAIN) else None
    if log is not None:
        return log["answer"]
    if "answer" not in block.broken and block.answer.known:
        help = "name the column with the answers: `answer = output`"
        report.error("SFT0207", f"model `{block.name}` has recorded rows and no `answer`", block.head, help)
    return None


def _column(ref: Ref, scope: ColumnScope, where: str, types: tuple[ColumnType, ...]) -> bool:
    """Whether a name is a column of one of these types."""
    found = find_column(ref, scope, where)
    if found is None or found.type in types:
        return found is not None
    wanted = " or ".join(types)
    help = "give the value inside a name, in `columns { … }` of the source: `answer = field.inside`"
    scope.report.error("SFT0303", f"{where} takes {wanted}, and column `{ref.text}` is {found.type}", ref.span, help)
    return False


# --- in an eval -------------------------------------------------------------------------------------


def recorded_models(models: Known[AnyModel]) -> list[ResolvedModel]:
    return [model for model in models if isinstance(model, ResolvedModel) and model.is_recorded]


def only_recorded(models: Known[AnyModel]) -> bool:
    """Whether it is certain that nothing is asked."""
    known = list(models)
    return bool(known) and len(known) == len(models.items) and not models.more and known == recorded_models(models)


def check_recorded(block: Eval, models: Known[AnyModel], data: Rows | None, templates: int, names: Names) -> None:
    """What an eval and the recorded answers in it need of each other; ``templates`` counts those that are shown."""
    report, found = names.report, recorded_models(models)
    alone = only_recorded(models)
    if block.expected.given and not alone:
        help = 'the template of a model that is asked says it: `assistant = "{…}"`'
        report.error("SFT0225", "`expected` is for evals whose answers are all recorded", block.expected.span, help)
    if alone:
        for name in ("templates", "decode", "precision", "prompt"):
            value = getattr(block, name)
            if value.given:
                help = "all answers of this eval are recorded; leave it out"
                report.error("SFT0225", f"`{name}` says how models are asked, and none is asked", value.span, help)
    elif found and templates > 1:
        also = [model.block.label(model.block.head, "recorded here") for model in found]
        message = f"answers of `{found[0].name}` were recorded, and eval `{block.name}` has {templates} templates"
        help = "an eval with recorded answers has one template; for the others write a second eval"
        report.error("SFT0617", message, block.templates.span if block.templates.given else block.head, help, also)
    if data is not None:
        for model in found:
            _check_items(block, model, data, names)


def _check_items(block: Eval, model: ResolvedModel, data: Rows, names: Names) -> None:
    """What tells the item can be told of the data too, and is of the same type there."""
    if model.recorded is None or not model.recorded.item:
        return
    used = block.label(block.data.span, f"compared with these rows by eval `{block.name}`")
    scope = scored_columns(data.task, names.report).at(model.block.file, used)
    mine = item_values(model.block, scope, log_of(model.recorded.rows))
    for one, two in zip(mine or (), model.recorded.item, strict=False):
        if one != two:
            what = scope.report.file.slice(two.span)
            message = f"`{what}` is not of one type in the answers of `{model.name}` and in the data"
            help = "only values of one type can be equal"
            scope.report.error("SFT0303", message, two.span, help)


def check_asking(block: Eval, metrics: Known[ResolvedMetric], models: Known[AnyModel], report: Reporter) -> None:
    """Where answers are recorded, nobody can be asked for more than a text, and nobody counted what it took."""
    found = recorded_models(models)
    if not found:
        return
    also = [found[0].block.label(found[0].block.head, "declared here")]
    help = "measure it in an eval of models that run"
    for rule in block.metrics:
        metric = metrics.get(rule.name.text)
        if metric is None:
            continue
        if metric.function.answer != "text":
            message = f"`{metric.function.name}` asks the model, and `{found[0].name}` is recorded answers"
            report.error("SFT0619", message, rule.expr.span, help, also)
        elif metric.function.effort:
            message = f"`{metric.function.name}` is known of answers made in the run alone, and `{found[0].name}` is"
            report.error("SFT0619", f"{message} recorded answers", rule.expr.span, help, also)


def expected_column(block: Eval, data: Rows | None, needed: NamedRule | None, names: Names) -> str | None:
    """The column of expected answers of an eval in which nothing is asked; ``needed`` is a metric that compares with
    them."""
    ref = block.expected.value
    if ref is not None:
        scope = scored_columns(data.task, names.report) if data is not None else columns_of(None, names.report)
        return ref.text if _column(ref, scope, "`expected`", _PLAIN) else None
    if needed is not None and "expected" not in block.broken and block.expected.known:
        message = f"metric `{needed.name.text}` compares with the expected answer, and eval `{block.name}` has none"
        help = "add `expected = COLUMN`: the column of the data that holds it"
        names.report.error("SFT0207", message, needed.expr.span, help)
    return None


def recorded_metric(
    rule: NamedRule, metric: ResolvedMetric, models: Known[AnyModel], report: Reporter
) -> ResolvedMetric | None:
    """``recorded("NAME")`` with its unit: of scores that are true or false a share, of numbers what the spec says. None
    where the score is not known, and the spec does not say it."""
    kind = _score_type(rule, metric, models, report)
    values = metric.args["values"]
    if kind is None and values == "auto":
        return None  # a unit that is not known: thresholds are not held to one
    unit: MetricUnit = "plain" if values == "numbers" or (values == "auto" and kind == "number") else "share"
    lower = metric.args["better"] == "lower"
    function = replace(metric.function, unit=unit, higher_is_better=not lower)
    return ResolvedMetric(function, {"score": metric.args["score"], **({"better": "lower"} if lower else {})})


def _score_type(rule: NamedRule, metric: ResolvedMetric, models: Known[AnyModel], report: Reporter) -> str | None:
    """The type of a score of all models of an eval; None after a report or where it is not known."""
    name, call = str(metric.args["score"]), rule.expr
    span: Span = call.args[0].span if isinstance(call, Call) and call.args else call.span
    types: set[str] = set()
    for model in models:
        if not isinstance(model, ResolvedModel) or not model.is_recorded:
            message = f"`recorded` reads what was recorded with answers, and `{model.name}` is asked here"
            report.error("SFT0618", message, rule.expr.span, "measure it in an eval of its own, or with another metric")
            return None
        if model.recorded is None or model.recorded.source is None:
            return None
        kind = _score_of(model, model.recorded, name, span, report)
        if kind is None:
            return None
        types.add(kind)
    return "number" if "number" in types else "bool" if types else None


def _score_of(
    model: ResolvedModel, answers: RecordedAnswers, name: str, span: Span, report: Reporter
) -> ColumnType | None:
    """The type of a score of one model."""
    columns = sure(answers.source).columns
    column = score_column(answers, name)
    kind = columns.get(column)
    if kind in _SCORES or (kind is None and not columns.lacks(column)):
        return kind
    known = (*answers.scores, *(own for own in columns.names if columns.get(own) in _SCORES))
    message = f"the answers of `{model.name}` have no score `{name}`"
    if kind is not None:
        message = f"`{name}` of `{model.name}` is {kind}, and a score is a number, or true and false"
    help = did_you_mean(name, known) or suggestion(name, known, "scores")
    report.error("SFT0618", message, span, help, [model.block.label(model.block.recorded.span, "its rows")])
    return None


def score_column(answers: RecordedAnswers, name: str) -> str:
    """The column that a score stands in: the one that `scores { … }` gives it, or that of its name."""
    return answers.scores.get(name, name)
