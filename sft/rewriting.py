"""Put a new text in the place of a spec, whole or not at all.

The text goes to a temporary file beside it, gets the old one's mode and takes its name, so a
reader sees the old file or the new one. A file that somebody changed since it was read is left as it is.
A symbolic link stays one: what it leads to is replaced. Costs one flush of a small file.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_MARK = b"\xef\xbb\xbf"  # a byte-order mark, which readers skip and which stays


def rewrite(path: Path, before: bytes, text: str) -> None:
    """Replace the content; ``before`` is what was read.

    Raises DiagnosticError SFT0919 when the file holds something else now, or cannot be written.
    """
    from spec_lang.diagnostics import fatal

    target = path.resolve()
    content = (_MARK if before.startswith(_MARK) else b"") + text.encode("utf-8")
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".new", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(stat.S_IMODE(target.stat().st_mode))
        if target.read_bytes() != before:
            raise fatal("SFT0919", f"`{path}` was changed by another program meanwhile", "run the command again")
        Path(temporary).replace(target)
        temporary = ""
    except OSError as error:
        raise fatal("SFT0919", f"`{path}` cannot be written: {error.strerror}") from None
    finally:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
