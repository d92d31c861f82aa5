"""Models that the rules of filters and the slices of evals name: ``tokens(output, model = base)``."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.reporting import Reporter
from compiler.resolved import (
    FilterRule,
    Predicate,
    ResolvedEval,
    ResolvedModel,
    ResolvedSpec,
    ResolvedTask,
    ResolvedTrain,
    Top,
)
from compiler.typed import Apply, Constant, Typed, within
from spec_lang.source import SourceFile


def calls_in_rules(spec: ResolvedSpec) -> Iterator[tuple[Apply, SourceFile]]:
    """All calls of functions in conditions of filters and in slices, with the file they stand in."""
    for item in _asked_in(spec):
        yield from _calls_of(item)


def _asked_in(spec: ResolvedSpec) -> tuple[ResolvedTask | ResolvedEval, ...]:
    return (*spec.tasks.values(), *spec.evals.values())


def _calls_of(item: ResolvedTask | ResolvedEval) -> Iterator[tuple[Apply, SourceFile]]:
    if isinstance(item, ResolvedEval):
        asked = (piece.value for piece in item.slices if piece.value is not None)
        yield from ((call, item.block.file) for value in asked for call in _calls(value))
        return
    for used in item.filters:
        asking = (part for rule in used.rules for part in _asking(rule))
        yield from ((call, used.block.file) for part in asking for call in _calls(part))


def _calls(expr: Typed) -> Iterator[Apply]:
    return (part for part in within(expr) if isinstance(part, Apply))


def _asking(rule: FilterRule | None) -> Iterator[Typed]:
    """The expressions of a rule that may name models."""
    if isinstance(rule, Predicate):
        yield rule.condition
    if isinstance(rule, Top):
        yield from (part for part in (rule.by, rule.per) if part is not None and not isinstance(part, str))


def roots_in_rules(spec: ResolvedSpec) -> dict[str, ResolvedModel]:
    """The models that rules name, and those at the bottom of the trains that they name, by the name of either."""
    return {name: root for item in _asked_in(spec) for name, root in roots_of(item, spec).items()}


def roots_of(item: ResolvedTask | ResolvedEval, spec: ResolvedSpec) -> dict[str, ResolvedModel]:
    """Those that the rules of one task or eval name."""
    found: dict[str, ResolvedModel] = {}
    for call, _ in _calls_of(item):
        name = named_model(call)
        root = root_of(name, spec) if name is not None else None
        if name is not None and root is not None:
            found[name] = root
    return found


def asks_for_languages(spec: ResolvedSpec) -> bool:
    metrics = [metric for item in spec.evals.values() for metric in item.metrics]
    metrics += [metric for item in spec.generates.values() for metric in item.verifiers if metric is not None]
    return any(call.function.tells_languages for call, _ in calls_in_rules(spec)) or any(
        metric.function.tells_languages for metric in metrics
    )


def named_model(call: Apply) -> str | None:
    """The full name of the model that a call names."""
    pairs = zip(call.function.parameters, call.arguments, strict=False)
    return next((str(given.value) for p, given in pairs if p.kind == "model" and isinstance(given, Constant)), None)


def root_of(name: str, spec: ResolvedSpec) -> ResolvedModel | None:
    """The model of this name, or at the bottom of the train of this name, as far as it is known."""
    item: ResolvedModel | ResolvedTrain | None = spec.models.get(name) or spec.trains.get(name) or spec.roots.get(name)
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
