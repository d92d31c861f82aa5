"""``model`` -> no step of its own: its hashes are the content of every step that loads it."""

from __future__ import annotations

from typing import Any

from compiler.resolve.model import where
from compiler.resolved import ResolvedModel
from compiler.world import ModelFacts


def model_content(facts: ModelFacts) -> dict[str, str]:
    """What enters the hash of a step that loads the model."""
    return {"weights": facts.weights, "tokenizer": facts.tokenizer, "chat_template": facts.chat_template}


def model_local(model: ResolvedModel) -> dict[str, Any]:
    """How a run finds the model."""
    weights, chat_template = where(model.block)
    return {"weights": weights, "chat_template": chat_template}
