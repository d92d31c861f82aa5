"""A run that is killed by SIGKILL once its model gave so many answers, which are all kept; of a generate.

python -m tests.runtime.generating.killed_process FOLDER ANSWERS
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from runtime.asking import Request, Result
from tests.runtime.generating.generated_project import GeneratedProject, Script
from tests.runtime.generating.scripts_of_answers import SPEC, invented


def run_killed(folder: Path, answers: int, spec: str, script: Script) -> None:
    given: list[str] = []

    def killed(request: Request) -> str | Result:
        if len(given) == answers:
            os.kill(os.getpid(), signal.SIGKILL)
        given.append(request.hash)
        return script(request)

    with pytest.MonkeyPatch.context() as patch:
        GeneratedProject(folder, patch, keep_seconds=0.0).run(spec, killed)  # a transaction an answer


if __name__ == "__main__":
    run_killed(Path(sys.argv[1]), int(sys.argv[2]), SPEC, invented)
