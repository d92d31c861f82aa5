"""What a lock pins, and how it differs from the world as it is now.

Pins are hashes and counts, never data: the bytes of source files with a fingerprint of every row, the weights,
tokenizer and chat template of models, the text and rubric of policies under their version. Pure: the caller reads
the lock file and asks the world; :mod:`compiler.pinning` knows where in a spec each pin belongs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from compiler.row_drift import Prints

LOCK_FORMAT = 1
Part = Literal["file", "model", "policy"]


class FilePin(Struct, frozen=True):
    """One file of a source. ``source`` is who read it, for messages; ``prints`` tell later which rows changed."""

    hash: str
    rows: int
    source: str
    prints: Prints | None = None


class ModelPin(Struct, frozen=True):
    """Hashes of what determines a model's behaviour; ``written`` is what the spec calls its weights."""

    weights: str
    tokenizer: str
    chat_template: str
    written: str


class PolicyPin(Struct, frozen=True):
    """Hashes of a policy's words, and the version that stands for them."""

    version: str
    text: str
    rubric: str | None


class Pins(Struct, frozen=True):
    """All pins of one spec; files by path relative to the spec, the others by name. ``earlier`` holds what policies
    said under versions that they no longer have, also of policies that are gone: a version stands for its words for
    good. ``edition`` and ``sft`` are information."""

    files: Mapping[str, FilePin] = {}
    models: Mapping[str, ModelPin] = {}
    policies: Mapping[str, PolicyPin] = {}
    edition: int = 0
    sft: str = ""
    earlier: Mapping[str, tuple[PolicyPin, ...]] = {}

    def versions(self, policy: str) -> dict[str, PolicyPin]:
        """Everything that the lock knows of a policy, by version."""
        now = self.policies.get(policy)
        return {pin.version: pin for pin in (*self.earlier.get(policy, ()), *([now] if now else []))}

    @property
    def known_policies(self) -> frozenset[str]:
        return frozenset({*self.policies, *self.earlier})


class Drift(Struct, frozen=True):
    """One difference between a lock and now. ``new``: not in the lock; ``gone``: only there; ``changed``: ``what``
    says in which parts. ``reworded`` is a policy with other words under its old version, which no lock may accept."""

    part: Part
    name: str
    kind: Literal["new", "gone", "changed", "reworded"]
    what: tuple[str, ...] = ()


def drifts(pinned: Pins, now: Pins) -> tuple[Drift, ...]:
    """All differences that matter, files first; empty when the lock holds."""
    return (*_files(pinned, now), *_models(pinned, now), *_policies(pinned, now))


def reworded(pinned: Pins, now: Mapping[str, PolicyPin]) -> tuple[Drift, ...]:
    """Policies whose version once stood for other words."""
    found = ((name, pin, pinned.versions(name).get(pin.version)) for name, pin in now.items())
    return tuple(
        Drift("policy", name, "reworded", parts)
        for name, pin, old in found
        if old is not None and (parts := _words(old, pin))
    )


def remembering(before: Pins | None, now: Pins) -> Pins:
    """The pins of now with all that the lock before them knew of the versions of policies."""
    if before is None:
        return now
    earlier = {}
    for name in sorted(before.known_policies):
        current = now.policies.get(name)
        past = before.versions(name)
        kept = tuple(past[version] for version in sorted(past) if current is None or version != current.version)
        if kept:
            earlier[name] = kept
    return replace(now, earlier=earlier)


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
    broken = reworded(pinned, now.policies)
    yield from broken
    for name, pin in now.policies.items():
        old = pinned.policies.get(name)
        if any(drift.name == name for drift in broken):
            continue
        if old is None:
            yield Drift("policy", name, "new")
        elif old.version != pin.version:
            yield Drift("policy", name, "changed", (f"version {old.version} -> {pin.version}", *_words(old, pin)))
    yield from (Drift("policy", name, "gone") for name in pinned.policies if name not in now.policies)


def _words(old: PolicyPin, new: PolicyPin) -> tuple[str, ...]:
    return tuple(name for name in ("text", "rubric") if getattr(old, name) != getattr(new, name))
