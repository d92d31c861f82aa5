"""The tasks that ``benchmarks/eval.py`` asks of both sides, made of the triage example; every call gives the same.

``choice``: a message and the three categories; a plain prompt. ``choice-long``: a message and four labels of 17
tokens or so, its own among three of other messages. ``choice-few-shot``: the same after eight examples that all items
share. ``generation``: the label of a message, through the chat template. ``generation-few-shot``: the same after eight
examples, a prompt of some 600 tokens of which all but the last message is shared.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TICKETS = Path(__file__).resolve().parent.parent / "examples" / "triage" / "tickets.jsonl"
SYSTEM = "Triage the support message. Reply with JSON: category, order, urgent."
NAMES = ("choice", "choice-long", "choice-few-shot", "generation", "generation-few-shot")
NEW_TOKENS = 48
SHOTS, OPTIONS = 8, 4
CATEGORIES = ("account", "billing", "delivery")

Message = dict[str, str]


@dataclass(frozen=True)
class Item:
    """What is asked: messages, and for a choice the options and which of them is right."""

    messages: tuple[Message, ...]
    options: tuple[str, ...] = ()
    right: int = 0


def items(task: str, count: int) -> list[Item]:
    """``count`` items of a task, spread over the file; its first rows are the examples."""
    rows = _rows()
    examples, asked = rows[:SHOTS], rows[SHOTS:]
    stride = max(1, len(asked) // count)
    chosen = list(range(0, stride * count, stride))[: min(count, len(asked))]
    shots = examples if task.endswith("few-shot") else []
    if task == "choice":
        return [_category(*asked[at]) for at in chosen]
    if task.startswith("choice"):
        return [_choice(asked, at, shots) for at in chosen]
    return [Item((*_turns(shots), _user(asked[at][0]))) for at in chosen]


def _rows() -> list[tuple[str, str]]:
    """Messages and labels; lines that are broken on purpose are passed over, and messages that stand twice."""
    found: dict[str, str] = {}
    for line in TICKETS.read_text(encoding="utf-8").split("\n"):
        with suppress(json.JSONDecodeError, KeyError, TypeError):
            row: dict[str, Any] = json.loads(line)
            json.loads(row["label"])
            found.setdefault(row["message"], row["label"])
    return list(found.items())


def _category(message: str, label: str) -> Item:
    right = CATEGORIES.index(json.loads(label)["category"])
    return Item(({"role": "user", "content": f"Message: {message}\nCategory:"},), CATEGORIES, right)


def _choice(rows: Sequence[tuple[str, str]], at: int, shots: Sequence[tuple[str, str]]) -> Item:
    message, label = rows[at]
    others: list[str] = []
    for step in range(1, len(rows)):
        other = rows[(at + 37 * step) % len(rows)][1]
        if other != label and other not in others:
            others.append(other)
        if len(others) == OPTIONS - 1:
            break
    right = at % OPTIONS
    options = (*others[:right], label, *others[right:])
    text = "".join(f"Message: {said}\nLabel: {given}\n\n" for said, given in shots)
    return Item(({"role": "user", "content": f"{text}Message: {message}\nLabel:"},), options, right)


def _user(text: str) -> Message:
    return {"role": "user", "content": text}


def _turns(shots: Sequence[tuple[str, str]]) -> list[Message]:
    turns = [{"role": "system", "content": SYSTEM}]
    for message, label in shots:
        turns += [_user(message), {"role": "assistant", "content": label}]
    return turns
