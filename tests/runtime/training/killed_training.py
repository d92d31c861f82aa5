"""A training that saves after every step and is killed by SIGKILL after step LAST, which is done and not saved yet.

python -m tests.runtime.training.killed_training ROOT MODEL LAST (-1: it is not killed)
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from runtime.steps import train
from runtime.store import Store
from runtime.training import loop
from runtime.training.recorder import Recorder
from tests.runtime.training.conftest import Trainings, params
from tests.runtime.training.test_train_step import ROWS, VALIDATION


def main(root: Path, model: Path, last: int) -> None:
    loop.CHECKPOINT_SECONDS, loop.CHECKPOINT_SHARE = 0.0, float("inf")  # after every step
    recorded = Recorder.report

    def report(self: Recorder, measured: Any) -> None:
        recorded(self, measured)
        if measured.step == last:
            self.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    Recorder.report = report  # type: ignore[method-assign]
    train.run(Trainings(root, model, Store(root / ".sft").create()).context(params(epochs=3), ROWS, VALIDATION))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
