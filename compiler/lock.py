"""What a lock pins, and how it differs from the world as it is now.

Pins are hashes and counts, never data: the bytes of source files with a fingerprint of every row, the weights,
tokenizer and chat template of models, the text and rubric of policies under their version. Pure: the caller reads
the lock file and asks the world; :mod:`compiler.pinning` knows where in a spec each pin belongs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from compiler.row_drift import Prints

LOCK_FORMAT = 1
Part = Literal["file", "model", "policy"]


@dataclass(frozen=True, slots=True)
class FilePin:
    """One file of a source. ``source`` is who read it, for messages; ``prints`` tell later which rows changed."""

    hash: str
    rows: int
    source: str
    prints: Prints | None = None


@dataclass(frozen=True, slots=True)
class ModelPin:
    """Hashes of what determines a model's behaviour; ``written`` is what the spec calls its weights."""

    weights: str
    tokenizer: str
    chat_template: str
    written: str


@dataclass(frozen=True, slots=True)
class PolicyPin:
    """Hashes of a policy's words, and the version that stands for them."""

    version: str
    text: str
    rubric: str | None


@dataclass(frozen=True)
class Pins:
    """All pins of one spec; files by path relative to the spec, the others by name. The last two are information."""

    files: Mapping[str, FilePin] = field(default_factory=dict)
    models: Mapping[str, ModelPin] = field(default_factory=dict)
    policies: Mapping[str, PolicyPin] = field(default_factory=dict)
    edition: int = 0
    sft: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between a lock and now. ``new``: not in the lock; ``gone``: only there; ``changed``: ``what``
    says in which parts. ``reworded`` is a policy with other words under its old version, which no lock may accept."""

    part: Part
    name: str
    kind: Literal["new", "gone", "changed", "reworded"]
    what: tuple[str, ...] = ()


def drifts(pinned: Pins, now: Pins) -> tuple[Drift, ...]:
    """All differences that matter, files first; empty when the lock holds."""
    return (*_files(pinned, now), *_models(pinned, now), *_policies(pinned, now))


def reworded(pinned: Mapping[str, PolicyPin], now: Mapping[str, PolicyPin]) -> tuple[Drift, ...]:
    """Policies whose words changed while their version did not."""
    return tuple(
        Drift("policy", name, "reworded", parts)
        for name, pin in now.items()
        if name in pinned and pinned[name].version == pin.version and (parts := _words(pinned[name], pin))
    )


def _files(pinned: Pins, now: Pins) -> Iterator[Drift]:
    for name, pin in now.files.items():
        if name not in pinned.files:
            yield Drift("file", name, "new")
        elif pinned.files[name].hash != pin.hash:
            yield Drift("file", name, "changed", ("content",))
    yield from (Drift("file", name, "gone") for name in pinned.files if name not in now.files)


def _models(pinned: Pins, now: Pins) -> Iterator[Drift]:
    for name, pin in now.models.items():
        old = pinned.models.get(name)
        if old is None:
            yield Drift("model", name, "new")
            continue
        parts = {"weights": pin.weights == old.weights, "tokenizer": pin.tokenizer == old.tokenizer}
        parts["chat template"] = pin.chat_template == old.chat_template
        what = tuple(part for part, same in parts.items() if not same)
        if what:
            yield Drift("model", name, "changed", what)
    yield from (Drift("model", name, "gone") for name in pinned.models if name not in now.models)


def _policies(pinned: Pins, now: Pins) -> Iterator[Drift]:
    yield from reworded(pinned.policies, now.policies)
    for name, pin in now.policies.items():
        old = pinned.policies.get(name)
        if old is None:
            yield Drift("policy", name, "new")
        elif old.version != pin.version:
            yield Drift("policy", name, "changed", (f"version {old.version} -> {pin.version}", *_words(old, pin)))
    yield from (Drift("policy", name, "gone") for name in pinned.policies if name not in now.policies)


def _words(old: PolicyPin, new: PolicyPin) -> tuple[str, ...]:
    return tuple(name for name in ("text", "rubric") if getattr(old, name) != getattr(new, name))
