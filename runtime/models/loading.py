"""Models and tokenizers on a device, ready for training or inference.

Only safetensors are read, no code of a repository runs, and nothing is fetched that the spec did not
pin. Importing this module imports torch (1.6 s) and transformers (1.4 s); loading 135M parameters in
float32 takes about 1 s more, its tokenizer 0.5 s.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from runtime.models.chat_template import read_override, template_in_folder
from runtime.models.gguf_weights import quiet_transformers
from spec_lang.diagnostics import fatal

ADAPTER, FULL = "adapter", "model"  # the two layouts of a train step's artifact
Precision = Literal["auto", "fp32", "bf16"]


def load_tokenizer(folder: Path, chat_template: str | None = None, spec_dir: Path | None = None) -> Any:
    """The fast tokenizer with its chat template set: the folder's own, or the file ``chat_template`` beside the spec.

    Raises DiagnosticError SFT0505 (no fast tokenizer), SFT0510 (no chat template), SFT0511 (unreadable override).
    """
    tokenizer = load_plain_tokenizer(folder)
    text = template_in_folder(folder) if chat_template is None else read_override(chat_template, spec_dir or Path())
    if text is None:
        raise fatal(
            "SFT0510", "the model brings no chat template", 'name one in the model: `chat_template = "chat.jinja"`'
        )
    tokenizer.chat_template = text
    return tokenizer


def load_plain_tokenizer(folder: Path) -> Any:
    """The fast tokenizer of a model that needs no chat template. Raises DiagnosticError SFT0505."""
    with quiet_transformers():
        try:
            tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        except (OSError, ValueError, KeyError) as error:
            raise fatal("SFT0505", f"the tokenizer cannot be loaded: {str(error).splitlines()[0]}") from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise fatal("SFT0505", f"`{type(tokenizer).__name__}` is not a fast tokenizer", "save a `tokenizer.json`")
    return tokenizer


def load_model(folder: Path, dtype: torch.dtype, device: torch.device) -> PreTrainedModel:
    """The model in evaluation mode. Raises DiagnosticError SFT0509 when transformers cannot load it."""
    with quiet_transformers():
        try:
            model = AutoModelForCausalLM.from_pretrained(
                str(folder), dtype=dtype, local_files_only=True, trust_remote_code=False, use_safetensors=True
            )
        except (OSError, ValueError, KeyError, RuntimeError, AttributeError) as error:
            raise fatal(
                "SFT0509",
                f"the model cannot be loaded: {str(error).splitlines()[0]}",
                "only architectures that transformers brings itself can be used; no code of a repository is run",
            ) from error
    return model.to(device).eval()


def load_trained(folder: Path, artifact: Path, dtype: torch.dtype, device: torch.device) -> PreTrainedModel:
    """The result of a train step: its full weights, or its adapter merged into the base model of ``folder``.

    The merge happens in float32 before any rounding to ``dtype``, so W + (alpha / rank) B A is rounded once.
    """
    if (artifact / FULL).exists():
        return load_model(artifact / FULL, dtype, device)
    from peft import PeftModel

    base = load_model(folder, torch.float32, torch.device("cpu"))
    with warnings.catch_warnings():  # peft asks the model about things that transformers has renamed
        warnings.simplefilter("ignore")
        whole = merged(PeftModel.from_pretrained(base, str(artifact / ADAPTER)))
    return whole.to(device=device, dtype=dtype).eval()


def merged(model: Any) -> Any:
    """A peft model's base with the adapters added to its weights.

    A head that shares its matrix with the embedding gets one of its own where either carries an adapter: the
    adapter was trained on one of the two, and merged into the shared matrix it would change both.
    """
    base = model.get_base_model()
    head, embedding = base.get_output_embeddings(), base.get_input_embeddings()
    if hasattr(head, "lora_A") or hasattr(embedding, "lora_A"):
        layer = getattr(head, "base_layer", head)
        layer.weight = torch.nn.Parameter(layer.weight.detach().clone(), requires_grad=False)
        base.config.tie_word_embeddings = False
    return model.merge_and_unload()


def pick_device() -> torch.device:
    """cuda, then mps, then cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def pick_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """The dtype of the forward pass; ``auto`` is bfloat16 where the device multiplies it fast, else float32."""
    if precision == "auto":
        return torch.bfloat16 if has_fast_bf16(device) else torch.float32
    return torch.bfloat16 if precision == "bf16" else torch.float32


def has_fast_bf16(device: torch.device) -> bool:
    """CUDA from compute capability 8; a CPU with AVX512-BF16 or AMX. Elsewhere bf16 is several times slower."""
    if device.type == "cuda":
        return bool(torch.cuda.get_device_capability(device) >= (8, 0))
    if device.type != "cpu":
        return False
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
