"""The files that are open in the editor, each as a document of its present text."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

from lsprotocol import types

from compiler.compile import Inspection
from compiler.editor.document import Document
from sft.lsp.positions import Lines, changed, clean
from sft.lsp.world import EditorWorld
from spec_lang.diagnostics import DiagnosticError
from spec_lang.source import SourceFile


def path_of(uri: str) -> Path | None:
    """The file of a URI; None for what is no file yet (``untitled:``)."""
    parsed = urlparse(uri)
    return Path(unquote(parsed.path)) if parsed.scheme == "file" and parsed.path else None


def _lock_of(path: Path | None) -> Inspection | None:
    """What a lock adds to the findings; a lock that cannot be read is told by every command, not at every keystroke."""
    from sft.locking import inspection

    try:
        return inspection(path, locked=False) if path is not None else None
    except DiagnosticError:
        return None


@dataclass(frozen=True, eq=False)
class Open:
    """One open file at one version."""

    uri: str
    version: int | None
    document: Document
    lines: Lines


@dataclass
class Texts:
    """All open files. ``encoding`` is what the editor counts columns in."""

    encoding: str = "utf-16"
    files: dict[str, Open] = field(default_factory=dict)
    _worlds: dict[Path, EditorWorld] = field(default_factory=dict)

    def open(self, uri: str, version: int | None, text: str) -> Open:
        text = clean(text)
        path = path_of(uri)
        folder = path.parent if path is not None else Path()
        name = path.name if path is not None else uri.rsplit(":", 1)[-1]
        # A byte-order mark is part of the text here as in a file: the grammar skips it, and places stay right.
        document = Document(SourceFile(name, text), self.world(folder), _lock_of(path))
        self.files[uri] = Open(uri, version, document, Lines(text, self.encoding))
        return self.files[uri]

    def change(self, uri: str, version: int | None, changes: list[types.TextDocumentContentChangeEvent]) -> Open | None:
        before = self.files.get(uri)
        if before is None:
            return None
        return self.open(uri, version, changed(before.document.text, changes, self.encoding))

    def close(self, uri: str) -> None:
        self.files.pop(uri, None)

    def world(self, folder: Path) -> EditorWorld:
        if folder not in self._worlds:
            self._worlds[folder] = EditorWorld(folder, self.unsaved)
        return self._worlds[folder]

    def unsaved(self, path: Path) -> str | None:
        """The text of a file that is open."""
        wanted = path.resolve()
        for uri, file in self.files.items():
            here = path_of(uri)
            if here is not None and here.name == wanted.name and here.resolve() == wanted:
                return file.document.text
        return None

    def refresh(self) -> None:
        """Forget what was found out of open files: something beside them has changed."""
        for file in list(self.files.values()):
            self.open(file.uri, file.version, file.document.text)

    def uri_of(self, document: Document, origin: Open) -> str:
        """The URI of a file that was reached from an open one."""
        return self.uri_named(document.file, origin)

    def uri_named(self, file: SourceFile, origin: Open) -> str:
        """As the editor spells it where the file is open: two spellings would be two files to it."""
        main = path_of(origin.uri)
        if not file.name or main is None:
            return origin.uri
        path = Path(os.path.normpath(main.parent / file.name))
        return next((uri for uri in self.files if path_of(uri) == path), None) or path.as_uri()
