"""A conversation as what a loss is measured on: its answers after their prompts, and the answers alone.

Both hold the same answer tokens, end-of-turn included, so that the two losses of IFD are means over the same tokens.
Alone, an answer stands after the header of an assistant turn and nothing else (after the beginning-of-text token,
where the template writes one): no system message, no instruction, no earlier turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runtime.models.chat_template import Message, TemplateFailure, render
from runtime.training.masks import Encoded, MaskFailure, encode
from spec_lang.diagnostics import fatal


@dataclass(frozen=True)
class AnswerEncoder:
    """``header`` are the tokens that open an assistant turn; ``context`` is the longest sequence the model takes."""

    tokenizer: Any
    header: tuple[int, ...]
    context: int | None

    @classmethod
    def of(cls, tokenizer: Any, context: int | None) -> AnswerEncoder:
        """Raises DiagnosticError SFT0514 when the template does not tell where an assistant turn begins."""
        user: Message = {"role": "user", "content": "Kestrel asks."}
        try:
            closed, opened = render(tokenizer, [user]), render(tokenizer, [user], add_generation_prompt=True)
        except TemplateFailure as failure:
            raise fatal("SFT0512", f"the chat template cannot render a user turn: {failure}") from failure
        header = opened[len(closed) :]
        if not opened.startswith(closed) or not header:
            help = 'name another one in the model: `chat_template = "chat.jinja"`'
            raise fatal("SFT0514", "the chat template has no header for the assistant's turn", help)
        begin = tokenizer.bos_token or ""
        if begin and opened.startswith(begin) and not header.startswith(begin):
            header = begin + header
        return cls(tokenizer, tuple(tokenizer(header, add_special_tokens=False)["input_ids"]), context)

    def after_prompt(self, messages: Sequence[Message]) -> Encoded:
        """The conversation, every assistant turn supervised. Raises MaskFailure."""
        encoded = encode(self.tokenizer, messages, "response")
        if not any(encoded.supervised):
            raise MaskFailure("no_answer", "the conversation has no answer")
        if self.context is not None and len(encoded.ids) > self.context:
            raise MaskFailure("too_long", f"{len(encoded.ids)} tokens do not fit the context of {self.context}")
        return encoded

    def alone(self, whole: Encoded) -> list[Encoded]:
        """Each assistant turn of an encoded conversation, after nothing but a header."""
        turns: list[list[int]] = []
        for place, (token, on) in enumerate(zip(whole.ids, whole.supervised, strict=True)):
            if on:
                if not (place and whole.supervised[place - 1]):
                    turns.append([])
                turns[-1].append(token)
        lead = (False,) * len(self.header)
        return [Encoded((*self.header, *turn), (*lead, *([True] * len(turn)))) for turn in turns]
