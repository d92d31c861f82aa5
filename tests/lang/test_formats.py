"""Findings for programs: JSON lines, annotations of GitHub Actions, and SARIF against the rules of its schema."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from spec_lang import codes
from spec_lang.diagnostics import Diagnostic, Diagnostics, Edit, Label, Severity
from spec_lang.github import render_github
from spec_lang.parsing import parse
from spec_lang.records import record, render_json_lines
from spec_lang.sarif import render_sarif
from spec_lang.source import SourceFile, Span

TEXT = "edition 2026\r\n\r\ntrain a {\r\n  epochs: 1\r\n}\r\n\r\ntrain b {\r\n  x = 'é'\r\n}\r\n"
NASTY = Diagnostic(
    "SFT0204",
    "100% wrong: a,b\n::error::forged\x1b[31m",
    Label(SourceFile("dir,1:2/spec.sft", "one\ntwo\n"), Span(0, 7)),
    help="first\nsecond",
    secondary=(Label(SourceFile("lib/common.sft", "x"), Span(0, 1), "declared here"),),
    severity=Severity.WARNING,
)
NOWHERE = Diagnostic("SFT0904", "the disk is full", None)


def findings() -> list[Diagnostic]:
    found = Diagnostics()
    parse(SourceFile("spec.sft", TEXT), found)
    return [*found, NASTY, NOWHERE]


# --- JSON ---------------------------------------------------------------------------------------


def test_a_record_has_edits_and_further_places() -> None:
    colon, quotes, nasty, nowhere = (json.loads(line) for line in render_json_lines(findings()).splitlines())
    assert colon["fix"] == [{"start_line": 4, "start_column": 9, "end_line": 4, "end_column": 10, "text": " ="}]
    assert quotes["fix"][0]["text"] == '"é"'
    assert nasty["fix"] == [] and nasty["related"] == [
        {
            "path": "lib/common.sft",
            "line": 1,
            "column": 1,
            "end_line": 1,
            "end_column": 2,
            "message": "declared here",
        }
    ]
    assert nowhere["path"] is None and nowhere["line"] is None and nowhere["fix"] == []


def test_edits_in_a_record_can_be_applied() -> None:
    """As another program would: by lines and columns."""
    finding = findings()[0]
    lines = TEXT.split("\n")
    for edit in reversed(record(finding)["fix"]):
        line = lines[edit["start_line"] - 1]
        new = line[: edit["start_column"] - 1] + edit["text"] + line[edit["end_column"] - 1 :]
        lines[edit["start_line"] - 1] = new
    assert lines[3] == "  epochs = 1\r"


# --- GitHub -------------------------------------------------------------------------------------


def test_annotations() -> None:
    colon, _, nasty, nowhere = render_github(findings()).splitlines()
    assert colon == (
        "::error file=spec.sft,line=4,col=9,endLine=4,endColumn=10,title=SFT0107 colon-for-equals"
        "::fields are set with `=`%0Ahelp: write `epochs = …`"
    )
    assert nasty == (
        "::warning file=dir%2C1%3A2/spec.sft,line=1,endLine=2,title=SFT0204 unknown-field"
        "::100%25 wrong: a,b%0A::error::forged␛[31m%0Ahelp: first%0Asecond"
    )
    assert nowhere == "::error title=SFT0904 disk-full::the disk is full"


def test_an_annotation_is_one_line_that_the_runner_reads_back() -> None:
    """By the runner's own rules: a command a line, properties between blanks and `::`, percent-encoding."""
    command = re.compile(r"::(?P<kind>\w+) (?P<properties>.*?)::(?P<message>.*)")
    for line, finding in zip(render_github(findings()).splitlines(), findings(), strict=True):
        match = command.fullmatch(line)
        assert match is not None and match["kind"] == finding.severity.value
        message = match["message"].replace("%0A", "\n").replace("%25", "%")
        assert message.startswith(finding.message.replace("\x1b", "␛"))


# --- SARIF --------------------------------------------------------------------------------------

