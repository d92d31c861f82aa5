"""``trained.json``: a training that is done, until the scheduler has recorded and published it.

Between the last optimiser step and the published artifact lie two transactions and a rename. A kill or a held
store there must not cost the training, so its result lies beside the weights before the checkpoint goes.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from runtime.artifacts import sync, write_file
from runtime.context import StepResult
from runtime.models.loading import ADAPTER, FULL

TRAINED = "trained.json"


def keep_result(folder: Path, step_hash: str, result: StepResult) -> None:
    """Bring the weights in ``folder`` to the disk, then say that they are whole."""
    for path in [found for name in (ADAPTER, FULL) for found in (folder / name, *(folder / name).rglob("*"))]:
        if path.exists():
            sync(path)
    write_file(folder / TRAINED, json.dumps({"step_hash": step_hash, "result": asdict(result)}, indent=1))
    sync(folder)


def kept_result(folder: Path, step_hash: str) -> StepResult | None:
    """What a training of this step came to; None when it has not ended, or its file or weights are not there."""
    try:
        said = json.loads((folder / TRAINED).read_text(encoding="utf-8"))
        result = StepResult(**said["result"])
        own = said["step_hash"] == step_hash
    except (OSError, ValueError, KeyError, TypeError):
        return None
    weights = any(True for name in (ADAPTER, FULL) for _ in (folder / name).glob("*.safetensors"))
    return result if own and weights else None
