"""Which model a step asks, and the hash of what names it.

A step has a model under a role: its hashes in ``content``, where it is in ``local``, and the step that trained it among
``inputs``. With the role ``""`` these are ``weights``, ``tokenizer``, ``chat_template`` (or ``served``) in the content,
the same names in ``local``, and the input ``model``; with a role such as ``judge`` they are ``judge.weights`` …, the
object ``local["judge"]``, and the input ``judge``. ``compiler.lower.asking`` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from compiler.answer_params import Precision
from compiler.hashing import hash_value
from compiler.step_params import PlainPrompt
from runtime.context import StepContext

ASKING = 1  # raise it when the same request to the same weights comes to something else
_PARTS = ("weights", "tokenizer", "chat_template")


@dataclass(frozen=True)
class LocalModel:
    """Weights on this machine. ``hashed`` are the hashes of its parts; ``trained`` the folder of what a train step made
    of it, and ``trained_hash`` that step's."""

    hashed: Mapping[str, str]
    weights: str
    chat_template: str | None
    trained: Path | None
    trained_hash: str | None
    precision: Precision
    plain: PlainPrompt | None

    @property
    def hash(self) -> str:
        """Covers the dtype of the forward pass. Loads torch where the precision is ``auto``."""
        return hash_value(
            {
                "version": ASKING,
                "model": dict(self.hashed),
                "trained": self.trained_hash,
                "dtype": self._dtype(),
                "prompt": None if self.plain is None else self.plain.model_dump(mode="json"),
            }
        )

    def _dtype(self) -> str:
        if self.precision != "auto":
            return {"fp32": "torch.float32", "bf16": "torch.bfloat16"}[self.precision]
        from runtime.models.loading import pick_device, pick_dtype

        return str(pick_dtype("auto", pick_device()))


@dataclass(frozen=True)
class ServedModel:
    """A model behind a server. ``named`` is the hash of its address and name; ``local`` how it is reached."""

    named: str
    local: Mapping[str, Any]

    @property
    def hash(self) -> str:
        return hash_value({"version": ASKING, "served": self.named})


AskedModel: TypeAlias = LocalModel | ServedModel


def asked_model(
    ctx: StepContext, role: str = "", precision: Precision = "auto", plain: PlainPrompt | None = None
) -> AskedModel:
    """The model of a role of a step. Raises KeyError for a role that the step has not."""
    prefix = f"{role}." if role else ""
    local = ctx.step.local[role] if role else ctx.step.local
    if (named := ctx.step.content.get(f"{prefix}served")) is not None:
        return ServedModel(named, local["served"])
    parts = {name: ctx.step.content[prefix + name] for name in _PARTS if prefix + name in ctx.step.content}
    if plain is not None:
        parts.pop("chat_template", None)
    trained = ctx.inputs.get(role or "model")
    return LocalModel(
        hashed=parts,
        weights=local["weights"],
        chat_template=local.get("chat_template"),
        trained=trained,
        trained_hash=ctx.input_steps[role or "model"].hash if trained is not None else None,
        precision=precision,
        plain=plain,
    )
