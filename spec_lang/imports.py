"""Which files a file imports, by its tokens: for who keeps the files of a spec together and compiles nothing.

Paths are from the folder of the main spec, as the compiler has them. A file that does not parse names its imports too.
"""

from __future__ import annotations

import posixpath
from itertools import pairwise

from spec_lang.diagnostics import Diagnostics
from spec_lang.lexing import tokens_of
from spec_lang.literals import read_string
from spec_lang.source import SourceFile


def imported_paths(file: SourceFile) -> tuple[str, ...]:
    """The paths that a file imports, each once, in the order of the text."""
    found: dict[str, None] = {}
    for word, path in pairwise(tokens_of(file)[0]):
        if word.type == "IMPORT" and path.type == "STRING":
            written = read_string(path.text, path.span, file, Diagnostics())
            if written:
                found[posixpath.normpath(posixpath.join(posixpath.dirname(file.name), written))] = None
    return tuple(found)
