"""Findings as SARIF 2.1.0, the format that code scanning services and editors read.

One run with one rule a code that occurs: its help is the code's page. Columns count characters
(``unicodeCodePoints``), as everywhere here; a region's end is exclusive. Paths become relative URIs.
Standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

from spec_lang import codes
from spec_lang.diagnostics import Diagnostic, Edit, Label
from spec_lang.source import SourceFile, Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

Shown = Callable[[str], str]


def render_sarif(diagnostics: Iterable[Diagnostic], version: str, shown: Shown = str) -> str:
    """A whole SARIF log; ``version`` is that of the tool, ``shown`` says how a path is written."""
    found = list(diagnostics)
    rules = sorted({diagnostic.code for diagnostic in found})
    return sarif_log([code_rule(code) for code in rules], [_result(item, rules, shown) for item in found], version)


def sarif_log(rules: Sequence[dict[str, Any]], results: Sequence[dict[str, Any]], version: str) -> str:
    """A log of one run of the tool."""
    run = {
        "tool": {"driver": {"name": "sft", "semanticVersion": version, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def code_rule(code: str) -> dict[str, Any]:
    """The rule of a code: its page."""
    page = codes.page(code) or ""
    return {
        "id": code,
        "name": "".join(part.capitalize() for part in codes.name_of(code).split("-")),
        "shortDescription": {"text": codes.summary(code)},
        "help": {"text": page, "markdown": page},
    }


def _result(diagnostic: Diagnostic, rules: list[str], shown: Shown) -> dict[str, Any]:
    help = f"\n{diagnostic.help}" if diagnostic.help else ""
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rules.index(diagnostic.code),
        "level": diagnostic.severity.value,
        "message": {"text": diagnostic.message + help},
    }
    if diagnostic.primary is not None:
        result["locations"] = [_location(diagnostic.primary, shown)]
        if diagnostic.fix:
            result["fixes"] = [_fix(diagnostic.primary.file, diagnostic.fix, diagnostic.help, shown)]
    if diagnostic.secondary:
        related = enumerate(diagnostic.secondary)
        result["relatedLocations"] = [_location(label, shown) | {"id": number} for number, label in related]
    return result


def _location(label: Label, shown: Shown) -> dict[str, Any]:
    where = location(shown(label.file.path), _region(label.file, label.span))
    return where | {"message": {"text": label.text}} if label.text else where


def location(path: str, region: dict[str, int]) -> dict[str, Any]:
    """A place: a path with `/` or `\\`, and lines and columns from 1."""
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path.replace("\\", "/"))}


def _region(file: SourceFile, span: Span) -> dict[str, int]:
    line, column = file.position(span.start)
    end_line, end_column = file.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fix(file: SourceFile, edits: tuple[Edit, ...], help: str | None, shown: Shown) -> dict[str, Any]:
    replacements = [{"deletedRegion": _region(file, e.span), "insertedContent": {"text": e.text}} for e in edits]
    change = {"artifactLocation": _artifact(shown(file.path)), "replacements": replacements}
    return {"description": {"text": help or "mend it"}, "artifactChanges": [change]}
