"""Mean token losses of answers under a causal model: with their prompts, and alone (for IFD).

Rows are grouped so that common prefixes are computed once and little is padded, as in training. SmolLM2-135M in
float32 on two AVX2 cores: see docs/scores.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import torch

from runtime.models.gguf_weights import quiet_transformers
from runtime.scoring.answers import AnswerEncoder
from runtime.scoring.asking import ALONE, ANSWER, Answer
from runtime.scoring.token_losses import row_losses
from runtime.training.forward import TrainingForward
from runtime.training.masks import Encoded, MaskFailure, prove

_TOKENS_PER_BATCH = {"cpu": 2048, "cuda": 16_384}


@dataclass
class LossAsker:
    """``forward`` is chosen, and proven, on the first rows that are asked for."""

    model: Any
    tokenizer: Any
    encoder: AnswerEncoder
    forward: TrainingForward | None = field(default=None, init=False)

    @classmethod
    def of(cls, model: Any, tokenizer: Any) -> LossAsker:
        """Raises DiagnosticError SFT0512 to SFT0514 when the chat template tells no answer from its prompt."""
        prove(tokenizer)
        model.requires_grad_(False)
        return cls(
            model, tokenizer, AnswerEncoder.of(tokenizer, getattr(model.config, "max_position_embeddings", None))
        )

    @property
    def device(self) -> str:
        return str(self.model.device.type)

    @property
    def precision(self) -> str:
        return str(self.model.dtype).removeprefix("torch.")

    @property
    def way(self) -> str:
        return "" if self.forward is None else self.forward.name

    def ask(self, texts: Mapping[str, str], wanted: Mapping[str, Set[str]]) -> Iterator[list[Answer]]:
        with quiet_transformers():  # which warns of rows that are too long; they get a reason
            rows, owners, refused = self._encoded(texts, wanted)
        if refused:
            yield refused
        if rows:
            yield from self._measured(rows, owners)

    def _encoded(
        self, texts: Mapping[str, str], wanted: Mapping[str, Set[str]]
    ) -> tuple[list[Encoded], list[tuple[str, str]], list[Answer]]:
        """Rows to measure, the measure and text that each is of, and what cannot be measured."""
        rows: list[Encoded] = []
        owners: list[tuple[str, str]] = []
        refused: list[Answer] = []
        for text in dict.fromkeys(text for texts_of in wanted.values() for text in sorted(texts_of)):
            measures = [measure for measure in (ANSWER, ALONE) if text in wanted.get(measure, ())]
            try:
                whole = self.encoder.after_prompt(json.loads(texts[text]))
            except MaskFailure as failure:
                refused += [Answer(measure, text, None, str(failure), 0) for measure in measures]
                continue
            parts = {ANSWER: [whole], ALONE: self.encoder.alone(whole)}
            for measure in measures:
                rows += parts[measure]
                owners += [(measure, text)] * len(parts[measure])
        return rows, owners, refused

    def _measured(self, rows: list[Encoded], owners: list[tuple[str, str]]) -> Iterator[list[Answer]]:
        if self.forward is None:
            pad = self.tokenizer.pad_token_id
            self.forward = TrainingForward.of(self.model, self.model.device, 0 if pad is None else int(pad), None, rows)
        waiting: dict[tuple[str, str], list[int]] = {}
        for index, owner in enumerate(owners):
            waiting.setdefault(owner, []).append(index)
        losses: dict[int, float] = {}
        for group in self.forward.plan(rows, _TOKENS_PER_BATCH.get(self.device, 2048)):
            losses |= zip(group, row_losses(self.forward, [rows[index] for index in group]), strict=True)
            whole = [owner for owner in dict.fromkeys(owners[i] for i in group) if losses.keys() >= {*waiting[owner]}]
            yield [self._mean(owner, [(rows[i], losses[i]) for i in waiting[owner]]) for owner in whole]

    def _mean(self, owner: tuple[str, str], parts: list[tuple[Encoded, float]]) -> Answer:
        counted = sum(sum(row.supervised) for row, _ in parts)
        mean = sum(loss for _, loss in parts) / counted
        tokens = sum(len(row.ids) for row, _ in parts)
        if not math.isfinite(mean):
            return Answer(*owner, None, f"the loss is {mean}", tokens)
        return Answer(*owner, round(mean, 6), None, tokens)


def load_losses(folder: Any, trained: Any, tokenizer: Any, precision: Any) -> LossAsker:
    """``folder`` holds the weights, ``trained`` is the artifact of a train step on them, or None."""
    from runtime.models.loading import load_model, load_trained, pick_device, pick_dtype

    device = pick_device()
    dtype: torch.dtype = pick_dtype(precision, device)
    model = load_model(folder, dtype, device) if trained is None else load_trained(folder, trained, dtype, device)
    return LossAsker.of(model.eval(), tokenizer)
