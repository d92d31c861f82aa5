"""The project that ``sft init`` writes: a spec, its data and a ``.gitignore``.

The files lie in this folder as they will lie in the project, so they can be read, checked and
tested like any others. It is the triage example cut down to what runs in a minute or two on two
cores: fewer tickets, one template, one gate.
"""

from __future__ import annotations

from pathlib import Path

from spec_lang.diagnostics import fatal

FILES = ("triage.sft", "tickets.jsonl")
GITIGNORE = "# the results of `sft run`: made from the spec, so not for git\n.sft/\n"


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
