"""Paths as a CI names them: from the root of the checkout, where the command may have run in a folder of it.

GitHub says where that is (``GITHUB_WORKSPACE``). Annotations and SARIF of a pull request find their lines by such paths
only; outside of a workflow a path stays as it was given.
"""

from __future__ import annotations

import os
from pathlib import Path

WORKSPACE = "GITHUB_WORKSPACE"


def in_repository(path: str) -> str:
    """The path from the root of the checkout with `/`; as it is outside of one."""
    if root := os.environ.get(WORKSPACE):
        whole, top = Path(path).resolve(), Path(root).resolve()
        if whole.is_relative_to(top):
            return whole.relative_to(top).as_posix()
    return path.replace(os.sep, "/")
