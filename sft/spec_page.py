"""``sft show RUN spec``: the files of a run's spec with findings, and what came of each line beside it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from runtime.store import Store
from sft.plain_tables import Page, Table
from tui.spec_queries import LineFinding, findings_now
from tui.spec_results import spec_model
from tui.view_models.spec import SpecLine, SpecPage

_MARKS = {"error": "✗", "warning": "!", "": ""}


def spec_page(store: Store, run_id: str) -> Page:
    """All files, the main one first, with what `sft check` says of them now."""
    model = spec_model(store, run_id)
    pages = model.pages(findings_now(store, run_id, model.texts))
    if not pages:
        what = f"the store has no text of `{model.run.spec}`, and there is no such file beside it"
        return Page({"files": []}, what, ())
    return Page({"files": [_json(page) for page in pages]}, f"{model.run.spec} {run_id}", tuple(map(_table, pages)))


def _table(page: SpecPage) -> Table:
    title = page.path + (f": {page.note}" if page.note else "")
    rows = [(str(line.number), _MARKS[line.severity], line.text, line.shown) for line in page.lines]
    notes = [" · ".join(_said(finding) for finding in line.findings) for line in page.lines]
    told = [title, *(_said(finding) for finding in page.elsewhere)]
    return Table(" · ".join(told), ("line", "", "spec", "result"), rows, frozenset({0}), notes, "finding")


def _said(finding: LineFinding) -> str:
    when = "the run said" if finding.of_run else "sft check says now"
    help = f"; {finding.help}" if finding.help else ""
    return f"{finding.severity} {finding.code} ({when}): {finding.message}{help}"


def _json(page: SpecPage) -> dict[str, Any]:
    return {
        "path": page.path,
        "note": page.note,
        "lines": [_line(line) for line in page.lines],
        "findings": [asdict(finding) for finding in page.elsewhere],
    }


def _line(line: SpecLine) -> dict[str, Any]:
    return {
        "line": line.number,
        "text": line.text,
        "results": [{"of": one.owner, "text": one.text} for one in line.beside],
        "findings": [asdict(finding) for finding in line.findings],
    }
