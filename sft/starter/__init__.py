"""The project that ``sft init`` writes: a spec, its data and a ``.gitignore``.

The files lie in this folder as they will lie in the project, so they can be read, checked and
tested like any others. It is the triage example cut down to what runs in a minute or two on two
cores: fewer tickets, one template, one gate.
"""

from __future__ import annotations

import re
from pathlib import Path

from spec_lang.diagnostics import fatal

FILES = ("triage.sft", "tickets.jsonl")
GITIGNORE = "# the results of `sft run`: made from the spec, so not for git\n.sft/\n"
_STORE = re.compile(r"^\s*(\*\*)?/?\.sft/?\**\s*$", re.MULTILINE)  # the ways to say so


def write_starter(folder: Path) -> list[Path]:
    """Write the project into ``folder`` (made when missing) and return its files, the spec first.

    Nothing is overwritten: a ``.gitignore`` that is there stays, and any other file of the project that is
    there raises DiagnosticError SFT0918 before anything is written.
    """
    here = Path(__file__).parent
    texts = {name: (here / name).read_bytes() for name in FILES}
    taken = [name for name in texts if (folder / name).exists()]
    if taken:
        raise fatal(
            "SFT0918",
            f"`{folder}` already has a `{taken[0]}`, and nothing is overwritten",
            "name a folder that does not have it yet: `sft init another-folder`",
        )
    if not (folder / ".gitignore").exists():
        texts[".gitignore"] = GITIGNORE.encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_bytes(text)
    except OSError as error:
        raise fatal("SFT0918", f"the project cannot be written to `{folder}`: {error.strerror}") from None
    return [folder / name for name in texts]


def keep_store_out(folder: Path, root: Path) -> tuple[Path, bool]:
    """Keep the store of a folder out of the repository at ``root``: the ``.gitignore`` of the folder, and whether it
    says so or had to be written. One that is there is never changed. Raises DiagnosticError SFT0918."""
    place = folder / ".gitignore"
    folders = [folder.resolve(), *folder.resolve().parents]
    for above in folders[: folders.index(root) + 1] if root in folders else folders[:1]:
        if _says_so(above / ".gitignore"):
            return above / ".gitignore", True
    if place.exists():
        return place, False
    try:
        place.write_text(GITIGNORE, encoding="utf-8")
    except OSError as error:
        raise fatal("SFT0918", f"`{place}` cannot be written: {error.strerror}") from None
    return place, True


def _says_so(path: Path) -> bool:
    return path.is_file() and _STORE.search(path.read_text(encoding="utf-8", errors="replace")) is not None
