"""``sft`` as a person calls it, in this process: words in, exit code and both streams out.

Starting Python and importing what a command needs takes longer than most commands, so a process of its own is for what
only a process shows: kills, locales, pipes, what is loaded, two at once.
"""

from __future__ import annotations

import io
import os
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from sft.cli import main


def sft(*args: str, cwd: Path, **environment: str) -> CompletedProcess[str]:
    """Run a command in a folder. What it prints is taken as text in UTF-8; neither stream is a terminal."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with chdir(cwd), patch.dict(os.environ, environment), redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(args)
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
    told = [stream.detach().getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return CompletedProcess(["sft", *args], code, *told)
