"""A model that a step asks, with its tokenizer, ready to answer on this machine's device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from compiler.answer_params import PlainPrompt, Precision
from runtime.models.folders import model_folder


def loaded(
    weights: str,
    chat_template: str | None,
    spec_dir: Path,
    *,
    trained: Path | None,
    precision: Precision,
    plain: PlainPrompt | None,
    tell: Callable[[str], None],
) -> tuple[Any, Any]:
    """Base weights or what a train step made of them (``trained`` is its folder), and the tokenizer; of plain prompts
    one without a chat template. Imports torch. Raises what finding and loading raise."""
    from runtime.models import loading

    folder = model_folder(weights, spec_dir, tell)
    if plain is None:
        tokenizer = loading.load_tokenizer(folder, chat_template, spec_dir)
    else:
        tokenizer = loading.load_plain_tokenizer(folder)
    device = loading.pick_device()
    dtype = loading.pick_dtype(precision, device)
    if trained is None:
        model: Any = loading.load_model(folder, dtype, device)
    else:
        model = loading.load_trained(folder, trained, dtype, device)
    return model.eval(), tokenizer
