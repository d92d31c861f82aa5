"""A plan against what is known of the last one: what is cached, what runs, and because of what.

Pure: the caller gives the steps of the last run by id and the hashes whose results are whole.
Reasons are for people: they name the field with both values and its line, the file, or the
upstream step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from compiler.hashing import decimal_text
from compiler.plan import Place, Plan, Step

State = Literal["cached", "run", "rerun"]
_MOST_REASONS = 6


@dataclass(frozen=True)
class PreviousStep:
    """A step of the last run under the same id; ``params`` is its JSON, read."""

    hash: str
    params: Mapping[str, Any]
    inputs: Mapping[str, str]
    content: Mapping[str, str]
    place: Place
    version: int

    @classmethod
    def of(cls, step: Step) -> PreviousStep:
        return cls(step.hash, step.params.model_dump(mode="json"), step.inputs, step.content, step.place, step.version)


@dataclass(frozen=True)
class StepChange:
    """``cached``: the result is there. ``run``: new or unfinished. ``rerun``: something changed since the last run."""

    step_id: str
    state: State
    reasons: tuple[str, ...]


def previous_steps(plan: Plan) -> dict[str, PreviousStep]:
    """The steps of an earlier plan, as :func:`diff` wants them."""
    return {step.id: PreviousStep.of(step) for step in plan.steps}


def diff(plan: Plan, known: Mapping[str, PreviousStep], cached: Set[str]) -> tuple[StepChange, ...]:
    """One change a step, in the plan's order."""
    changes: dict[str, StepChange] = {}
    for step in plan.steps:
        changes[step.id] = _change(step, plan, known, cached, changes)
    return tuple(changes.values())


def _change(
    step: Step,
    plan: Plan,
    known: Mapping[str, PreviousStep],
    cached: Set[str],
    changes: Mapping[str, StepChange],
) -> StepChange:
    before = known.get(step.id)
    if step.hash in cached:
        return StepChange(step.id, "cached", ())
    if before is None:
        return StepChange(step.id, "run", ("new",))
    if before.hash == step.hash:
        return StepChange(step.id, "run", ("not finished",))
    reasons = [*_version(step, before), *_params(step, before), *_content(step, before)]
    reasons += _inputs(step, before, {other.id: other for other in plan.steps}, known, changes)
    return StepChange(step.id, "rerun", tuple(reasons[:_MOST_REASONS]) or ("changed",))


def _version(step: Step, before: PreviousStep) -> Iterator[str]:
    if step.version != before.version:
        yield f"this version of sft does {step.kind} differently ({before.version} -> {step.version})"


def _inputs(
    step: Step,
    before: PreviousStep,
    steps: Mapping[str, Step],
    known: Mapping[str, PreviousStep],
    changes: Mapping[str, StepChange],
) -> Iterator[str]:
    told: set[str] = set()
    for role, source in step.inputs.items():
        old = before.inputs.get(role)
        if old is None:
            yield f"reads `{source}` too"
        elif old != source:
            yield f"reads `{source}` instead of `{old}`"
        elif source not in told and (source not in known or known[source].hash != steps[source].hash):
            told.add(source)
            yield f"because {source} {'changed' if changes[source].state == 'cached' else 'reruns'}"
    for role in before.inputs:
        if role not in step.inputs:
            yield f"no longer reads `{before.inputs[role]}`"


def _content(step: Step, before: PreviousStep) -> Iterator[str]:
    for name in sorted({*step.content, *before.content}):
        if step.content.get(name) != before.content.get(name):
            yield _content_reason(step, name)


def _content_reason(step: Step, name: str) -> str:
    if name.startswith("file:"):
        paths = step.local.get("paths", [])
        index = int(name.partition(":")[2])
        return f"{paths[index]} changed" if index < len(paths) else "a file is no longer read"
    model = step.local.get("labels", {}).get("model", "the model")
    return f"the {name.replace('_', ' ')} of `{model}` changed"


# --- parameters -------------------------------------------------------------------------------------


def _params(step: Step, before: PreviousStep) -> Iterator[str]:
    new = step.params.model_dump(mode="json")
    for name in new:
        if name not in before.params or new[name] != before.params[name]:
            yield from _field(step, name, before.params.get(name), new[name])


def _field(step: Step, name: str, old: Any, new: Any) -> Iterator[str]:
    lists = _LISTS.get(name)
    if lists is not None and isinstance(old, list) and isinstance(new, list):
        yield from _list(step, name, old, new, lists)
    elif isinstance(old, dict) and isinstance(new, dict) and _tag(old) == _tag(new):
        for key in new:
            if new[key] != old.get(key):
                yield f"{name}.{key}: {_shown(old.get(key))} -> {_shown(new[key])}{_at(step, f'{name}.{key}')}"
    else:
        yield f"{name}: {_shown(old)} -> {_shown(new)}{_at(step, name)}"


def _tag(value: Mapping[str, Any]) -> Any:
    return value.get("kind") or value.get("method")


def _list(
    step: Step, name: str, old: list[Any], new: list[Any], title: Callable[[Any, int, Step], str]
) -> Iterator[str]:
    if len(old) != len(new):
        yield f"{name}: {len(old)} -> {len(new)}{_at(step, name)}"
        return
    for index, (before, after) in enumerate(zip(old, new, strict=True)):
        if before != after:
            leaves = list(_leaves(before, after))
            shown = f": {_shown(leaves[0][0])} -> {_shown(leaves[0][1])}" if len(leaves) == 1 else " changed"
            line = _at(step, f"{name}.{after.get('name')}", f"{name}.{index}")
            yield f"{title(after, index, step)}{shown}{line}"


def _leaves(old: Any, new: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of values that differ; what has another shape counts as two differences, so that it is not shown."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key in new:
            if key != "text" or not isinstance(new.get("metric"), dict):
                yield from _leaves(old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from _leaves(before, after)
    elif isinstance(old, dict | list) or isinstance(new, dict | list):
        yield from ((old, new), (old, new))
    elif old != new:
        yield old, new


def _template(_item: Any, index: int, step: Step) -> str:
    names = step.local.get("templates", [])
    return f"template `{names[index]}`" if index < len(names) else "a template"


def _named(word: str) -> Callable[[Any, int, Step], str]:
    return lambda item, _index, _step: f"{word} `{item['name']}`"


def _numbered(word: str) -> Callable[[Any, int, Step], str]:
    return lambda _item, index, _step: f"{word} {index + 1}"


def _part(item: Any, _index: int, _step: Step) -> str:
    return f"part `{item.get('name') or item.get('task')}`"


_LISTS: Mapping[str, Callable[[Any, int, Step], str]] = {
    "rules": _numbered("rule"),
    "requirements": _numbered("requirement"),
    "templates": _template,
    "metrics": _named("metric"),
    "slices": _named("slice"),
    "columns": _named("column"),
    "parts": _part,
    "key": _numbered("key"),
    "cells": _numbered("cell"),
}


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, dict):
        return str(_tag(value) or "…")
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _at(step: Step, *keys: str) -> str:
    """``(triage.sft:41)``: the line of the field, or of what it stands in."""
    lines: Mapping[str, int] = step.local.get("lines", {})
    above = [key.rpartition(".")[0] for key in keys]
    key = next((key for key in (*keys, *above) if key in lines), "")
    path = step.local.get("files", {}).get(key, step.place.path)
    return f" ({path}:{lines.get(key, step.place.line)})"
