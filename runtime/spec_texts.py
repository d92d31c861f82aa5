"""Texts of imported specs, read as what they are: UTF-8, small, and written by people.

A file that cannot be read becomes a Problem at the import that names it, with a near name where there is one.
"""

from __future__ import annotations

from pathlib import Path

from compiler.world import Problem
from spec_lang.suggest import closest

_MOST_BYTES = 16 << 20  # A spec of 50,000 lines has 2 MB: what is larger is no spec.


def read_spec_text(spec_dir: Path, path: str) -> str | Problem:
    """The text of a spec beside the main one. Problems: SFT0230."""
    whole = spec_dir / path
    try:
        if whole.is_dir():
            return Problem("SFT0230", f"`{path}` is a folder, not a spec", _near(whole, path))
        if whole.exists() and not whole.is_file():
            return Problem("SFT0230", f"`{path}` is no ordinary file")
        if whole.stat().st_size > _MOST_BYTES:
            return Problem("SFT0230", f"`{path}` is larger than {_MOST_BYTES >> 20} MiB, which no spec is")
        return whole.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Problem("SFT0230", f"there is no file `{path}`", _near(whole, path))
    except UnicodeDecodeError as error:
        return Problem("SFT0230", f"`{path}` is not UTF-8 text (byte {error.start})", "save it as UTF-8")
    except (OSError, ValueError) as error:
        return Problem("SFT0230", f"`{path}` cannot be read: {getattr(error, 'strerror', None) or error}")


def _near(whole: Path, path: str) -> str | None:
    """Did you mean: a spec in the same folder (or in the folder that was named) with a similar name."""
    folder, shown = (whole, Path(path)) if whole.is_dir() else (whole.parent, Path(path).parent)
    if not folder.is_dir():
        return f"there is no folder `{shown}`"
    specs = sorted(entry.name for entry in folder.iterdir() if entry.suffix == ".sft" and entry.is_file())
    near = closest(whole.name, specs) or (tuple(specs[:1]) if whole.is_dir() else ())
    return f"did you mean `{(shown / near[0]).as_posix()}`?" if near else None
