"""A run of a generate that is killed by SIGKILL once its model gave so many answers, which are all kept.

python -m tests.runtime.generating.killed_process FOLDER ANSWERS
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from runtime import unwritten_rows
from runtime.asking import Request
from tests.runtime.generating.generated_project import GeneratedProject
from tests.runtime.generating.scripts_of_answers import SPEC, invented


def main(folder: Path, answers: int) -> None:
    unwritten_rows.KEEP_SECONDS = 0.0  # each answer in a transaction of its own
    given: list[str] = []

    def killed(request: Request) -> str:
        if len(given) == answers:
            os.kill(os.getpid(), signal.SIGKILL)
        given.append(request.hash)
        return invented(request)

    with pytest.MonkeyPatch.context() as patch:
        GeneratedProject(folder, patch).run(SPEC, killed)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
