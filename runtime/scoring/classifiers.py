"""Sequence classifiers and reward models from a folder: a label's probability, or the single output.

Only safetensors are read. A folder without a classification head is refused: transformers would make one up with
random weights and only warn. Texts go in batches of about the same length; a model without a padding token takes one
text at a time, because it would look for its last token in the padding.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from runtime.models.chat_template import TemplateFailure, render
from runtime.models.control_tokens import refuse_control_token, refuse_text
from runtime.models.gguf_weights import quiet_transformers
from runtime.scoring.asking import LABEL, REWARD, Answer
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible
from spec_lang.suggest import closest

_TOKENS_PER_BATCH = {"cpu": 4096, "cuda": 32_768}


@dataclass
class ClassifierAsker:
    model: Any
    tokenizer: Any
    way: str = "the model's own forward pass"

    @property
    def device(self) -> str:
        return str(self.model.device.type)

    @property
    def precision(self) -> str:
        return str(self.model.dtype).removeprefix("torch.")

    def require(self, measures: Set[str]) -> None:
        """Raises DiagnosticError SFT0435 when the model has no such label, or is no reward model."""
        labels = {str(name): int(index) for index, name in self.model.config.id2label.items()}
        for measure in sorted(measures):
            label = measure.removeprefix(LABEL)
            if measure == REWARD and len(labels) != 1:
                help = 'name one of them: `classifier(output, model = …, label = "…")`'
                raise fatal("SFT0435", f"a reward model has one output, and this one has {len(labels)}", help)
            if measure.startswith(LABEL) and (len(labels) == 1 or label not in labels):
                near = closest(label, sorted(labels))
                known = ", ".join(f"`{visible(name)}`" for name in sorted(labels))
                help = f"did you mean `{visible(near[0])}`?" if near and len(labels) > 1 else f"it has: {known}"
                what = "has one output and no labels" if len(labels) == 1 else f"has no label `{visible(label)}`"
                raise fatal("SFT0435", f"the classifier {what}", help)

    def ask(self, texts: Mapping[str, str], wanted: Mapping[str, Set[str]]) -> Iterator[list[Answer]]:
        with quiet_transformers():  # which warns of rows that are too long; they get a reason
            encoded, refused = self._encoded(texts, wanted)
        if refused:
            yield refused
        for group in self._groups(encoded):
            outputs = self._outputs([encoded[text] for text in group])
            yield [
                self._answer(measure, text, output, len(encoded[text]))
                for text, output in zip(group, outputs, strict=True)
                for measure in wanted
                if text in wanted[measure]
            ]

    def _encoded(
        self, texts: Mapping[str, str], wanted: Mapping[str, Set[str]]
    ) -> tuple[dict[str, list[int]], list[Answer]]:
        """Tokens of the texts that can be read, and what cannot be measured."""
        refused: list[Answer] = []
        encoded: dict[str, list[int]] = {}
        room = self.room
        for text in sorted({text for texts_of in wanted.values() for text in texts_of}):
            ids, reason = self._encode(texts[text], REWARD in wanted)
            if reason is None and room is not None and len(ids) > room:
                reason = f"{len(ids)} tokens do not fit the context of {room}"
            if reason is None:
                encoded[text] = ids
            else:
                refused += [Answer(measure, text, None, reason, 0) for measure in wanted if text in wanted[measure]]
        return encoded, refused

    @property
    def room(self) -> int | None:
        """The longest text in tokens; None when the model declares none.

        Models of RoBERTa's kind count positions from one after that of padding, so that many of them are no room.
        """
        positions = getattr(self.model.config, "max_position_embeddings", None)
        if positions is None or positions <= 0:  # XLNet, which has no limit, says -1
            return None
        tables = (getattr(module, "position_embeddings", None) for module in self.model.modules())
        padding = [table.padding_idx for table in tables if isinstance(table, torch.nn.Embedding)]
        return int(positions) - max((place + 1 for place in padding if place is not None), default=0)

    def _encode(self, text: str, conversation: bool) -> tuple[list[int], str | None]:
        if not conversation:
            if (reason := refuse_text(self.tokenizer, text)) is not None:
                return [], reason
            ids = list(self.tokenizer(text)["input_ids"])
            return ids, None if ids else "the text has no tokens"
        messages = json.loads(text)
        if (reason := refuse_control_token(self.tokenizer, messages)) is not None:
            return [], reason
        try:
            rendered = render(self.tokenizer, messages)
        except TemplateFailure as failure:
            return [], f"the chat template refuses this conversation: {failure}"
        return list(self.tokenizer(rendered, add_special_tokens=False)["input_ids"]), None

    def _groups(self, encoded: Mapping[str, list[int]]) -> list[list[str]]:
        """Texts of about the same length, longest first, of at most so many tokens with padding."""
        budget = _TOKENS_PER_BATCH.get(self.device, 4096) if self.model.config.pad_token_id is not None else 1
        groups: list[list[str]] = []
        for text in sorted(encoded, key=lambda text: (-len(encoded[text]), text)):
            if groups and len(encoded[groups[-1][0]]) * (len(groups[-1]) + 1) <= budget:
                groups[-1].append(text)
            else:
                groups.append([text])
        return groups

    @torch.no_grad()
    def _outputs(self, rows: list[list[int]]) -> list[list[float]]:
        pad, longest = self.model.config.pad_token_id or 0, max(map(len, rows))
        ids = torch.tensor([row + [pad] * (longest - len(row)) for row in rows], device=self.model.device)
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=self.model.device)
        outputs: list[list[float]] = self.model(input_ids=ids, attention_mask=mask).logits.double().tolist()
        return outputs

    def _answer(self, measure: str, text: str, output: list[float], tokens: int) -> Answer:
        value = output[0]
        if measure != REWARD:
            place = {str(name): int(index) for index, name in self.model.config.id2label.items()}[
                measure.removeprefix(LABEL)
            ]
            if self.model.config.problem_type == "multi_label_classification":
                value = 0.5 + 0.5 * math.tanh(output[place] / 2)  # the sigmoid, of any number
            else:
                value = math.exp(output[place] - max(output)) / sum(math.exp(x - max(output)) for x in output)
        if not math.isfinite(value):
            return Answer(measure, text, None, f"the output is {value}", tokens)
        return Answer(measure, text, round(value, 6), None, tokens)


def load_classifier(folder: Path, tokenizer: Any, precision: Any) -> ClassifierAsker:
    """Raises DiagnosticError SFT0434 when the folder holds no sequence classifier that transformers brings itself."""
    from transformers import AutoModelForSequenceClassification

    from runtime.models.loading import pick_device, pick_dtype

    device = pick_device()
    with quiet_transformers():
        try:
            model, told = AutoModelForSequenceClassification.from_pretrained(
                str(folder),
                dtype=pick_dtype(precision, device),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
        except (OSError, ValueError, KeyError, RuntimeError, AttributeError) as error:
            raise fatal("SFT0434", f"the classifier cannot be loaded: {str(error).splitlines()[0]}") from error
    missing = sorted(told["missing_keys"])
    if missing:
        message = f"the model is no sequence classifier: its weights have no `{missing[0]}`"
        raise fatal("SFT0434", message, "name a folder that was saved from a sequence classifier")
    return ClassifierAsker(model.to(device).eval(), tokenizer)
