"""A request as OpenAI's protocol says it: greedy is a temperature of 0, and what is drawn has a seed."""

from __future__ import annotations

from typing import Any

from compiler.step_params import Greedy
from runtime.asking.request import Request

_SEEDS = 2**31  # servers take seeds of 31 bits
_CHARACTERS = 3  # of a token, about; for the estimate of a limit a minute


def body_of(request: Request, name: str, limit: str) -> dict[str, Any]:
    """Arguments of a chat completion. The seed is of the request's hash, so each sample has one of its own; ``limit``
    is what the server calls the number of new tokens."""
    decode = request.decode
    told: dict[str, Any] = {"model": name, "messages": list(request.messages), limit: decode.max_new_tokens}
    if isinstance(decode, Greedy):
        return {**told, "temperature": 0}
    seed = int(request.hash[:8], 16) % _SEEDS
    return {**told, "temperature": float(decode.temperature), "top_p": float(decode.top_p), "seed": seed}


def has_tools(request: Request) -> bool:
    return any(turn["role"] == "tool" or turn.get("tool_calls") for turn in request.messages)


def size(request: Request) -> int:
    """About how many tokens it comes to, at most."""
    characters = sum(len(str(turn.get("content", ""))) for turn in request.messages)
    return characters // _CHARACTERS + request.decode.max_new_tokens
