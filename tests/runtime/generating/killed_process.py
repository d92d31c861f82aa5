"""A run of a generate that is killed by SIGKILL once its model gave so many answers, which are all kept.

python -m tests.runtime.generating.killed_process FOLDER ANSWERS
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from runtime.asking import Request
from tests.runtime.generating.generated_project import GeneratedProject
from tests.runtime.generating.scripts_of_answers import SPEC, invented


def main(folder: Path, answers: int) -> None:
    given: list[str] = []

    def killed(request: Request) -> str:
        if len(given) == answers:
            os.kill(os.getpid(), signal.SIGKILL)
        given.append(request.hash)
        return invented(request)

    with pytest.MonkeyPatch.context() as patch:
        GeneratedProject(folder, patch, keep_seconds=0.0).run(SPEC, killed)  # a transaction an answer


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
