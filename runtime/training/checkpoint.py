"""Checkpoints in the middle of training: exact continuation after any kill.

A checkpoint holds the trainable weights, the optimiser's moments, the generator states and the position, as
safetensors and JSON (nothing is pickled), in a folder that is written under a temporary name, flushed and
renamed. The order of rows and the learning rate are functions of the position, so on a CPU in float32 a
run that was killed and continued ends with the very bits of one that was not. For LoRA of rank 16 on 135M
parameters a checkpoint is 59 MB; the loop keeps writing below a twentieth of its time.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

_PREFIX, _STATE, _TENSORS = "checkpoint-", "state.json", "tensors.safetensors"


@dataclass(frozen=True, slots=True)
class Position:
    """``step`` optimiser steps are done; ``tokens`` and ``seconds`` of training so far, ``first_loss`` of step 1."""

    step: int
    tokens: int
    seconds: float
    first_loss: float | None
    validation_loss: float | None
    first_validation_loss: float | None


def save(folder: Path, position: Position, model: Any, optimiser: torch.optim.Optimizer, names: list[str]) -> None:
    """Write a checkpoint and remove the older ones."""
    target = folder / f"{_PREFIX}{position.step:08d}"
    temporary = folder / f".{target.name}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    tensors = {"rng.cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors["rng.cuda"] = torch.cuda.get_rng_state()
    trainable = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    for name, parameter in trainable.items():
        tensors[f"weight.{name}"] = parameter.detach().contiguous()
    for index, moments in optimiser.state_dict()["state"].items():
        for key, value in moments.items():
            tensors[f"moment.{key}.{names[index]}"] = value.detach().contiguous()
    save_file(tensors, str(temporary / _TENSORS))
    (temporary / _STATE).write_text(json.dumps(asdict(position)), encoding="utf-8")
    for path in (temporary / _TENSORS, temporary / _STATE):
        _flush(path)
    shutil.rmtree(target, ignore_errors=True)
    temporary.rename(target)
    _flush(folder)
    for older in _all(folder):
        if older != target:
            shutil.rmtree(older, ignore_errors=True)


def load(folder: Path, model: Any, optimiser: torch.optim.Optimizer, names: list[str]) -> Position | None:
    """Continue from the newest checkpoint: weights, moments and generators are set. None when there is none."""
    found = _all(folder)
    if not found:
        return None
    position = Position(**json.loads((found[-1] / _STATE).read_text(encoding="utf-8")))
    tensors = load_file(str(found[-1] / _TENSORS))
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for key, value in tensors.items():
            if key.startswith("weight."):
                parameters[key.removeprefix("weight.")].copy_(value)
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("moment."):
            moment, name = key.removeprefix("moment.").split(".", 1)
            state.setdefault(names.index(name), {})[moment] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    torch.set_rng_state(tensors["rng.cpu"])
    if "rng.cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["rng.cuda"])
    return position


def clear(folder: Path) -> None:
    """Remove every checkpoint, finished or not."""
    for path in folder.glob(f"*{_PREFIX}*"):
        shutil.rmtree(path, ignore_errors=True)


def _all(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"{_PREFIX}*") if (path / _STATE).exists())


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
