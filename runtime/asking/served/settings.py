"""How a served model is reached: what the plan says in a step's ``local``, and the key from the environment.

Nothing of it but the address, the name and the revision is in a hash. The key is read when a request has to be sent,
and lives in the header of that request alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from spec_lang.diagnostics import fatal

NO_KEY = "SFT0531"
SHOWN = "••••••••"  # what stands in the place of a key
_LEAST = 8  # characters of a key that is looked for


@dataclass(frozen=True)
class Served:
    """``timeout`` in seconds for one attempt, ``retries`` after the first one, limits a minute, prices a million
    tokens. ``key`` is the name of an environment variable."""

    endpoint: str
    name: str
    key: str | None
    concurrency: int
    timeout: int
    retries: int
    requests_per_minute: int | None
    tokens_per_minute: int | None
    input_price: Decimal | None
    output_price: Decimal | None

    @classmethod
    def of(cls, local: Mapping[str, Any]) -> Served:
        per_minute, price = local.get("per_minute") or {}, local.get("price") or {}
        return cls(
            endpoint=local["endpoint"],
            name=local["name"],
            key=local.get("key"),
            concurrency=local["concurrency"],
            timeout=local["timeout"],
            retries=local["retries"],
            requests_per_minute=per_minute.get("requests"),
            tokens_per_minute=per_minute.get("tokens"),
            input_price=Decimal(price["input"]) if price else None,
            output_price=Decimal(price["output"]) if price else None,
        )

    def cost(self, prompt_tokens: int | None, output_tokens: int | None) -> Decimal | None:
        """By the prices; None without them, or where the server does not tell the tokens."""
        if self.input_price is None or self.output_price is None or prompt_tokens is None or output_tokens is None:
            return None
        return (prompt_tokens * self.input_price + output_tokens * self.output_price) / 1_000_000


def read_key(served: Served) -> str | None:
    """The value of the environment variable; None where the spec names none. Raises DiagnosticError SFT0531."""
    if served.key is None:
        return None
    value = os.environ.get(served.key, "").strip()
    if not value:
        raise fatal(
            NO_KEY,
            f"the environment variable `{served.key}` is not set, and `{served.endpoint}` needs it as its key",
            f"set it for this command: `{served.key}=… sft run …`; what was answered so far is kept",
            about="served.key",
        )
    if not value.isascii() or not value.isprintable() or " " in value:
        raise fatal(
            NO_KEY,
            f"what the environment variable `{served.key}` holds cannot be a key: it has blanks, line breaks or "
            "letters outside ASCII",
            "copy the key again; its value is not shown here",
            about="served.key",
        )
    return value


def without_key(text: str, key: str | None) -> str:
    """A text of the server's without the key, which some send back, also as it stands in an address. It has to be the
    whole text: of a key that was cut off, the rest would not be found. What is shorter than eight characters is no
    secret that anybody issues, and may be a word."""
    if key is None or len(key) < _LEAST:
        return text
    return text.replace(key, SHOWN).replace(quote(key, safe=""), SHOWN)
