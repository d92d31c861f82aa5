"""A bug of ours as a finding: SFT0911, with the traceback in a file from which it can be reported.

For places that go on after it: the end of a command, a view of the dashboard. The same traceback is written once a
process, because a list that cannot be read is asked for again and again.
"""

from __future__ import annotations

import os
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path

from spec_lang.diagnostics import Diagnostic, DiagnosticError, fatal
from spec_lang.plain_text import one_line

_KEPT: dict[str, str] = {}  # traceback -> its file


def finding_of(error: BaseException) -> Diagnostic:
    """What is to be told of anything that was raised."""
    if isinstance(error, DiagnosticError):
        return error.diagnostics[0]
    text = "".join(traceback.format_exception(error))
    if text not in _KEPT:
        with suppress(OSError):  # a full disk
            handle, path = tempfile.mkstemp(prefix="sft-crash-", suffix=".txt")
            os.close(handle)
            Path(path).write_text(text, encoding="utf-8", errors="backslashreplace")
            _KEPT[text] = path
    message = f"internal error: {one_line(text.strip().splitlines()[-1], 300)}"
    where = f"; the details are in {_KEPT[text]}" if text in _KEPT else ""
    return fatal("SFT0911", message, f"this is a bug in sft{where}").diagnostics[0]
