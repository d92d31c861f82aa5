"""Findings as workflow commands of GitHub Actions, which shows them beside the lines of a pull request.

``::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message``. The runner reads a command a
line and undoes percent-encoding: ``%``, CR and LF everywhere, ``:`` and ``,`` in properties too. All text
is encoded so, and other control characters are shown as symbols, so that no spec can forge a command of its own.

GitHub keeps ten annotations of a kind from a step and drops the others in silence, so of more than ten the tenth says
how many are missing, and those stand below as plain lines of the log, where the runner is told to read no commands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any, TextIO, cast

from msgspec import Struct

from spec_lang.diagnostics import Diagnostic
from spec_lang.plain_text import visible

MOST_OF_A_KIND = 10  # that GitHub shows of a step; the runner drops the rest
LONGEST_MESSAGE = 4096  # characters that the runner passes on
LONGEST_TITLE = 255
# What the runner reads as a command: `##[` anywhere in a line, `::` at its start. A lone CR ends a line, too.
_COMMAND = re.compile(r"(?P<old>##)\[|(?P<start>(?:\A|[\r\n])[^\S\r\n]*):(?=:)")


class Annotation(Struct, frozen=True):
    """A message at a place; ``kind`` is error, warning or notice. Lines and columns count from 1, ends
    are exclusive; without a path there is no place."""

    kind: str
    title: str
    message: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


def render_github(diagnostics: Iterable[Diagnostic], shown: Callable[[str], str] = str) -> str:
    """The findings as annotations; those without a place have no file.

    ``shown`` says how a path is written: GitHub wants it from the root of the repository.
    """
    return render_annotations([_annotation(diagnostic, shown) for diagnostic in diagnostics])


def render_annotations(annotations: Sequence[Annotation]) -> str:
    """One command a line, at most ``MOST_OF_A_KIND`` of each kind; what does not fit is told in plain lines."""
    commands: list[str] = []
    left: list[Annotation] = []
    counts = Counter(annotation.kind for annotation in annotations)
    room = {kind: MOST_OF_A_KIND if count <= MOST_OF_A_KIND else MOST_OF_A_KIND - 1 for kind, count in counts.items()}
    for annotation in annotations:
        room[annotation.kind] -= 1
        if room[annotation.kind] >= 0:
            commands.append(_command(annotation))
        else:
            left.append(annotation)
    commands += [_command(_sum(kind, -below)) for kind, below in room.items() if below < 0]
    return "".join(f"{command}\n" for command in commands) + uncommanded(
        "".join(f"{_plain(annotation)}\n" for annotation in left)
    )


def _sum(kind: str, more: int) -> Annotation:
    message = f"GitHub shows {MOST_OF_A_KIND} {kind}s of a step; these {more:,} are in the log of this step"
    return Annotation(kind, f"{more:,} more {kind}{'s' * (more != 1)}", message)


def uncommanded(text: str) -> str:
    """Lines in which the runner reads no command, old forms such as ``##[error]`` included, that hold text from data.
    The token that ends this is a hash of the lines, so that none of them can hold it."""
    if not text:
        return ""
    token = sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
    return f"::stop-commands::{token}\n{text}::{token}::\n"


def defused(text: str) -> str:
    """Text with a blank within whatever the runner would read as a command: `## [error]`, `: :error::`.

    For a stream of its own: the runner reads standard output and standard error side by side, so a command that tells
    it to stop on one could swallow an annotation on the other."""
    return _COMMAND.sub(lambda match: "## [" if match["old"] else f"{match['start']}: ", text)


class Defused:
    """A stream on which nothing is a command; whole lines go through, the rest with ``finish``."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._begun = ""

    def write(self, text: str) -> int:
        lines, end, rest = (self._begun + text).rpartition("\n")
        self._begun = rest
        if end:
            self.stream.write(defused(lines) + end)
        return len(text)

    def finish(self) -> None:
        """Write a line that has no end yet."""
        begun, self._begun = self._begun, ""
        self.stream.write(defused(begun))
        self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def defused_stream(stream: TextIO) -> TextIO:
    return cast("TextIO", Defused(stream))


def commanding(stream: TextIO) -> TextIO:
    """The stream on which our own commands are read, of one that may be defused."""
    if isinstance(stream, Defused):
        stream.finish()
        return stream.stream
    return stream


def _annotation(diagnostic: Diagnostic, shown: Callable[[str], str]) -> Annotation:
    title = f"{diagnostic.code} {diagnostic.name}"
    message = diagnostic.message + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    kind = diagnostic.severity.value
    if (label := diagnostic.primary) is None:
        return Annotation(kind, title, message)
    place = (*label.file.position(label.span.start), *label.file.position(label.span.end))
    return Annotation(kind, title, message, shown(label.file.path), *place)


def _command(annotation: Annotation) -> str:
    properties: dict[str, str] = {}
    if annotation.path:
        properties = {"file": annotation.path.replace("\\", "/")}
        line, end_line = annotation.line, annotation.end_line
        columns = end_line in (None, line)  # GitHub refuses columns of a range over lines
        places = {
            "line": line,
            "col": annotation.column if columns else None,
            "endLine": end_line,
            "endColumn": annotation.end_column if columns else None,
        }
        properties |= {name: str(value) for name, value in places.items() if value is not None}
    properties["title"] = _cut(visible(annotation.title), LONGEST_TITLE)
    named = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{annotation.kind} {named}::{_data(annotation.message)}"


def _plain(annotation: Annotation) -> str:
    line = "" if annotation.line is None else f":{annotation.line}"
    place = f"{annotation.path}{line}: " if annotation.path else ""
    return visible(f"{annotation.kind}: {place}{annotation.title}: {annotation.message}".replace("\n", "; "))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _data(text: str) -> str:
    shown = _cut(visible(text.replace("\r", ""), newlines=True), LONGEST_MESSAGE)
    return shown.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return visible(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
