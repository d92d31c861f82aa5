"""From the body of a response to an answer, or to the name of what is wrong with it. Nothing of it is trusted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.asking.request import END, FILTERED, LENGTH, REFUSAL
from runtime.asking.served.failure import Failure
from runtime.asking.served.settings import without_key

_STOPS = {"stop": END, "eos": END, "end_turn": END, "length": LENGTH, "max_tokens": LENGTH}
_KEPT_BACK = (LENGTH, FILTERED)
_THINKING = ("reasoning_content", "reasoning")
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
    message = message if isinstance(message, dict) else {}
    text, stop_reason = _said(message, _stop(choice.get("finish_reason"), key))
    usage = found.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    model = found.get("model")
    return Completion(
        text=_clean(text, key),
        stop_reason=stop_reason,
        prompt_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        model=_clean(model, key) if isinstance(model, str) and model else None,
    )


def _said(message: Mapping[str, Any], stop: str) -> tuple[str, str]:
    """The text and why it ends. A refusal is what the model answers. Null is an answer without a text where the server
    says what kept it back, the limit of tokens (a model that thinks may use them all up) or its filter: asking again
    would pay for the same. All other null is a failure. Raises Failure: ``no_text``."""
    text, refusal = message.get("content"), message.get("refusal")
    if not text and isinstance(refusal, str) and refusal:
        return refusal, stop if stop in _KEPT_BACK else REFUSAL
    if text is None and "content" in message and stop in _KEPT_BACK:
        return "", stop
    if not isinstance(text, str):
        thought = any(message.get(name) for name in _THINKING)
        raise Failure("no_text", "a choice with reasoning and no text" if thought else "a choice without a text")
    return text, stop


def _clean(text: str, key: str | None) -> str:
    return without_key(_SURROGATE.sub("\ufffd", text), key)  # half a character cannot be stored


def _stop(reason: Any, key: str | None) -> str:
    if not isinstance(reason, str):
        return "unknown"
    reason = without_key(reason, key)
    return _STOPS.get(reason) or (reason if _NAME.fullmatch(reason) else "other")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS else None
