"""Paths as a file writes them, and as the world is asked for them: relative to the folder of the main spec.

A file names other files relative to itself, so that a folder of common parts can be moved as a whole.
A path of the main spec, or of a file beside it, stays as it was written.
"""

from __future__ import annotations

import posixpath

from spec_lang.source import SourceFile

LOCK_NAME = "sft.lock"  # beside the spec
_NO_PATH = ("package:", "hf:", "~")


def rebased(path: str, file: SourceFile) -> str:
    """A path that ``file`` writes, relative to the folder of the main spec."""
    folder = posixpath.dirname(file.name)
    return posixpath.normpath(posixpath.join(folder, path)) if folder else path


def rebased_weights(weights: str, file: SourceFile) -> str:
    """Where the weights of a model are; a package, a hub repository and a home folder are the same from everywhere."""
    return weights if weights.startswith(_NO_PATH) else rebased(weights, file)
