"""What a local model is asked and what it answers, whatever step asks.

Steps that ask any model, local or served, go through :mod:`runtime.asking`, which stands in front of these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from compiler.step_params import Decode

Message = dict[str, Any]  # {"role": "user", "content": "…"}, and the calls of an assistant's turn


@dataclass(frozen=True, slots=True)
class Prompt:
    """One item to complete: the conversation up to and without the assistant's turn. ``sample`` counts, from 0, how
    often the item was asked before; each has random numbers of its own."""

    row_id: str
    messages: tuple[Message, ...]
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, the answer that was expected, and what there is to choose from."""

    prompt: Prompt
    expected: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoredOption:
    """``text`` as an answer to a prompt: its log-likelihood in nats over ``tokens`` tokens, whether each of them is the
    likeliest one, and its log-likelihood after no prompt. None where a number is not finite, or could not be asked."""

    text: str
    log_likelihood: float | None
    unconditional: float | None
    greedy: bool
    tokens: int


@dataclass(frozen=True, slots=True)
class Completion:
    """``prompt`` is the JSON list of the messages put to the model, ``seconds`` the item's share of its batch. Of an
    answer that was chosen, ``options`` are all that there were, and ``output`` is the likeliest one."""

    row_id: str
    prompt: str
    output: str
    stop_reason: Literal["end_of_turn", "length", "chosen"]
    prompt_tokens: int
    output_tokens: int
    seconds: float
    options: tuple[ScoredOption, ...] | None = None
    sample: int = 0


class Generator(Protocol):
    """Completes prompts; ``on_batch`` gets answers as they finish, in any order, so that work is kept as it comes."""

    def generate(
        self, prompts: Sequence[Prompt], decode: Decode, on_batch: Callable[[Sequence[Completion]], None]
    ) -> None: ...
