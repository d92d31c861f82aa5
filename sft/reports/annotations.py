"""A report as annotations of GitHub Actions: one at the line of each requirement that did not pass, errors first.

Slices stand in the annotation of their requirement, because GitHub keeps ten of a kind from a step. A run without a
verdict has one too: nothing in a pull request may look like a pass that is none.
"""

from __future__ import annotations

from sft.reports.report import Case, Place, Report, Stop, kind_of
from spec_lang.github import Annotation, render_annotations
from spec_lang.plain_text import visible

MOST_SLICES = 8  # that an annotation names


def annotations(report: Report) -> str:
    """Workflow commands, one a line; empty when every gate passed."""
    found = [_stop(stop) for stop in report.stops]
    if not found and report.status in ("interrupted", "running"):
        found = [Annotation("error", f"{report.spec}: no verdict", report.headline, report.spec, 1)]
    kinds = [(case, kind_of(case.counts, report.taken)) for case in report.cases]
    for wanted in ("error", "warning"):
        found += [_requirement(case, kind) for case, kind in kinds if kind == wanted]
    if report.status == "done" and not report.gates:
        found.append(Annotation("warning", "no gate", report.nothing_decided, report.spec, 1))
    return render_annotations(found)


def _requirement(case: Case, kind: str) -> Annotation:
    row = case.row
    lines = [f"{row.text}: {row.shown}" if case.measured else row.text, row.reason]
    parts = case.not_passed
    lines += [f"{part.row.title.strip()}: {part.row.verdict}, {part.row.shown}" for part in parts[:MOST_SLICES]]
    if len(parts) > MOST_SLICES:
        lines.append(f"{len(parts) - MOST_SLICES:,} more slices did not pass")
    message = "\n".join(visible(line) for line in lines)  # a value with line breaks stays on its line
    return _at(case.place, kind, f"gate {row.gate}: {row.verdict}", message)


def _stop(stop: Stop) -> Annotation:
    message = stop.message + (f"\nhelp: {stop.help}" if stop.help else "")
    return _at(stop.place, "error", f"{stop.code} {stop.step or ''}".strip() or "the run failed", message)


def _at(place: Place | None, kind: str, title: str, message: str) -> Annotation:
    if place is None:
        return Annotation(kind, title, message)
    return Annotation(kind, title, message, place.path, place.line, place.column)
