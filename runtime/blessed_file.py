"""Baselines as files: ``baselines/NAME.json`` beside the spec, one for each run that was blessed.

CI has no store, so what a gate compares with is committed: which run it was, what it measured and how, and a line of
values an item. It is text in a fixed order, so that moving a baseline shows in a review which answers changed. The
file names the hash of everything in it, and a file that was edited is refused: a baseline moves by ``sft bless`` and
by nothing else.

1,319 items with an answer of three models are 41 kB, and 15 kB compressed, as git keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compiler.hashing import HASH_LENGTH, hash_value
from compiler.world import BaselineFacts, BlessedEval, Problem
from spec_lang.suggest import closest

FOLDER = "baselines"
FORMAT = 1
_SHORT = 16  # digits of an item's id: 64 bits, of which two in a million items agree with a chance of 3 in 100 million
_AGAIN = "bless the run again: `sft bless RUN {name} --replace`"


def file_of(name: str) -> str:
    """The path of a baseline's file, relative to the spec."""
    return f"{FOLDER}/{name}.json"


def column(model: str, template: str, metric: str) -> str:
    """How a column of values is called; names hold no spaces."""
    return f"{model} {template} {metric}"


def short_id(row_id: str) -> str:
    """The part of an item's id that a line begins with; what tells rows of equal content apart stays."""
    return row_id[:_SHORT] + row_id[HASH_LENGTH:]


def text_of(document: Mapping[str, Any]) -> str:
    """The file's text; ``document`` has everything but its hash."""
    whole = {"format": FORMAT, "content": hash_value(document), **document}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def names(spec_dir: Path) -> list[str]:
    """The names that have a file."""
    folder = spec_dir / FOLDER
    return sorted(path.stem for path in folder.glob("*.json") if path.is_file()) if folder.is_dir() else []


def read_document(spec_dir: Path, name: str) -> dict[str, Any] | Problem:
    """A baseline's document. Problems: SFT0661 (no such baseline), SFT0662 (not what was blessed)."""
    path = spec_dir / file_of(name)
    again = _AGAIN.format(name=name)
    if "/" in name or "\\" in name or name.startswith("."):
        return Problem("SFT0661", f"`{name}` is no name of a baseline", "name one that `sft bless RUN NAME` gave")
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return Problem(
            "SFT0661", f"no run is blessed as `{name}`: there is no `{file_of(name)}`", _near(spec_dir, name)
        )
    except (OSError, UnicodeDecodeError) as error:
        return Problem(
            "SFT0662", f"`{file_of(name)}` cannot be read: {getattr(error, 'strerror', None) or error}", again
        )
    try:
        whole = json.loads(text)
        document = {key: value for key, value in whole.items() if key not in ("format", "content")}
        sound = whole["format"] == FORMAT and whole["content"] == hash_value(document)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Problem("SFT0662", f"`{file_of(name)}` is not the file of a baseline", again)
    if not sound:
        return Problem("SFT0662", f"`{file_of(name)}` is not as it was blessed: its content has another hash", again)
    if document["name"] != name:
        return Problem("SFT0662", f"`{file_of(name)}` is the file of baseline `{document['name']}`", again)
    return {"content": whole["content"], **document}


def _near(spec_dir: Path, name: str) -> str:
    near = closest(name, names(spec_dir))
    meant = f"did you mean `{near[0]}`? " if near else ""
    return f"{meant}`sft bless RUN {name}` writes it; commit it with the spec"


def baseline_facts(spec_dir: Path, name: str) -> BaselineFacts | Problem:
    """What the compiler has to know of a baseline."""
    found = read_document(spec_dir, name)
    if isinstance(found, Problem):
        return found
    evals = {eval: BlessedEval(item["items"], item["how"]) for eval, item in found["evals"].items()}
    return BaselineFacts(name, file_of(name), found["content"], found["run"], found["ended"], evals)
