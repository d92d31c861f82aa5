"""A run of a spec that is killed by SIGKILL once so many requests of its loop were answered and kept.

python -m tests.e2e.killed_loop SPEC ANSWERS
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from runtime.asking.kept import KeptRequests
from runtime.asking.request import Request, Result
from sft.project import run


def main(spec: Path, answers: int) -> None:
    keep, count = KeptRequests.keep, [0]

    def killed(self: KeptRequests, request: Request, result: Result) -> None:
        keep(self, request, result)
        count[0] += 1
        if count[0] == answers:
            self.waiting.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    KeptRequests.keep = killed  # type: ignore[method-assign]
    run(spec)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
