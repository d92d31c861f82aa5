"""A prompt as the text and the tokens that a model gets: through its chat template, or plain.

A plain prompt is what a base model reads: the texts of the turns one after another, as few-shot prompts are written.
``between_turns`` stands after a system text and after the answer of an example, ``before_answer`` before an answer,
unless white space stands there already. The tokenizer's own beginning-of-text token, where it has one, comes first, and
nothing else is added. Control tokens are refused either way. About 0.2 ms a short prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from compiler.step_params import PlainPrompt
from runtime.inference.prefix_tree import shared
from runtime.models.chat_template import TemplateFailure, render
from runtime.models.control_tokens import refuse_control_token, refuse_text
from runtime.models.protocols import Message
from spec_lang.diagnostics import fatal


class Unanswerable(Exception):
    """A prompt that cannot be put to this model. ``rule`` is a ledger rule, the message a sentence."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass
class PromptEncoder:
    """``plain`` is None where the chat template is used. ``context`` is the longest sequence, None where unlimited."""

    tokenizer: Any
    plain: PlainPrompt | None = None
    context: int | None = None
    _no_control: set[str] = field(default_factory=set, init=False)

    def text(self, messages: Sequence[Message]) -> str:
        """The prompt up to where the answer begins. Raises Unanswerable (a control token; tools in a plain prompt),
        DiagnosticError SFT0550 when the chat template refuses the conversation."""
        if reason := refuse_control_token(self.tokenizer, messages):
            raise Unanswerable("control_token", reason)
        if self.plain is not None:
            return plain_text(messages, self.plain)
        try:
            return render(self.tokenizer, messages, add_generation_prompt=True)
        except TemplateFailure as failure:
            raise fatal(
                "SFT0550",
                f"the chat template cannot render a prompt: {failure}",
                'name another one in the model: `chat_template = "chat.jinja"`',
            ) from failure

    def ids(self, text: str) -> tuple[int, ...]:
        return self.many([text])[0]

    def many(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Tokens of whole texts, each by itself."""
        found = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return [(*self.lead, *ids) for ids in found]

    @cached_property
    def lead(self) -> tuple[int, ...]:
        """What the tokenizer puts before any text; a chat template writes it itself."""
        if self.plain is None:
            return ()
        bare = self.tokenizer("a", add_special_tokens=False)["input_ids"]
        dressed = self.tokenizer("a")["input_ids"]
        places = range(len(dressed) - len(bare) + 1)
        return next((tuple(dressed[:at]) for at in places if dressed[at : at + len(bare)] == bare), ())

    @property
    def first(self) -> tuple[int, ...]:
        """A token for a text to stand after when nothing else does: beginning of text, else the end of another."""
        ids = (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id)
        return tuple([int(token) for token in ids if token is not None][:1])

    def continued(
        self, text: str, answers: Sequence[str], *, written: bool = False
    ) -> tuple[list[tuple[int, ...]], int]:
        """Prompt and answer encoded together, a sequence an answer, and the first token that is the answer's.

        ``before_answer`` stands between the two, unless a model has ``written`` the answer: it wrote that too, or not.

        A tokenizer may join the end of a prompt with the beginning of an answer. The first token is then the first one
        that differs from the prompt's own in any of the sequences, the same for all: each is the likelihood of the same
        text's continuation, whatever its tokens. White space at the end of a prompt goes over only so. Raises
        Unanswerable (a control token, an answer without a token, no room).
        """
        for answer in answers:
            if answer not in self._no_control and (reason := refuse_text(self.tokenizer, answer)):
                raise Unanswerable("control_token", reason)
            self._no_control.add(answer)
        gap = "" if self.plain is None or written else _gap(text, self.plain)
        prompt, *sequences = self.many([text, *(text + gap + answer for answer in answers)])
        start = min(shared(prompt, ids) for ids in sequences)
        if not start:
            if not self.first:
                raise Unanswerable("empty_prompt", "the prompt has no token, and the tokenizer none to begin with")
            sequences, start = [(*self.first, *ids) for ids in sequences], len(self.first)
        if any(len(ids) <= start for ids in sequences):
            raise Unanswerable("empty_option", "an answer has no token of its own")
        longest = max(map(len, sequences))
        if self.context is not None and longest - 1 > self.context:
            raise Unanswerable("prompt_too_long", f"{longest} tokens do not fit the context of {self.context}")
        return sequences, start


def plain_text(messages: Sequence[Message], form: PlainPrompt) -> str:
    """The turns as one text. Raises Unanswerable where a turn is more than text."""
    text = ""
    for message in messages:
        if message["role"] not in ("system", "user", "assistant") or message.get("tool_calls"):
            raise Unanswerable("no_plain_text", "a plain prompt has no form for tools and their calls")
        if message["role"] == "assistant":
            text += _gap(text, form) + message["content"] + form.between_turns
        else:
            text += message["content"] + (form.between_turns if message["role"] == "system" else "")
    return text


def _gap(text: str, form: PlainPrompt) -> str:
    return form.before_answer if text and not text[-1].isspace() else ""
