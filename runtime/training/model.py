"""The model that a train step works on: base weights, device, precision, and the adapter if there is one.

LoRA goes through peft, so its initialisation, scaling and file layout are the field's own. Base weights
are frozen under an adapter. bf16 without an adapter keeps float32 weights and autocasts, because AdamW
steps are smaller than bf16 can add.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from compiler.plan import Step
from compiler.step_params import Lora, TrainParams
from runtime.models.folders import model_folder
from runtime.models.loading import (
    ADAPTER,
    FULL,
    load_model,
    load_tokenizer,
    load_trained,
    merged,
    pick_device,
    pick_dtype,
)
from spec_lang.diagnostics import fatal


@dataclass(frozen=True)
class Trainee:
    """``model`` is peft's wrapper or the causal model; ``autocast`` the dtype of the forward pass when not its own."""

    model: Any
    tokenizer: Any
    device: torch.device
    dtype: torch.dtype
    autocast: torch.dtype | None

    @property
    def pad(self) -> int:
        token = self.tokenizer.pad_token_id
        return int(self.tokenizer.eos_token_id or 0 if token is None else token)

    @property
    def trainable(self) -> int:
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)


def tokenizer_of(step: Step, spec_dir: Path, tell: Callable[[str], None]) -> Any:
    """The tokenizer of the step's base model, with the spec's chat template."""
    folder = model_folder(step.local["weights"], spec_dir, tell)
    return load_tokenizer(folder, step.local.get("chat_template"), spec_dir)


def load_trainee(
    step: Step, params: TrainParams, spec_dir: Path, base: Path | None, tokenizer: Any, tell: Callable[[str], None]
) -> Trainee:
    """Load the model (of an earlier train step when ``base`` is its artifact) and put the adapter on.

    Raises DiagnosticError SFT0509 (cannot be loaded), SFT0522 (``max_length`` past the context), SFT0523 (targets).
    """
    folder = model_folder(step.local["weights"], spec_dir, tell)
    device = pick_device()
    dtype = pick_dtype(params.precision, device)
    held = torch.float32 if params.adapter is None else dtype
    model: Any = load_model(folder, held, device) if base is None else load_trained(folder, base, held, device)
    _check_context(model, params.max_length)
    torch.manual_seed(params.seed)
    if params.adapter is not None:
        model = _with_adapter(model, params.adapter)
    else:
        model.requires_grad_(True)  # peft leaves what it merged frozen
    return Trainee(model.train(), tokenizer, device, dtype, dtype if held != dtype else None)


def _check_context(model: Any, max_length: int) -> None:
    context = getattr(model.config, "max_position_embeddings", None)
    if context is not None and max_length > context:
        raise fatal(
            "SFT0522",
            f"`max_length = {max_length}tok` is more than the model's context of {context} tokens",
            f"lower it to {context}tok or less",
        )


def _with_adapter(model: Any, lora: Lora) -> Any:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=lora.rank,
        lora_alpha=float(lora.alpha),  # type: ignore[arg-type]
        lora_dropout=float(lora.dropout),
        target_modules=list(lora.targets) or "all-linear",
        task_type="CAUSAL_LM",
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return get_peft_model(model, config)
    except ValueError as error:
        linear = {name.rsplit(".", 1)[-1] for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)}
        raise fatal(
            "SFT0523",
            f"the adapter's targets {', '.join(f'`{t}`' for t in lora.targets)} are no linear layers of this model",
            f"it has {', '.join(f'`{name}`' for name in sorted(linear))}; leave `targets` out for all in the blocks",
        ) from error


def save_trained(trainee: Trainee, out: Path, *, continued: bool = False) -> None:
    """Write ``adapter/`` (peft's layout) or ``model/`` (full weights, tokenizer); safetensors, no local path.

    A ``continued`` training began from what another step had made. Its adapter alone would not say so, and put
    on the raw base weights it would be another model: what is written then is the whole, merged.
    """
    adapted = hasattr(trainee.model, "peft_config") and not continued
    model = merged(trainee.model) if continued and hasattr(trainee.model, "peft_config") else trainee.model
    folder = out / (ADAPTER if adapted else FULL)
    shutil.rmtree(folder, ignore_errors=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_pretrained(str(folder))
    if not adapted:
        trainee.tokenizer.save_pretrained(str(folder))
        return
    (folder / "README.md").unlink(missing_ok=True)
    settings = folder / "adapter_config.json"
    values = json.loads(settings.read_text(encoding="utf-8"))
    values["base_model_name_or_path"] = None
    settings.write_text(json.dumps(values, indent=1, sort_keys=True), encoding="utf-8")
