"""What is asked of a model and what comes of it: plain records, hashed by content.

A request's hash covers the model (what names it: the hashes of its files, or the address and name of a served one), the
conversation, the decoding and which answer to it this is. It covers nothing of the step that asks, so that whatever one
step was answered no other step asks again.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from compiler.hashing import hash_value
from compiler.step_params import Greedy, Sample
from runtime.models.protocols import Message

Writing: TypeAlias = Greedy | Sample  # how an answer is written

# What is said of answers that are there, under which name it is counted.
EMPTY, TRUNCATED, CONTROL, FILTERED = "empty", "truncated", "control_characters", "content_filter"
REPEATED = "repeats_the_prompt"
LONGER = "longer_than_asked"  # a server that does not keep to the limit of new tokens; nothing is cut off
LENGTH, END = "length", "end_of_turn"
REFUSAL = "refusal"  # a server that tells it apart from a text
_PLAIN = "\n\r\t"
_LEAST_COST = Decimal("1e-9")  # the last digit of the column


@dataclass(frozen=True, slots=True)
class Request:
    """``model`` is the hash of what names the model, ``messages`` a conversation up to and without the answer, and
    ``sample`` counts, from 0, which answer to it this is: each has random numbers of its own."""

    model: str
    messages: tuple[Message, ...]
    decode: Writing
    sample: int = 0
    hash: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        asked = {
            "model": self.model,
            "messages": messages_text(self.messages),
            "decode": self.decode.model_dump(mode="json"),
            "sample": self.sample,
        }
        object.__setattr__(self, "hash", hash_value(asked))


def messages_text(messages: Sequence[Mapping[str, Any]]) -> str:
    """A conversation as JSON: the fields of a turn by their names, what is inside of them as it was written (a chat
    template shows the arguments of a call in that order)."""
    return json.dumps([{name: turn[name] for name in sorted(turn)} for turn in messages], ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """``stop_reason`` is ``end_of_turn``, ``length`` (the limit of new tokens ended it), ``refusal`` or what a server
    says.

    ``output_tokens`` counts the token that ended the turn. Of a served model, tokens are None where the server does not
    tell, ``cost`` is by the prices of the spec (None without), ``attempts`` how often it was asked, and ``served`` the
    name that the server gave itself. ``seconds`` is a local answer's share of its batch.
    """

    text: str
    stop_reason: str
    prompt_tokens: int | None
    output_tokens: int | None
    seconds: float
    cost: Decimal | None = None
    attempts: int = 1
    served: str | None = None

    def __post_init__(self) -> None:
        """It costs what the store can keep of that, so that a budget counts the same of an answer that was kept."""
        if self.cost is not None:
            object.__setattr__(self, "cost", self.cost.quantize(_LEAST_COST))


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request without an answer. ``reason`` is a name to count under, ``detail`` a sentence.

    ``lasting``: the same request would come to the same end again (a control token in the text, no room in the
    context), so that this is kept as an answer is. All else (a server that failed, a budget) is asked anew next time.
    """

    reason: str
    detail: str
    lasting: bool = False
    attempts: int = 0

    @property
    def by_budget(self) -> bool:
        """Whether it was not asked because a budget had ended."""
        return self.reason.startswith("budget_")


Result: TypeAlias = Answer | Unanswered


def flaws(request: Request, answer: Answer) -> tuple[str, ...]:
    """What is worth counting of an answer: it is one all the same, and the caller's to judge."""
    said = answer.text.strip()
    asked = (str(turn.get("content", "")).strip() for turn in request.messages)
    found = {
        EMPTY: not said,
        TRUNCATED: answer.stop_reason == LENGTH,
        FILTERED: answer.stop_reason == FILTERED,
        REFUSAL: answer.stop_reason == REFUSAL,
        CONTROL: any(unicodedata.category(one) == "Cc" and one not in _PLAIN for one in answer.text),
        REPEATED: bool(said) and said in asked,
        LONGER: (answer.output_tokens or 0) > request.decode.max_new_tokens,
    }
    return tuple(name for name, there in found.items() if there)
