"""A trained model as files that peft and transformers load: its adapter, or whole weights with it merged in.

Merged weights are float32, W + (alpha / rank) B A added before any rounding: loaded as float32 they give the greedy
tokens of an sft eval in float32, loaded as bfloat16 they are rounded once, as sft does it. That is 4 bytes a
parameter; whoever wants half of it can convert without loss of anything that was there.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.plan import Step
from spec_lang.diagnostics import fatal

_TEXT = ("tokenizer", "chat_template")  # what leaves with every model


@dataclass(frozen=True)
class SavedModel:
    """``base`` is what the adapter has to be put on, as a hub name with its commit where there is one; None when the
    folder holds whole weights."""

    base: str | None
    revision: str | None
    is_adapter: bool


def save_model(
    step: Step, artifact: Path, spec_dir: Path, folder: Path, *, merge: bool, tell: Callable[[str], None]
) -> SavedModel:
    """Write the result of a finished train step. Raises DiagnosticError SFT0922 when its files are gone or those of the
    base model that leave with it were changed, and those of loading the base model: its tokenizer goes along with its
    chat template."""
    from runtime.models.folders import model_folder
    from runtime.models.loading import ADAPTER, FULL, load_tokenizer

    adapter, full = artifact / ADAPTER, artifact / FULL
    if not adapter.is_dir() and not full.is_dir():
        raise fatal("SFT0922", f"the weights of `{step.id}` are not in the store", "run the spec: `sft run FILE`")
    read = _TEXT if full.is_dir() or not merge else (*_TEXT, "weights")
    base = model_folder(step.local["weights"], spec_dir, tell)
    _require_trained_on(step, read, spec_dir)
    tokenizer = load_tokenizer(base, step.local.get("chat_template"), spec_dir)
    if full.is_dir():
        _copy(full, folder)
    elif merge:
        _write_merged(base, artifact, folder)
    else:
        _copy(adapter, folder)
        name, revision = _on_hub(step.local["weights"])
        _name_base(folder / "adapter_config.json", name, revision)
    tokenizer.save_pretrained(str(folder))
    _require_trained_on(step, read, spec_dir)  # what was read is what the hash names
    if full.is_dir() or merge:
        _end_turns(folder, tokenizer)
        return SavedModel(None, None, is_adapter=False)
    return SavedModel(name, revision, is_adapter=True)


def _require_trained_on(step: Step, read: Sequence[str], spec_dir: Path) -> None:
    """The run of an export may be old, and what lies in the folder of its model now another model."""
    from runtime.models.unchanged import changed_parts

    hashed = {name: step.content[name] for name in read if name in step.content}
    weights = step.local["weights"]
    changed = changed_parts(hashed, weights, step.local.get("chat_template"), spec_dir) if hashed else []
    if changed:
        what = f"the {' and the '.join(changed)} of `{weights}` changed since `{step.id}` trained on it"
        raise fatal("SFT0922", what, "put the files back, or train on them as they are: `sft run FILE`")


def _copy(source: Path, folder: Path) -> None:
    for path in sorted(source.iterdir()):
        if path.is_file():
            shutil.copyfile(path, folder / path.name)


def _write_merged(base: Path, artifact: Path, folder: Path) -> None:
    import torch

    from runtime.models.gguf_weights import quiet_transformers
    from runtime.models.loading import load_trained

    model: Any = load_trained(base, artifact, torch.float32, torch.device("cpu"))
    with warnings.catch_warnings(), quiet_transformers():
        warnings.simplefilter("ignore")
        model.save_pretrained(str(folder))


def _on_hub(weights: str) -> tuple[str | None, str | None]:
    """``org/name`` and commit of hub weights; nothing for a wheel or a folder, whose paths mean nothing elsewhere."""
    if not weights.startswith("hf:"):
        return None, None
    name, _, revision = weights.removeprefix("hf:").partition("@")
    return name, revision or None


def _name_base(path: Path, name: str | None, revision: str | None) -> None:
    values = json.loads(path.read_text(encoding="utf-8"))
    values |= {"base_model_name_or_path": name, "revision": revision}
    path.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _end_turns(folder: Path, tokenizer: Any) -> None:
    """Tell ``generate`` every token that ends a turn: base models often name only the end of a text."""
    from transformers import GenerationConfig

    from runtime.models.local_generator import stop_tokens

    try:
        config: Any = GenerationConfig.from_pretrained(str(folder))
    except OSError:
        config = GenerationConfig()

    class Configured:
        generation_config = config

    stops = sorted(stop_tokens(Configured, tokenizer))
    config.eos_token_id = stops[0] if len(stops) == 1 else stops
    if config.pad_token_id is None:
        config.pad_token_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else stops[0]
    config.save_pretrained(str(folder))
