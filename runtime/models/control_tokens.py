"""Texts that a tokenizer turns into control tokens wherever they stand, and the search for them in a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.models.tools import Message, texts_of


def special_texts(tokenizer: Any) -> tuple[str, ...]:
    """Texts that the tokenizer turns into control tokens wherever they stand, longest first."""
    added = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    return tuple(sorted(added | set(tokenizer.all_special_tokens), key=len, reverse=True))


def find_control_token(tokenizer: Any, messages: Sequence[Message]) -> tuple[str, str] | None:
    """The role and the control token of the first message whose content spells one, or None."""
    specials = special_texts(tokenizer)
    for message in messages:
        for text in specials:
            if any(text in said for said in texts_of(message)):
                return message["role"], text
    return None
