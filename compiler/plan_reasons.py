"""Why a step is not what it was, in words: the field with both values and its line, the file, the model.

Pure text from two steps. Values are shown short; a list is told by what differs in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from compiler.hashing import decimal_text
from compiler.plan import Place, Step

_FILE = "file:"


class PreviousStep(Struct, frozen=True):
    """A step of the last run under the same id; ``params`` is its JSON, read, and ``paths`` the files that it read."""

    hash: str
    params: Mapping[str, Any]
    inputs: Mapping[str, str]
    content: Mapping[str, str]
    place: Place
    version: int
    paths: tuple[str, ...] = ()

    @classmethod
    def of(cls, step: Step) -> PreviousStep:
        params, paths = step.params.model_dump(mode="json"), tuple(step.local.get("paths", ()))
        return cls(step.hash, params, step.inputs, step.content, step.place, step.version, paths)


def own_reasons(step: Step, before: PreviousStep) -> Iterator[str]:
    """What changed in the step itself, apart from its inputs."""
    if step.version != before.version:
        yield f"this version of sft does {step.kind} differently ({before.version} -> {step.version})"
    yield from _params(step, before)
    yield from _content(step, before)


def _content(step: Step, before: PreviousStep) -> Iterator[str]:
    yield from _files(
        dict(_by_path(before.paths, before.content)), dict(_by_path(step.local.get("paths", ()), step.content))
    )
    for name in sorted({*step.content, *before.content}):
        if not name.startswith(_FILE) and step.content.get(name) != before.content.get(name):
            yield _part_changed(name, step)


def _part_changed(name: str, step: Step) -> str:
    """``weights``, ``weights.0`` of one of several models, or ``extension.0``."""
    part, _, number = name.partition(".")
    listed = step.local.get("extensions" if part == "extension" else "models", ())
    one = listed[int(number)] if number and int(number) < len(listed) else {}
    if part == "extension":
        return f"{one.get('path') or one.get('package') or 'an extension'} changed"
    model = one.get("name") or step.local.get("labels", {}).get("model", "the model")
    return f"the {part.replace('_', ' ')} of `{model}` changed"


def _by_path(paths: Sequence[str], content: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((path, content.get(f"{_FILE}{index}", "")) for index, path in enumerate(paths))


def _files(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """Files by what is in them: one with a new name and the old content moved, and is told as that."""
    gone = {path: content for path, content in old.items() if path not in new}
    for path, content in new.items():
        if path in old:
            if old[path] != content:
                yield f"{path} changed"
            continue
        was = next((other for other, there in gone.items() if there == content), None)
        if was is not None:
            del gone[was]
        yield f"{path} is read too" if was is None else f"{was} is called {path} now"
    yield from (f"{path} is no longer read" for path in gone)


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


def _part(item: Any, index: int, step: Step) -> str:
    uses = step.local.get("uses", [])
    return f"`use {uses[index]}`" if index < len(uses) else f"part `{item.get('name')}`"


_LISTS: Mapping[str, Callable[[Any, int, Step], str]] = {
    "rules": _numbered("rule"),
    "requirements": _numbered("requirement"),
    "templates": _template,
    "metrics": _named("metric"),
    "slices": _named("slice"),
    "columns": _named("column"),
    "scores": _named("score"),
    "parts": _part,
    "against": _numbered("held-out set"),
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
