"""From the body of a response to an answer, or to the name of what is wrong with it. Nothing of it is trusted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from runtime.asking.request import END, LENGTH
from runtime.asking.served.failure import Failure
from runtime.asking.served.settings import without_key

_STOPS = {"stop": END, "eos": END, "end_turn": END, "length": LENGTH, "max_tokens": LENGTH}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST_TOKENS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Completion:
    """``model`` is what the server calls itself, None where it does not say."""

    text: str
    stop_reason: str
    prompt_tokens: int | None
    output_tokens: int | None
    model: str | None


def read(body: bytes, key: str | None) -> Completion:
    """The first choice of a chat completion, without the key. Raises Failure: ``wrong_json``, ``no_choices``,
    ``no_text``."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Failure("wrong_json", f"{len(body)} bytes that are no JSON") from error
    if not isinstance(found, dict):
        raise Failure("wrong_json", "JSON that is no object")
    choices = found.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Failure("no_choices", "a response without choices")
    choice = choices[0]
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else None
    if text is None and isinstance(message, dict):
        text = message.get("refusal") or ("" if "content" in message else None)
    if not isinstance(text, str):
        raise Failure("no_text", "a choice without a text")
    usage = found.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    model = found.get("model")
    return Completion(
        text=_clean(text, key),
        stop_reason=_stop(choice.get("finish_reason"), key),
        prompt_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        model=_clean(model, key) if isinstance(model, str) and model else None,
    )


def _clean(text: str, key: str | None) -> str:
    return without_key(_SURROGATE.sub("\ufffd", text), key)  # half a character cannot be stored


def _stop(reason: Any, key: str | None) -> str:
    if not isinstance(reason, str):
        return "unknown"
    reason = without_key(reason, key)
    return _STOPS.get(reason) or (reason if _NAME.fullmatch(reason) else "other")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS else None
