"""Text from a local model: the ``Generator`` behind ``predict`` and whatever else asks a model.

Prompts are rendered with the model's chat template and encoded once. Llama-like models decode through
the fast pass (:mod:`runtime.inference.continuous_batching`) after it was proven on the first prompts;
every other architecture, and any that fails the proof, through the model's own modules.

SmolLM2-135M in float32 on two AVX2 cores: 64 prompts of 42 to 90 tokens with 48 new ones take 15 s
(``benchmarks/eval_profile.md``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from compiler.step_params import Decode, PlainPrompt
from runtime.inference.continuous_batching import Row, Stopping, generate
from runtime.inference.decoder_weights import DecoderWeights, decoder_weights, is_llama_like, within
from runtime.inference.plain_decoding import generate_plainly
from runtime.inference.proof import is_proven
from runtime.inference.sampling import Chooser
from runtime.models.prompt_tokens import PromptEncoder
from runtime.models.prompt_tokens import Unanswerable as Unanswerable
from runtime.models.protocols import Completion, Message, Prompt
from runtime.training.masks import prove
from spec_lang.diagnostics import DiagnosticError


@dataclass
class LocalGenerator:
    """A model and its tokenizer on a device; prompts go through the chat template unless they are ``plain``.
    ``between_steps`` is called before every decoding step and may raise."""

    model: Any
    tokenizer: Any
    between_steps: Callable[[], None] = lambda: None
    plain: PlainPrompt | None = None
    way: str = field(default="", init=False)  # how the last call decoded, for a note to the reader
    _fast: DecoderWeights | None = field(default=None, init=False)  # proven, with angles for the longest call so far
    _disproved: bool = field(default=False, init=False)

    def encode(self, messages: Sequence[Message], max_new_tokens: int) -> tuple[int, ...]:
        """The prompt's token ids, generation prompt included.

        Raises Unanswerable when the text spells a control token, or prompt and answer do not fit the context;
        DiagnosticError SFT0550 when the chat template refuses the conversation.
        """
        encoder = PromptEncoder(self.tokenizer, self.plain)
        text = encoder.text(messages)
        ids = encoder.ids(text) or encoder.first
        context = getattr(self.model.config, "max_position_embeddings", None)
        if context is not None and len(ids) + max_new_tokens > context:
            raise Unanswerable(
                "prompt_too_long",
                f"{len(ids)} prompt tokens and {max_new_tokens} new ones do not fit the context of {context}",
            )
        return ids

    def generate(
        self, prompts: Sequence[Prompt], decode: Decode, on_batch: Callable[[Sequence[Completion]], None]
    ) -> None:
        """Complete prompts (see ``protocols.Generator``). Raises Unanswerable for one that ``encode`` refuses."""
        if not prompts:
            return
        chooser = Chooser.of(decode)
        encoded = self._encoded(prompts, decode.max_new_tokens)
        rows = [
            Row(index, ids, chooser.draws(prompt.row_id, prompt.sample))
            for index, (prompt, ids) in enumerate(zip(prompts, encoded, strict=True))
        ]
        stopping = Stopping(self._stops(), decode.max_new_tokens)

        def finished(done: Sequence[Row]) -> None:
            on_batch([self._completion(prompts[row.index], row, stopping) for row in done])

        weights = self._proven(encoded, max(len(ids) for ids in encoded) + decode.max_new_tokens)
        if weights is not None:
            self.way = "shared prefix, continuous batching"
            generate(weights, rows, chooser, stopping, finished, self.between_steps)
            return
        self.way = "the model's own forward pass"
        generate_plainly(self.model, rows, chooser, stopping, finished, self.between_steps)

    def _proven(self, encoded: Sequence[Sequence[int]], context: int) -> DecoderWeights | None:
        """The weights for the fast pass, laid out and proven at the first call; None where it cannot stand in."""
        if self._fast is not None:
            self._fast = within(self._fast, self.model, context)
            return self._fast
        if self._disproved or not is_llama_like(self.model.config):
            return None
        weights = decoder_weights(self.model, context)
        if is_proven(self.model, weights, encoded):
            self._fast = weights
        else:
            self._disproved = min(len(ids) for ids in encoded) > 1  # a prompt of one token proves nothing
        return self._fast

    def _stops(self) -> frozenset[int]:
        if self.plain is None:
            return stop_tokens(self.model, self.tokenizer)
        return plain_stop_tokens(self.model, self.tokenizer)

    def _encoded(self, prompts: Sequence[Prompt], max_new_tokens: int) -> list[tuple[int, ...]]:
        """The token ids of each prompt; those of an item that is asked several times are encoded once."""
        found: dict[str, tuple[int, ...]] = {}
        for prompt in prompts:
            if prompt.row_id not in found:
                found[prompt.row_id] = self.encode(prompt.messages, max_new_tokens)
        return [found[prompt.row_id] for prompt in prompts]

    def _completion(self, prompt: Prompt, row: Row, stopping: Stopping) -> Completion:
        """The answer without the token that ended the turn, which ``output_tokens`` counts: it was generated too."""
        tokens = row.tokens[:-1] if row.tokens[-1] in stopping.token_ids else row.tokens
        return Completion(
            row_id=prompt.row_id,
            prompt=json.dumps(list(prompt.messages), ensure_ascii=False),
            output=self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False),
            stop_reason=row.stop_reason,
            prompt_tokens=len(row.ids),
            output_tokens=len(row.tokens),
            seconds=row.seconds,
            sample=prompt.sample,
        )


def stop_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Every token that ends a turn: of the tokenizer, of the generation config, and of the chat template."""
    found = set(_ends(model, tokenizer))
    with suppress(DiagnosticError):  # a template that cannot be masked can still be asked
        found.add(prove(tokenizer).end_of_turn_id)
    return frozenset(found)


def plain_stop_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Every token that ends an answer to a plain prompt: those without the chat template, which is not in its hash."""
    return frozenset(_ends(model, tokenizer))


def plain_end(model: Any, tokenizer: Any) -> int | None:
    """The token that a finished answer to a plain prompt is read with: the first, since answers do not keep theirs."""
    return next(iter(_ends(model, tokenizer)), None)


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """The tokenizer's end-of-text token, then those of the generation config."""
    own = [] if tokenizer.eos_token_id is None else [int(tokenizer.eos_token_id)]
    configured = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    if configured is None:
        return own
    return [*own, *(configured if isinstance(configured, list | tuple) else [configured])]
