"""From the words of a spec to a folder that a model or its tokenizer is loaded from; imports no torch to look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from compiler.world import Problem
from runtime.file_hashes import content_hash
from runtime.models.weights import GgufFile, HubSnapshot, fetch, locate
from spec_lang.diagnostics import fatal


def model_folder(weights: str, spec_dir: Path, tell: Callable[[str], None] | None = None) -> Path:
    """The folder to load from; downloads a pinned snapshot or converts a GGUF file when that has not been done.

    ``tell`` gets a line before anything that takes long. Raises DiagnosticError for every Problem of ``locate``.
    """
    found = locate(weights, spec_dir)
    if isinstance(found, HubSnapshot):
        if tell is not None:
            tell(f"downloading {found.repository}")
        found = fetch(found)
    if isinstance(found, Problem):
        raise fatal(found.code, found.message, found.help)
    if isinstance(found, GgufFile):
        from runtime.models.gguf_weights import converted

        return converted(found.path, content_hash(found.path), tell)
    return found.path
