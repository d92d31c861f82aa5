"""How findings look in plain text, on a terminal and as JSON."""

from __future__ import annotations

import io
import json
import re

import pytest
from rich.cells import cell_len

from spec_lang.diagnostics import Diagnostic, Label, Severity
from spec_lang.frames import frame_lines
from spec_lang.records import render_json_lines
from spec_lang.render import print_diagnostics, render_plain
from spec_lang.source import SourceFile, Span

CODE = "SFT0101"


def finding(text: str, at: str, *, path: str = "spec.sft", **more: object) -> Diagnostic:
    """A finding at the first occurrence of ``at``."""
    start = text.index(at)
    return Diagnostic(CODE, "what is wrong", Label(SourceFile(path, text), Span(start, start + len(at))), **more)


def test_labels_in_one_file_share_a_frame_and_other_files_get_their_own() -> None:
    here = SourceFile("spec.sft", "one\ntwo\nthree\nfour four\n" + "\n" * 6 + "eleven\n")
    there = SourceFile("lib/common.sft", "model a {}\n")
    found = Diagnostic(
        CODE,
        "`four` is declared twice",
        Label(here, Span(14, 18)),
        help="rename one of them\nor remove it",
        secondary=(
            Label(here, Span(19, 23), "again here"),
            Label(here, Span(30, 36), "used here"),
            Label(there, Span(6, 7), "and here"),
        ),
        severity=Severity.WARNING,
    )
    assert (
        render_plain([found])
        == """\
warning[SFT0101]: `four` is declared twice
  --> spec.sft:4:1
   |
 4 | four four
   | ^^^^
   |      ---- again here
...
11 | eleven
   | ------ used here
  ::: lib/common.sft:1:7
   |
 1 | model a {}
   |       - and here
   |
   = help: rename one of them
           or remove it
"""
    )


def test_a_finding_without_a_place_has_no_frame() -> None:
    found = Diagnostic(CODE, "the disk is full", None, help="make room")
    assert render_plain([found]) == "error[SFT0101]: the disk is full\n  = help: make room\n"
    assert render_plain([]) == ""
    assert render_plain([found, found]).count("\n\n") == 1


@pytest.mark.parametrize(
    "before", ["x", "日本語", "e\u0301te\u0301", "\t\tx", "🎉 x", "\x1b[31mx", "\u202ex", "a\x00b\x7f"], ids=ascii
)
def test_carets_stand_under_their_place(before: str) -> None:
    """By the width that rich, an independent implementation, gives to the text before."""
    found = finding(f"edition 2026\nsource a {{ {before} WRONG }}", "WRONG")
    source, carets = render_plain([found]).splitlines()[3:5]
    assert cell_len(source[: source.index("WRONG")]) == carets.index("^")
    assert carets.count("^") == 5


def test_long_lines_are_cut_around_the_place() -> None:
    found = finding("a" * 100_000 + " WRONG " + "b" * 100_000, "WRONG")
    source, carets = render_plain([found]).splitlines()[3:5]
    assert len(source) < 140
    assert source.index("WRONG") == carets.index("^")
    assert "…a" in source
    assert source.endswith("b…")


def test_a_span_over_lines_is_marked_on_its_first() -> None:
    found = finding("model a {\n  x = 1\n}\n", "{\n  x = 1\n}")
    assert render_plain([found]).splitlines()[-1] == "  |         ^"


def test_a_place_at_the_very_end_gets_a_caret() -> None:
    text = "model a {"
    found = Diagnostic(CODE, "what is wrong", Label(SourceFile("spec.sft", text), Span(9, 9)))
    assert render_plain([found]).splitlines()[-2:] == ["1 | model a {", "  |          ^"]


def test_no_control_character_gets_through() -> None:
    nasty = "\x1b]52;c;AAAA\x07 \u202e \u200b \x9b31m"
    text = f'source "{nasty}'
    found = Diagnostic(CODE, nasty, Label(SourceFile(nasty, text), Span(0, 6), nasty), help=nasty)
    for shown in (render_plain([found]), on_terminal(found)):
        assert not set(re.sub(r"\x1b\[[0-9;]*m", "", shown)) & set("\x1b\x07\u202e\u200b\x9b")
    json_text = render_json_lines([found])
    assert json_text.isascii()
    assert json.loads(json_text)["message"] == nasty


def test_json_lines() -> None:
    text = "edition 2026\r\nmodel a {\r\n  x = 1\r\n}\r\n"
    findings = [finding(text, "x = 1", help="mend it"), Diagnostic(CODE, "the disk is full", None)]
    first, second = render_json_lines(findings).splitlines()
    assert first == (
        '{"code": "SFT0101", "name": "unexpected-token", "severity": "error", "message": "what is wrong", '
        '"path": "spec.sft", "line": 3, "column": 3, "end_line": 3, "end_column": 8, "help": "mend it", '
        '"fix": [], "related": []}'
    )
    places = ("path", "line", "column", "end_line", "end_column", "help")
    assert {json.loads(second)[key] for key in places} == {None}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(*findings: Diagnostic) -> str:
    stream = Terminal()
    print_diagnostics(findings, stream)
    return stream.getvalue()


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    found = finding("model a { x = 1 }  # [bold]no markup[/bold] :smile:", "x = 1", help="mend it")
    plain = render_plain([found, found])
    coloured = on_terminal(found, found)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert on_terminal(found, found) == plain
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert on_terminal(found, found) == plain
    pipe = io.StringIO()
    print_diagnostics([found, found], pipe)
    assert pipe.getvalue() == plain


def test_a_stream_that_knows_only_ascii_gets_escapes() -> None:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="ascii")
    print_diagnostics([finding('model a { x = "é" }', "é")], stream)
    stream.flush()
    assert b'x = "\\xe9"' in buffer.getvalue()


def test_frames_without_labels() -> None:
    assert frame_lines([], "error") == ([], 1)
