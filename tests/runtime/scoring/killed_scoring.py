"""A run that is killed by SIGKILL when its score step has told the first scores, each of which is written at once.

python -m tests.runtime.scoring.killed_scoring SPEC
"""

from __future__ import annotations

import os
import signal
import sys

import sft
from runtime import unwritten_rows
from runtime.events import Event
from runtime.scoring import passes


def kill(event: Event) -> None:
    if event.kind == "progress" and event.step == "score:scored.quality" and event.data["done"]:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    passes.WINDOW, unwritten_rows.KEEP_SECONDS = 8, 0.0
    sft.run(sys.argv[1], listeners=[kill])
