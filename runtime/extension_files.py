"""Python files that hold functions of the user's: found and read, never run here.

A package is found by the entry point that it has in the group ``sft.extensions``; its file is looked for along the
import path, because asking Python where a module is would run the packages above it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from compiler.world import Problem
from spec_lang.suggest import closest

GROUP = "sft.extensions"
_CODE = "SFT0266"
_MOST_BYTES = 4 << 20


def read_extension(spec_dir: Path, path: str | None, package: str | None) -> str | Problem:
    """The text of the file. Problems: SFT0266."""
    found = find_extension(spec_dir, path, package)
    if isinstance(found, Problem):
        return found
    shown = path or package
    try:
        if found.stat().st_size > _MOST_BYTES:
            return Problem(_CODE, f"`{shown}` is larger than {_MOST_BYTES >> 20} MiB")
        return found.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Problem(_CODE, f"`{shown}` is not UTF-8 text (byte {error.start})", "save it as UTF-8")
    except (OSError, ValueError) as error:
        return Problem(_CODE, f"`{shown}` cannot be read: {getattr(error, 'strerror', None) or error}")


def find_extension(spec_dir: Path, path: str | None, package: str | None) -> Path | Problem:
    """Where the file of an extension is. Problems: SFT0266."""
    if path is not None:
        whole = spec_dir / path
        try:
            if whole.is_file():
                return whole
        except ValueError:
            return Problem(_CODE, "a path holds no null character")
        near = closest(whole.name, sorted(file.name for file in whole.parent.glob("*.py")))
        help = f"did you mean `{(Path(path).parent / near[0]).as_posix()}`?" if near else None
        what = "is a folder, not a Python file" if whole.is_dir() else "is not there"
        return Problem(_CODE, f"`{path}` {what}", help)
    return _of_package(package or "")


def _of_package(package: str) -> Path | Problem:
    from importlib.metadata import entry_points

    points = entry_points(group=GROUP)
    found = next((point for point in points if point.name == package), None)
    if found is None:
        known = ", ".join(f"`{name}`" for name in sorted({point.name for point in points})) or "none"
        message = f"no installed package has an entry point `{package}` in the group `{GROUP}`"
        return Problem(_CODE, message, f"there are: {known}")
    parts = Path(*found.module.split("."))
    for folder in sys.path:
        for candidate in (Path(folder) / parts.with_suffix(".py"), Path(folder) / parts / "__init__.py"):
            if candidate.is_file():
                return candidate
    return Problem(_CODE, f"the file of the module `{found.module}` is not on the import path")
