"""What can go wrong with one attempt, under its name: try again, give this request up, or stop asking.

A status, a broken connection or a body that is no answer says little about one request, and is tried again. A request
that the server calls wrong is given up: for good where it is sure what is meant, for this run where a gateway may have
said it. What would meet every request alike (a refused key, an unknown model) stops.
What a server says is without the key before it is cut or put into a sentence, so that no part of the key is left.
"""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.asking.request import Unanswered
from runtime.asking.served.settings import without_key
from spec_lang.plain_text import one_line

RETRIED_STATUS = frozenset({408, 409, 425, 429})  # and all from 500
NO_USE = frozenset({401, 402, 403, 404, 405, 407, 410, 451})  # would meet every request
_TOO_LONG = re.compile(r"context[ _](length|size|window)|maximum context|prompt is too long", re.IGNORECASE)
_OF_ALL = frozenset({"unsupported_parameter", "unsupported_value", "model_not_found", "invalid_api_key"})
_OWN = frozenset({"model", "temperature", "top_p", "seed", "max_tokens", "max_completion_tokens", "stream", "n"})
_SHOWN = 200  # characters of what a server says


class Failure(Exception):
    """One attempt. ``name`` is what it is counted under; ``wait`` the seconds that the server asks for."""

    def __init__(self, name: str, detail: str, wait: float | None = None) -> None:
        super().__init__(detail)
        self.name, self.detail, self.wait = name, detail, wait


class Refusal(Exception):
    """This request and no other. ``sure`` where the server says that it is about the request."""

    def __init__(self, name: str, detail: str, sure: bool) -> None:
        super().__init__(detail)
        self.name, self.detail, self.sure = name, detail, sure


class CalledWrong(Unanswered):
    """A request that a server calls wrong which has answered nothing yet: it may mean every request."""


class Hopeless(Exception):
    """Every request would meet it; ``status`` is that of HTTP."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class OtherLimit(Exception):
    """The server wants the limit of new tokens under its other name, ``max_completion_tokens``."""


@dataclass(frozen=True)
class Told:
    """What a server says of an error, in as far as it says it as OpenAI does."""

    message: str
    code: str
    param: str

    @classmethod
    def of(cls, body: bytes, key: str | None) -> Told:
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            return cls(_shown(body.decode("utf-8", "replace"), key), "", "")
        error = found.get("error", found) if isinstance(found, dict) else {}
        if not isinstance(error, dict):
            error = {"message": error}
        parts = {name: error.get(name) for name in ("message", "code", "type", "param")}
        text = {name: value if isinstance(value, str) else "" for name, value in parts.items()}
        return cls(_shown(text["message"], key), text["code"] or text["type"], text["param"])


def _shown(text: str, key: str | None) -> str:
    return one_line(without_key(text, key), _SHOWN)


def of_status(status: int, headers: Mapping[str, str], body: bytes, key: str | None = None) -> Exception:
    """What a status of 300 or more means for the request. Nothing of it has the key."""
    told = Told.of(body, key)
    detail = f"HTTP {status}" + (f": {told.message}" if told.message else "")
    if 300 <= status < 400:
        return Hopeless(status, f"{detail}: it sends on to `{_shown(headers.get('location', '?'), key)}`")
    if status in NO_USE or told.code == "insufficient_quota":
        return Hopeless(status, detail)
    if status in RETRIED_STATUS or status >= 500:
        return Failure(f"http_{status}", detail, retry_after(headers))
    if told.param == "max_tokens" and "max_completion_tokens" in told.message:
        return OtherLimit(detail)
    if _TOO_LONG.search(told.message) or told.code in ("context_length_exceeded", "exceed_context_size_error"):
        return Refusal("prompt_too_long", detail, sure=True)
    if told.code == "content_filter":
        return Refusal("content_filter", detail, sure=True)
    if told.code in _OF_ALL or told.param in _OWN:
        return Hopeless(status, detail)
    return Refusal(f"http_{status}", detail, sure=False)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that ``Retry-After`` asks for: a number, or a date (RFC 9110 10.2.3). None for anything else."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return float(value)
    parsed: Any = email.utils.parsedate_tz(value) if value else None
    if parsed is None:
        return None
    try:
        return max(0.0, email.utils.mktime_tz(parsed) - time.time())
    except (ValueError, OverflowError):
        return None
