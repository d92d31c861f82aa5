"""Findings to the editor: a moment after the last keystroke, off the loop that answers questions.

Findings in an imported file are shown there, under the file that imports it: what is published for a
URI is the union of what every open file found in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from lsprotocol import types

from sft.lsp import convert
from sft.lsp.texts import Open, Texts

PAUSE = 0.15  # seconds without a keystroke

Found = dict[str, list[types.Diagnostic]]


def found_by(file: Open, texts: Texts) -> Found:
    """What a check of an open file finds, by URI. The file itself is always there, so that what is mended goes."""
    found: Found = {file.uri: []}
    for item in file.document.findings:
        if item.primary is None:
            continue
        uri = texts.uri_named(item.primary.file, file)
        found.setdefault(uri, []).append(convert.finding(item, item.primary, file, texts))
    return found


@dataclass
class Findings:
    """Checks that wait, and what was found last by which open file. ``log`` takes what must not happen."""

    texts: Texts
    publish: Callable[[types.PublishDiagnosticsParams], None]
    log: Callable[[BaseException], None]
    _waiting: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _by_origin: dict[str, Found] = field(default_factory=dict)

    def changed(self, uri: str, pause: float = PAUSE) -> None:
        """Check a file soon, and every open file that imports others: it may be one of them."""
        importing = [other for other, file in self.texts.files.items() if other != uri and file.document.imports]
        for each in (uri, *importing):
            task = self._waiting.pop(each, None)
            if task is not None:
                task.cancel()
            self._waiting[each] = asyncio.get_running_loop().create_task(self._check(each, pause))

    def all_changed(self) -> None:
        self.texts.refresh()
        for uri in list(self.texts.files):
            self.changed(uri)

    def closed(self, uri: str) -> None:
        task = self._waiting.pop(uri, None)
        if task is not None:
            task.cancel()
        self._publish(uri, {})

    async def _check(self, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        file = self.texts.files.get(uri)
        if file is None:
            return
        if file.document.imports:  # made anew: an imported file may have changed
            file = self.texts.open(uri, file.version, file.document.text)
        try:
            found = await asyncio.to_thread(found_by, file, self.texts)
        except Exception as error:  # A bug of ours costs these findings and not the server.
            self.log(error)
            return
        if self.texts.files.get(uri) is file:
            self._publish(uri, found)

    def _publish(self, origin: str, found: Found) -> None:
        before = self._by_origin.pop(origin, {})
        if found:
            self._by_origin[origin] = found
        for uri in {**before, **found, origin: []}:
            together: list[types.Diagnostic] = []
            for each in self._by_origin.values():
                together += [item for item in each.get(uri, []) if item not in together]
            file = self.texts.files.get(uri)
            version = file.version if file is not None else None
            self.publish(types.PublishDiagnosticsParams(uri, together, version))
