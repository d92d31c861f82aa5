"""The files of a spec as lines: coloured by the language's own lexer, with findings and results at their places. Pure.

A text is cut into the words of the language (``compiler.editor.words``, as editors get them), so what is coloured is
what the compiler reads. A file of two thousand lines costs some 100 ms, once a file and run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from compiler.editor.words import Role, words_of
from spec_lang.lexing import tokens_of
from spec_lang.source import SourceFile
from tui.formats import count
from tui.overlap_queries import OverlapSet
from tui.spec_queries import LineFinding, SpecText
from tui.view_models.spec_notes import Beside, Notes, Opens, Spot

Ink = Literal["plain", "word", "name", "field", "call", "text", "number", "comment"]
_INKS: dict[Role, Ink] = {
    Role.HEADER: "word",
    Role.KIND: "word",
    Role.VERB: "word",
    Role.CLAUSE: "word",
    Role.NAMED: "word",
    Role.OPERATOR: "word",
    Role.BLOCK: "name",
    Role.MEMBER: "name",
    Role.PARAM: "name",
    Role.ALIAS: "name",
    Role.FIELD: "field",
    Role.ARGUMENT: "field",
    Role.TAG: "call",
    Role.FUNCTION: "call",
    Role.STRING: "text",
    Role.NUMBER: "number",
}


@dataclass(frozen=True)
class Run:
    """Neighbouring characters of one look."""

    text: str
    ink: Ink


@dataclass(frozen=True)
class SpecLine:
    number: int
    runs: tuple[Run, ...]
    beside: tuple[Beside, ...] = ()
    findings: tuple[LineFinding, ...] = ()
    opens: Opens | None = None

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    @property
    def severity(self) -> str:
        """The worst of the findings; empty without any."""
        found = {finding.severity for finding in self.findings}
        return "error" if "error" in found else "warning" if found else ""

    @property
    def shown(self) -> str:
        """What stands beside the line in one text, owners named where there are several."""
        several = len({one.owner for one in self.beside}) > 1
        texts = [f"{one.owner} {one.text}" if one.owner and several else one.text for one in self.beside]
        return " · ".join(texts)


@dataclass(frozen=True)
class SpecPage:
    """A file. ``elsewhere`` are findings that no line of it has."""

    path: str
    note: str
    lines: tuple[SpecLine, ...]
    elsewhere: tuple[LineFinding, ...] = ()

    def counted(self, severity: str) -> int:
        return sum(finding.severity == severity for line in self.lines for finding in line.findings)


def spec_pages(texts: Sequence[SpecText], notes: Notes, findings: Sequence[LineFinding]) -> tuple[SpecPage, ...]:
    """The files with everything that is said of their lines."""
    return tuple(_page(text, notes, findings) for text in texts)


def _page(text: SpecText, notes: Notes, findings: Sequence[LineFinding]) -> SpecPage:
    lines = coloured_lines(text.path, text.text)
    own = [finding for finding in findings if finding.path == text.path]
    at = {number: tuple(f for f in own if f.line == number) for number in {finding.line for finding in own}}
    made = []
    for number, runs in enumerate(lines, 1):
        spot: Spot = (text.path, number)
        beside, opens = tuple(notes.beside.get(spot, ())), notes.opens.get(spot)
        made.append(SpecLine(number, runs, beside, at.get(number, ()), opens))
    elsewhere = tuple(finding for finding in own if not 1 <= finding.line <= len(lines))
    return SpecPage(text.path, text.note, tuple(made), elsewhere)


@lru_cache(maxsize=16)
def coloured_lines(path: str, text: str) -> tuple[tuple[Run, ...], ...]:
    """Every line of a text as runs; together they spell it, tabs as four blanks."""
    looks: list[tuple[int, int, Ink]] = []
    file = SourceFile(path, text, path)
    tokens, comments = tokens_of(file)
    for word in words_of(file, tokens):
        ink = _INKS.get(word.role)
        if ink is not None:
            looks.append((word.span.start, word.span.end, ink))
    looks += [(comment.span.start, comment.span.end, "comment") for comment in comments]
    lines: list[list[Run]] = [[]]
    position = 0
    for start, end, ink in sorted(looks):
        if start >= position:
            _add(lines, text[position:start], "plain")
            _add(lines, text[start:end], ink)
            position = end
    _add(lines, text[position:], "plain")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()  # what follows the last line break is no line
    return tuple(tuple(line) for line in lines)


def _add(lines: list[list[Run]], text: str, ink: Ink) -> None:
    first, *rest = text.replace("\r\n", "\n").replace("\t", "    ").split("\n")
    if first:
        lines[-1].append(Run(first, ink))
    for piece in rest:
        lines.append([Run(piece, ink)] if piece else [])


def rule_line(text: SpecText, head: int, verb: str) -> int | None:
    """The line of the first rule with a verb in the block whose head stands on a line."""
    file = SourceFile(text.path, text.text, text.path)
    for word in words_of(file, tokens_of(file)[0]):
        line = file.position(word.span.start)[0]
        if line > head and word.role is Role.KIND and not word.site.frames:
            return None
        if line >= head and word.role is Role.VERB and word.text == verb:
            return line
    return None


def put_overlap(notes: Notes, texts: Sequence[SpecText], sets: Sequence[OverlapSet], plan: Mapping[str, Any]) -> None:
    """What decontamination found, at the rule that asked for it.

    The plan has no line for it, because every training on rows of an eval's task compares them, asked or not: where no
    rule was written it stands at the head of the block.
    """
    files = {text.path: text for text in texts}
    for step in plan.get("steps", ()):
        if step["kind"] != "decontaminate" or step["place"]["path"] not in files:
            continue
        path, head = step["place"]["path"], step["place"]["line"]
        line = rule_line(files[path], head, "decontaminate") or head
        for one in sets:
            if one.step_id == f"decontaminate:{step['name']}":
                told = f"{count(one.hit)} of {count(one.items)} items given away by {count(one.rows)} rows"
                owner = one.text.removeprefix("decontaminate against ")
                opens = Opens("data", one.step_id, part="overlap")
                notes.put((path, line), Beside(told, "accent" if one.hit else "faint", owner), opens)
