"""Models that the rules of filters and the slices of evals name: ``tokens(output, model = base)``."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.reporting import Reporter
from compiler.resolved import FilterRule, Predicate, ResolvedModel, ResolvedSpec, ResolvedTrain, Top
from compiler.typed import Apply, Between, Constant, Matches, OneOf, Operation, Typed
from spec_lang.source import SourceFile


def calls_in_rules(spec: ResolvedSpec) -> Iterator[tuple[Apply, SourceFile]]:
    """All calls of functions in conditions of filters and in slices, with the file they stand in."""
    for task in spec.tasks.values():
        for item in task.filters:
            parts = (part for rule in item.rules for part in _asking(rule))
            yield from ((call, item.block.file) for part in parts for call in _calls(part))
    for measured in spec.evals.values():
        yield from ((call, measured.block.file) for value in measured.slices for call in _calls(value))


def _asking(rule: FilterRule | None) -> Iterator[Typed]:
    """The expressions of a rule that may name models."""
    if isinstance(rule, Predicate):
        yield rule.condition
    if isinstance(rule, Top):
        yield from (part for part in (rule.by, rule.per) if part is not None and not isinstance(part, str))


def roots_in_rules(spec: ResolvedSpec) -> dict[str, ResolvedModel]:
    """The models that rules name, and those at the bottom of the trains that they name, by the name of either."""
    found: dict[str, ResolvedModel] = {}
    for call, _ in calls_in_rules(spec):
        name = named_model(call)
        root = root_of(name, spec) if name is not None else None
        if name is not None and root is not None:
            found[name] = root
    return found


def asks_for_languages(spec: ResolvedSpec) -> bool:
    return any((call.function.prepared or "").startswith("language") for call, _ in calls_in_rules(spec))


def named_model(call: Apply) -> str | None:
    """The full name of the model that a call names."""
    pairs = zip(call.function.parameters, call.arguments, strict=False)
    return next((str(given.value) for p, given in pairs if p.kind == "model" and isinstance(given, Constant)), None)


def root_of(name: str, spec: ResolvedSpec) -> ResolvedModel | None:
    """The model of this name, or at the bottom of the train of this name, as far as it is known."""
    item: ResolvedModel | ResolvedTrain | None = spec.models.get(name) or spec.trains.get(name)
    while isinstance(item, ResolvedTrain):
        item = item.base
    return item


def check_models_in_rules(spec: ResolvedSpec, report: Reporter) -> None:
    """Report models whose tokenizer is not here."""
    said: set[tuple[str, int]] = set()
    for call, file in calls_in_rules(spec):
        name = named_model(call)
        root = root_of(name, spec) if name is not None else None
        place = (file.path, call.span.start)
        if root is not None and root.block.endpoint.given and place not in said:
            said.add(place)
            message = f"`{root.name}` is behind an endpoint, so its tokenizer is not here for `{call.function.name}`"
            report.at(file).error("SFT0311", message, call.span, "name a model that has `weights`")


def _calls(expr: Typed) -> Iterator[Apply]:
    match expr:
        case Apply():
            yield expr
            parts = expr.arguments
        case Operation():
            parts = expr.operands
        case Between():
            parts = (expr.value, expr.low, expr.high)
        case OneOf():
            parts = (expr.value, *expr.items)
        case Matches():
            parts = (expr.value,)
        case _:
            parts = ()
    for part in parts:
        yield from _calls(part)
