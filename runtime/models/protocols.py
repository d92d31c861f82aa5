"""The two seams behind which models live.

Backends implement these and nothing else: local ``transformers`` today, an OpenAI-compatible
server and a scripted backend later, without a change in any step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from compiler.step_params import Decode

Message = dict[str, Any]  # {"role": "user", "content": "…"}, and the calls of an assistant's turn


@dataclass(frozen=True, slots=True)
class Prompt:
    """One item to complete: the conversation up to and without the assistant's turn."""

    row_id: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """``prompt`` is the JSON list of the messages put to the model, ``seconds`` the item's share of its batch."""

    row_id: str
    prompt: str
    output: str
    stop_reason: Literal["end_of_turn", "length"]
    prompt_tokens: int
    output_tokens: int
    seconds: float


class Generator(Protocol):
    """Completes prompts; ``on_batch`` gets answers as they finish, in any order, so that work is kept as it comes."""

    def generate(
        self, prompts: Sequence[Prompt], decode: Decode, on_batch: Callable[[Sequence[Completion]], None]
    ) -> None: ...
