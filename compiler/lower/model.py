"""``model`` -> no step of its own: what names it is the content of every step that asks it.

Of weights that are hashes; of a served model its address, name and revision. How a server is reached (its key, how many
requests at once, prices) changes no answer and is in no hash.
"""

from __future__ import annotations

from typing import Any

from compiler.hashing import decimal_text, hash_value
from compiler.known import sure
from compiler.resolve.model import where
from compiler.resolved import ResolvedModel
from compiler.schema.model import Model
from compiler.world import ModelFacts


def model_content(facts: ModelFacts) -> dict[str, str]:
    """What enters the hash of a step that loads the model."""
    return {"weights": facts.weights, "tokenizer": facts.tokenizer, "chat_template": facts.chat_template}


def served_content(block: Model) -> dict[str, str]:
    """The same of a model behind an endpoint."""
    named = {"endpoint": sure(block.endpoint.value).rstrip("/"), "name": sure(block.name_.value)}
    revision = {"revision": block.revision.value} if block.revision.value is not None else {}
    return {"served": hash_value(named | revision)}


def model_local(model: ResolvedModel) -> dict[str, Any]:
    """How a run finds the model."""
    if model.is_served:
        return {"served": _served(model.block)}
    weights, chat_template = where(model.block)
    return {"weights": weights, "chat_template": chat_template}


def _served(block: Model) -> dict[str, Any]:
    """How a server is reached. Of its key only the name of the variable that holds it."""
    limits, price = block.per_minute, block.price
    told: dict[str, Any] = {
        "endpoint": sure(block.endpoint.value).rstrip("/"),
        "name": sure(block.name_.value),
        "key": None if block.key.value is None else sure(block.key.value.argument("name")),
        "concurrency": block.concurrency.value,
        "timeout": block.timeout.value,
        "retries": block.retries.value,
    }
    if limits is not None:
        told["per_minute"] = {"requests": limits.requests.value, "tokens": limits.tokens.value}
    if price is not None:
        told["price"] = {
            "input": decimal_text(sure(price.input.value)),
            "output": decimal_text(sure(price.output.value)),
        }
    return told
