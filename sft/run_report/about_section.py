"""How a run was made, at the end of a page: its steps with their hashes, what it ran on, and the text of its spec."""

from __future__ import annotations

from runtime.environment import SPEC_FOLDER
from sft.run_report.facts import RunFacts
from sft.run_report.markup import Markup, el, head_row, joined, text
from tui.formats import count
from tui.view_models.runs import STATE_MARKS


def about(facts: RunFacts) -> Markup:
    return el("section", el("h2", "How it was made"), _steps(facts), _environment(facts), id="about")


def _steps(facts: RunFacts) -> Markup:
    hashes = {step.step_id: step.step_hash for step in facts.steps}
    rows = []
    for line in facts.view.steps:
        cells = [el("td", f"{STATE_MARKS.get(line.status, '·')} {line.status}"), el("td", f"{line.kind} {line.name}")]
        cells += [el("td", count(n) if n is not None else "", class_="n") for n in (line.rows_in, line.rows_out)]
        cells += [el("td", line.took, class_="n"), el("td", el("code", hashes.get(line.step_id, "")[:12]))]
        rows.append(el("tr", *cells, el("td", line.note, class_="quiet")))
    columns = ("state", "step", "in", "out", "time", "hash", "why")
    table = el("table", head_row(columns, 2, 3, 4), *rows)
    return el("details", el("summary", f"{len(rows)} steps"), el("div", table, class_="wide"))


def _environment(facts: RunFacts) -> Markup:
    told = [pair for pair in facts.environment if pair[0] != SPEC_FOLDER]  # a page is handed around
    rows = [el("tr", el("td", key), el("td", value)) for key, value in told]
    table = el("div", el("table", *rows), class_="wide")
    return el("details", el("summary", "environment"), table) if rows else joined()


def spec(texts: list[tuple[str, str, str]]) -> Markup | None:
    """The files of the spec as (path, text, note)."""
    if not texts:
        return None
    files = [
        joined(
            el("h3", path),
            el("p", note, class_="quiet") if note else None,
            el("pre", text(content, most=200_000), class_="spec"),
        )
        for path, content, note in texts
    ]
    return el("section", el("h2", "Spec"), *files, id="spec")
