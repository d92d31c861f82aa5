"""Answers by likelihood: each option scored as the continuation of its prompt, by a local model.

An option is what the assistant would say: it stands where the generation prompt of the chat template ends, or after a
plain prompt, and neither an end-of-turn token nor anything else after it is counted. So an option that begins another
one is never less likely than that one, as in other tools: compare them by ``normalise``. The log-likelihood of each
option after no prompt (the header of the assistant's turn, or the beginning-of-text token) is asked along, each text
once, so that every way to normalise comes from one set of model calls.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from compiler.step_params import PlainPrompt
from runtime.inference.likelihood import Likelihood, Reader
from runtime.inference.prefix_tree import Text
from runtime.models.prompt_tokens import PromptEncoder
from runtime.models.protocols import Completion, Message, Prompt, ScoredOption
from runtime.scoring.answers import AnswerEncoder
from spec_lang.diagnostics import DiagnosticError

_TOGETHER = 1024  # questions whose tokens are held at once


@dataclass(frozen=True, slots=True)
class Choice:
    """A prompt and the texts to choose from."""

    prompt: Prompt
    options: tuple[str, ...]


@dataclass
class LocalChooser:
    """A model and its tokenizer on a device. ``between_batches`` is called before every batch and may raise."""

    model: Any
    tokenizer: Any
    plain: PlainPrompt | None = None
    between_batches: Callable[[], None] = lambda: None
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Reader((self.model,))

    @cached_property
    def encoder(self) -> PromptEncoder:
        return PromptEncoder(self.tokenizer, self.plain, getattr(self.model.config, "max_position_embeddings", None))

    @cached_property
    def alone(self) -> tuple[int, ...]:
        """What an option stands after where there is no prompt; nothing where the template does not tell."""
        if self.plain is not None:
            return self.encoder.first
        try:
            return AnswerEncoder.of(self.tokenizer, None).header
        except DiagnosticError:
            return ()

    def encode(self, messages: Sequence[Message], options: Sequence[str]) -> list[Text]:
        """A text an option. Raises Unanswerable, and DiagnosticError SFT0550, as ``PromptEncoder`` does."""
        sequences, start = self.encoder.continued(self.encoder.text(messages), options)
        return [Text(ids, start) for ids in sequences]

    def choose(self, choices: Sequence[Choice], on_batch: Callable[[Sequence[Completion]], None]) -> None:
        """Score all options. ``on_batch`` gets answers as they are complete, in any order."""
        for start in range(0, len(choices), _TOGETHER):
            part = choices[start : start + _TOGETHER]
            texts = [self.encode(choice.prompt.messages, choice.options) for choice in part]
            before = self._unconditional(texts)
            for done in self._scored(part, texts, before):
                on_batch(done)

    def _unconditional(self, texts: Sequence[Sequence[Text]]) -> dict[tuple[int, ...], float]:
        """The log-likelihood after no prompt of what each option says, by its tokens."""
        said = list(dict.fromkeys(text.ids[text.start :] for options in texts for text in options))
        if not self.alone:
            return {}
        asked = [Text((*self.alone, *ids), len(self.alone)) for ids in said]
        return {said[one.text]: one.value for batch in self._read(asked) for one in batch}

    def _read(self, texts: Sequence[Text]) -> Iterator[list[Likelihood]]:
        self.between_batches()
        for batch in self.reader.likelihoods(texts):
            yield batch
            self.between_batches()

    def _scored(
        self,
        choices: Sequence[Choice],
        texts: Sequence[Sequence[Text]],
        before: Mapping[tuple[int, ...], float],
    ) -> Iterator[list[Completion]]:
        owners = [(number, at) for number, options in enumerate(texts) for at in range(len(options))]
        found: list[dict[int, Likelihood]] = [{} for _ in choices]
        seconds = [0.0] * len(choices)
        began = time.perf_counter()
        for batch in self._read([text for options in texts for text in options]):
            took, began = time.perf_counter() - began, time.perf_counter()
            done = []
            for one in batch:
                number, at = owners[one.text]
                found[number][at] = one
                seconds[number] += took / len(batch)
                if len(found[number]) == len(texts[number]):
                    done.append(_completion(choices[number], texts[number], found[number], before, seconds[number]))
            if done:
                yield done


def _completion(
    choice: Choice,
    texts: Sequence[Text],
    found: Mapping[int, Likelihood],
    before: Mapping[tuple[int, ...], float],
    seconds: float,
) -> Completion:
    options = tuple(
        ScoredOption(
            text=option,
            log_likelihood=_finite(found[at].value),
            unconditional=_finite(before.get(text.ids[text.start :], math.nan)),
            greedy=found[at].greedy,
            tokens=found[at].tokens,
        )
        for at, (option, text) in enumerate(zip(choice.options, texts, strict=True))
    )
    known = [option for option in options if option.log_likelihood is not None]
    likeliest = max(known, key=lambda option: option.log_likelihood or 0.0, default=None)
    return Completion(
        row_id=choice.prompt.row_id,
        prompt=json.dumps(list(choice.prompt.messages), ensure_ascii=False),
        output=likeliest.text if likeliest is not None else "",
        stop_reason="chosen",
        prompt_tokens=texts[0].start,
        output_tokens=likeliest.tokens if likeliest is not None else 0,
        seconds=seconds,
        options=options,
    )


def _finite(value: float) -> float | None:
    """Rounded to six decimals: in float32, what lies below is the order of additions."""
    return round(value, 6) if math.isfinite(value) else None