# What sarif-schema-2.1.0.json says of the objects that are written here: property -> type, required ones marked `!`; no
# other properties are taken. A tuple is the type of each item of an array.
SHAPES: dict[str, dict[str, Any]] = {
    "log": {"$schema": str, "version!": "2.1.0", "runs!": ("run",)},
    "run": {"tool!": "tool", "columnKind": "unicodeCodePoints", "results": ("result",)},
    "tool": {"driver!": "driver"},
    "driver": {"name!": str, "semanticVersion": str, "rules": ("rule",)},
    "rule": {"id!": str, "name": str, "shortDescription": "text", "help": "markdown"},
    "text": {"text!": str},
    "markdown": {"text!": str, "markdown": str},
    "result": {
        "ruleId": str,
        "ruleIndex": int,
        "level": str,
        "message!": "text",
        "locations": ("location",),
        "fixes": ("fix",),
        "relatedLocations": ("location",),
    },
    "location": {"id": int, "physicalLocation": "place", "message": "text"},
    "place": {"artifactLocation!": "artifact", "region": "region"},
    "artifact": {"uri!": str},
    "region": {"startLine": int, "startColumn": int, "endLine": int, "endColumn": int},
    "fix": {"description": "text", "artifactChanges!": ("change",)},
    "change": {"artifactLocation!": "artifact", "replacements!": ("replacement",)},
    "replacement": {"deletedRegion!": "region", "insertedContent": "text"},
}


def check_shape(value: Any, shape: Any, at: str) -> None:
    if isinstance(shape, type):
        assert type(value) is shape, at
    elif isinstance(shape, tuple):
        assert isinstance(value, list), at
        for number, item in enumerate(value):
            check_shape(item, shape[0], f"{at}[{number}]")
    elif shape not in SHAPES:
        assert value == shape, at
    else:
        wanted = {name.rstrip("!"): kind for name, kind in SHAPES[shape].items()}
        assert value.keys() <= wanted.keys(), at
        assert {name.rstrip("!") for name in SHAPES[shape] if name.endswith("!")} <= value.keys(), at
        for name, item in value.items():
            check_shape(item, wanted[name], f"{at}.{name}")


def sarif() -> Any:
    return json.loads(render_sarif(findings(), "0.1.0"))


def test_sarif_has_the_shape_that_its_schema_demands() -> None:
    check_shape(sarif(), "log", "log")
    empty = json.loads(render_sarif([], "0.1.0"))
    check_shape(empty, "log", "log")
    assert empty["runs"][0]["results"] == []


def test_sarif_rules_are_those_of_the_results() -> None:
    run = sarif()["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["SFT0103", "SFT0107", "SFT0204", "SFT0904"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
    assert rules[2]["help"]["markdown"] == codes.page("SFT0204")


def test_sarif_regions_count_from_one_and_uris_have_no_reserved_characters() -> None:
    results = sarif()["runs"][0]["results"]
    assert "locations" not in results[3]
    for result in results[:3]:
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert min(region.values()) >= 1
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", location["physicalLocation"]["artifactLocation"]["uri"])
    assert results[2]["relatedLocations"][0]["message"] == {"text": "declared here"}


def test_sarif_fixes_replace_regions() -> None:
    (fix,) = sarif()["runs"][0]["results"][0]["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 4, "startColumn": 9, "endLine": 4, "endColumn": 10},
            "insertedContent": {"text": " ="},
        }
    ]


@pytest.mark.parametrize("code", codes.pages())
def test_every_code_has_a_summary_of_one_line(code: str) -> None:
    summary = codes.summary(code)
    assert 15 < len(summary) < 260 and "\n" not in summary
    assert codes.group_of(code)


def test_an_edit_belongs_to_the_file_of_its_finding() -> None:
    finding = Diagnostic(
        "SFT0101", "wrong", Label(SourceFile("b.sft", "x y"), Span(0, 1)), fix=(Edit(Span(2, 3), "z"),)
    )
    assert record(finding)["fix"][0]["start_column"] == 3
