"""One training row as it is shown: its text in stretches with and without loss, and what is known of it in words.

Where no tokenizer is to be had the turns stand by their roles, and no mask is claimed. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from runtime.tracing.fates import Copy
from runtime.training.shown_row import ShownRow
from tui.formats import count, share, times
from tui.training_row_queries import Training, TrainingRow

Kind = Literal["trained", "untrained", "cut", "role", "said"]


@dataclass(frozen=True)
class Stretch:
    """Neighbouring text of one kind. ``tokens`` are where its tokens begin, from its start."""

    text: str
    kind: Kind
    tokens: tuple[int, ...] = ()


def stretches(row: ShownRow) -> tuple[Stretch, ...]:
    """Pieces put together where their kinds are the same; together they spell the row."""
    found: list[Stretch] = []
    texts: list[str] = []
    starts: list[int] = []
    kind: Kind | None = None
    length = 0
    for piece in row.pieces:
        own: Kind = "cut" if piece.cut else "trained" if piece.trained and not row.dropped else "untrained"
        if own != kind and kind is not None:
            found.append(Stretch("".join(texts), kind, tuple(starts)))
            texts, starts, length = [], [], 0
        kind = own
        starts.append(length)
        texts.append(piece.text)
        length += len(piece.text)
    if kind is not None:
        found.append(Stretch("".join(texts), kind, tuple(starts)))
    return tuple(found)


def by_roles(copy: Copy) -> tuple[Stretch, ...]:
    """The turns of a conversation as they are stored."""
    found: list[Stretch] = []
    for turn in copy.messages:
        calls = turn.get("tool_calls")
        said = "\n".join(part for part in (str(turn.get("content") or ""), json.dumps(calls) if calls else "") if part)
        found += [Stretch(f"{turn.get('role')}\n", "role"), Stretch(said + "\n\n", "said")]
    return tuple(found)


def ways(copies: Sequence[Copy]) -> tuple[Copy, ...]:
    """The different ways in which a row is rendered in a set, by template, task and text; of each its first place."""
    return tuple({_way(copy): copy for copy in reversed(copies)}[key] for key in dict.fromkeys(map(_way, copies)))


def _way(copy: Copy) -> tuple[str | None, str | None, str]:
    return copy.template, copy.task, json.dumps(copy.messages, sort_keys=True, default=str)


def counted(row: ShownRow) -> str:
    """``61 of 133 tokens trained (46%)``, and what the length policy does."""
    text = f"{count(row.trained)} of {count(row.tokens)} tokens trained ({share(row.trained, row.tokens)})"
    if row.read < row.tokens:
        text += f", {count(row.tokens - row.read)} past max_length {count(row.max_length)}"
    if row.objective == "full":
        text += "; objective full: every token but the first"
    if row.dropped:
        text = f"not trained on: {row.dropped}"
        text += f" ({count(row.tokens)} tokens)" if row.tokens else ""
    return text


def characters(copy: Copy) -> str:
    """``system 71, user 240, assistant 66 characters``."""
    sizes: dict[str, int] = {}
    for turn in copy.messages:
        role = str(turn.get("role"))
        sizes[role] = sizes.get(role, 0) + len(str(turn.get("content") or ""))
    return ", ".join(f"{role} {count(size)}" for role, size in sizes.items()) + " characters"


def facts(row: TrainingRow, copy: Copy) -> list[tuple[str, str]]:
    """Where a row came from and where it is, as names and values."""
    found = [("from", row.place or "not in the store"), ("template", copy.template or "–")]
    if copy.task:
        found.append(("task", copy.task))
    if row.generation is not None:
        found.append(("generation", f"{row.generation}, written by a model"))
    found.append(("row", row.row_id[:12]))
    for mixture in row.mixtures:
        part = next((part for part in mixture.parts if part.task == copy.task), None)
        told = f"{times(mixture.times)} in {count(mixture.rows)} rows" if mixture.times else "not drawn"
        if part is not None:
            told += f"; its task gives {share(part.realised, mixture.rows)}, each row {times(part.repeats)}"
        found.append((mixture.step_id, told))
    if not row.mixtures:
        found.append((row.step_id, times(len(row.copies))))
    if (different := ways(row.copies)) and len(different) > 1:
        same = sum(_way(one) == _way(copy) for one in row.copies)
        place = [_way(one) for one in different].index(_way(copy)) + 1
        found.append(("rendered", f"in {len(different)} ways, {times(same)} in this one (number {place})"))
    return found


def learned(training: Training, most: int = 6) -> str:
    """In which optimiser steps of a training the row was, or why in none."""
    if training.dropped:
        return f"dropped: {training.dropped}"
    if training.validation:
        return "validation loss is measured on it"
    if not training.learned:
        return "not trained yet, or its rows are gone"
    steps = [f"{count(step)} (epoch {epoch})" for epoch, step in training.learned]
    more = f" and {count(len(steps) - most)} more" if len(steps) > most else ""
    return f"learned in optimiser step{'s' * (len(steps) > 1)} {', '.join(steps[:most])}{more}"


def next_training(trainings: Sequence[Training], position: int) -> int:
    return (position + 1) % len(trainings) if trainings else 0
