"""A small editor: starts ``sft lsp`` and talks to it over its pipes, as a real one would."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

PATIENCE = 60  # seconds for an answer; only a server that hangs takes as long


class Refused(Exception):
    """An error that the server answered with."""


class Editor:
    """One connection. Messages are read by a thread, so that nothing waits for the other side."""

    def __init__(self, folder: Path, encodings: list[str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sft", "lsp"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.published: list[dict[str, Any]] = []
        self.logged: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.count = 0
        threading.Thread(target=self._read, daemon=True).start()
        general = {"general": {"positionEncodings": encodings}} if encodings else {}
        capabilities = {
            **general,
            "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}},
            "window": {"showDocument": {"support": True}},
        }
        asked = {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities}
        self.capabilities = self.request("initialize", asked)["capabilities"]
        self.notify("initialized", {})

    # --- the wire -------------------------------------------------------------------------------

    def _read(self) -> None:
        out = self.process.stdout
        assert out is not None
        while header := out.readline():
            assert header.startswith(b"Content-"), f"not a header: {header!r}"
            length = int(header.split(b":")[1]) if header.startswith(b"Content-Length") else 0
            while (line := out.readline()) != b"\r\n":
                length = int(line.split(b":")[1]) if line.startswith(b"Content-Length") else length
            self.inbox.put(json.loads(out.read(length)))
        self.inbox.put(None)

    def send(self, body: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _message(self, **message: Any) -> None:
        self.send(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def notify(self, method: str, params: Any) -> None:
        self._message(method=method, params=params)

    def request(self, method: str, params: Any) -> Any:
        self.count += 1
        number = self.count
        self._message(id=number, method=method, params=params)
        while True:
            message = self.next()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise Refused(message["error"]["message"])
                return message["result"]

    def next(self) -> dict[str, Any]:
        """The next message; notifications and requests of the server are noted on the way."""
        message = self.inbox.get(timeout=PATIENCE)
        assert message is not None, f"the server left: {self.process.stderr.read().decode()[-2000:]}"  # type: ignore[union-attr]
        if message.get("method") == "textDocument/publishDiagnostics":
            self.published.append(message["params"])
        elif message.get("method") == "window/logMessage":
            self.logged.append(message["params"]["message"])
            assert "internal error" not in self.logged[-1], self.logged[-1]
        elif "method" in message and "id" in message:
            self.asked.append(message)
            self._message(id=message["id"], result={"success": True})
        return message

    # --- what a person does ---------------------------------------------------------------------

    def open(self, path: Path, text: str | None = None) -> str:
        text = path.read_text(encoding="utf-8") if text is None else text
        uri = path.as_uri()
        document = {"uri": uri, "languageId": "sft", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def change(self, uri: str, version: int, *changes: tuple[tuple[int, int], tuple[int, int], str]) -> None:
        """Replace ranges, given as (line, column) pairs from 0, by texts."""
        edits = [{"range": range_of(start, end), "text": text} for start, end, text in changes]
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": edits})

    def findings(self, uri: str, version: int) -> list[dict[str, Any]]:
        """The findings of one version of a file, once they are there."""
        while True:
            for found in self.published:
                if found["uri"] == uri and found.get("version") == version:
                    self.published.remove(found)
                    diagnostics: list[dict[str, Any]] = found["diagnostics"]
                    return diagnostics
            self.next()

    def at(self, method: str, uri: str, line: int, column: int, **more: Any) -> Any:
        position = {"line": line, "character": column}
        return self.request(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": position, **more})

    def close(self) -> int:
        """Say goodbye; the exit code of the server."""
        self.request("shutdown", None)
        self.notify("exit", None)
        return self.process.wait(timeout=PATIENCE)


def range_of(start: tuple[int, int], end: tuple[int, int]) -> dict[str, Any]:
    places = {"start": start, "end": end}
    return {name: {"line": line, "character": column} for name, (line, column) in places.items()}
