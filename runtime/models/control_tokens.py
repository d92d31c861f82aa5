"""Texts that a tokenizer turns into control tokens wherever they stand, and the search for them in a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.models.tools import Message, texts_of


def special_texts(tokenizer: Any) -> tuple[str, ...]:
    """Texts that the tokenizer turns into control tokens wherever they stand, longest first."""
    added = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    return tuple(sorted(added | set(tokenizer.all_special_tokens), key=len, reverse=True))


def refuse_control_token(tokenizer: Any, messages: Sequence[Message]) -> str | None:
    """Why a conversation is not read, when what a turn says spells a control token; None when none does."""
    specials = special_texts(tokenizer)
    for message in messages:
        for text in specials:
            if any(text in said for said in texts_of(message)):
                return f"the {message['role']}'s text holds `{text}`, a control token of the model"
    return None


def refuse_text(tokenizer: Any, text: str) -> str | None:
    """Why a text that is no conversation is not read, when it spells a control token; None when it spells none."""
    found = next((special for special in special_texts(tokenizer) if special in text), None)
    return None if found is None else f"the text holds `{found}`, a control token of the model"
