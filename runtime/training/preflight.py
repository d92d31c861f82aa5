"""Prove the loss mask of a training step before any step of the run starts.

A chat template that cannot be masked should cost nobody a data pipeline. Loads the tokenizer
only (3 s with the import of transformers); called for training steps that have to run.
"""

from __future__ import annotations

import sys
from pathlib import Path

from compiler.plan import Step
from compiler.step_params import TrainParams
from runtime.models.folders import model_folder
from runtime.models.loading import load_tokenizer
from runtime.models.unchanged import require_unchanged
from runtime.training.masks import MaskProof, prove


def prove_masks(step: Step, spec_dir: Path) -> MaskProof | None:
    """The proof for a training step's chat template; None under ``objective = full``, which masks nothing.

    Raises DiagnosticError SFT0512 to SFT0514 when the mask cannot be proven, SFT0526 when the model is not the one
    that was planned with, and what loading a tokenizer raises.
    """
    assert isinstance(step.params, TrainParams)
    require_unchanged(step, spec_dir)
    if step.params.objective == "full":
        return None
    folder = model_folder(step.local["weights"], spec_dir, lambda line: print(line, file=sys.stderr))
    return prove(load_tokenizer(folder, step.local.get("chat_template"), spec_dir))
