"""The tokenizer of a step's model, as far as it is on this machine and still the one that the step's hash names.

For looking at what a model was given: nothing is downloaded or converted for that. Loading costs about three seconds
the first time (the import of transformers) and half a second after that, so loaded ones are kept.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from compiler.plan import Step
from compiler.world import Problem
from runtime.file_hashes import content_hash
from runtime.models.gguf_weights import conversion_folder
from runtime.models.unchanged import changed_parts
from runtime.models.weights import GgufFile, HubSnapshot, locate


class NotAtHand(Exception):
    """Why the tokenizer cannot be had, in a sentence."""


def tokenizer_at_hand(step: Step, spec_dir: Path) -> Any:
    """The tokenizer with its chat template. Raises NotAtHand, and DiagnosticError for files that cannot be read."""
    weights, template = step.local["weights"], step.local.get("chat_template")
    hashed = {name: step.content[name] for name in ("tokenizer", "chat_template") if name in step.content}
    folder = _folder(weights, spec_dir)
    if other := changed_parts(hashed, weights, template, spec_dir):
        raise NotAtHand(f"the {' and the '.join(other)} of `{weights}` is another one by now")
    return _tokenizer(folder, template, spec_dir)


def _folder(weights: str, spec_dir: Path) -> Path:
    found = locate(weights, spec_dir)
    if isinstance(found, Problem):
        raise NotAtHand(f"{found.message}; {found.help}" if found.help else found.message)
    if isinstance(found, HubSnapshot):
        raise NotAtHand(f"`{weights}` is not on this machine; a run that needs it fetches it")
    if isinstance(found, GgufFile):
        folder = conversion_folder(content_hash(found.path))
        if not (folder / "config.json").exists():
            raise NotAtHand(f"`{weights}` has not been converted on this machine; a run that needs it does that")
        return folder
    return found.path


@lru_cache(maxsize=4)
def _tokenizer(folder: Path, chat_template: str | None, spec_dir: Path) -> Any:
    from runtime.models.loading import load_tokenizer

    return load_tokenizer(folder, chat_template, spec_dir)
