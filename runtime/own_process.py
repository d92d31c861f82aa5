"""How this program starts itself: the words before a command, and the environment.

The folder that it is started in is somebody's project: whatever is called `sft`, `json.py` or `random.py` there is not
what Python is to import (``-P``). A program that runs from a checkout, and not from where packages are installed, says
where it is, because the folder is no help then.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

WORDS = (sys.executable, "-P", "-m", "sft")


def surroundings(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of such a process: this one's, and where this program is."""
    found = dict(os.environ if environment is None else environment)
    home = Path(__file__).resolve().parent.parent
    if home.name not in ("site-packages", "dist-packages"):
        found["PYTHONPATH"] = os.pathsep.join(filter(None, (str(home), found.get("PYTHONPATH"))))
    return found
