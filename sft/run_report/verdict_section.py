"""The verdicts on a page: each requirement with its interval drawn against its threshold, and why it came out so."""

from __future__ import annotations

from collections.abc import Iterator

from sft.reports.report import Case, GateReport, Report
from sft.run_report.drawing import strip
from sft.run_report.markup import Markup, el, facts, head_row, joined, prose
from tui.formats import number
from tui.view_models.verdicts import BADGES, Requirement


def badge(verdict: str | None) -> Markup:
    """A verdict as sign and word, coloured."""
    known = verdict if verdict in BADGES else "none"
    return el("span", f"{BADGES.get(verdict or '', '·')} {verdict or 'no verdict'}", class_=f"badge {known}")


def verdicts(report: Report) -> Markup:
    blocks = [_gate(gate, len(report.gates) > 1) for gate in report.gates]
    if report.stops:
        blocks.insert(0, _stops(report))
    if not blocks:
        blocks.append(el("p", f"{report.headline}.", class_="quiet"))
    return el("section", el("h2", "Verdicts"), *blocks, id="verdicts")


def _stops(report: Report) -> Markup:
    found = []
    for stop in report.stops:
        where = f"{stop.place.path}:{stop.place.line} " if stop.place is not None else ""
        help = el("div", f"help: {stop.help}", class_="quiet") if stop.help else None
        found.append(el("li", el("strong", f"{where}{stop.code}"), f" {stop.message}", help))
    return joined(el("h3", "What stopped it"), el("ul", *found))


def _gate(gate: GateReport, several: bool) -> Markup:
    looks = ""
    if gate.looks is not None:
        times = "one gate" if gate.looks == 1 else f"{gate.looks:,} gates"
        looks = f"The held-out rows of this gate have decided {times} in this store; each is a chance to tune to them."
    head = el("h3", f"gate {gate.name} ", badge(gate.verdict)) if several else None
    return joined(head, *(_case(case) for case in gate.cases), el("p", looks, class_="quiet") if looks else None)


def _case(case: Case) -> Markup:
    row = case.row
    target = row.target
    because = el("p", el("em", "because "), target.because) if target is not None and target.because else None
    figures = [_figures(row), el("div", row.shown, class_="estimate")] if case.measured else []
    return el(
        "article",
        el(
            "div",
            el("div", badge(row.verdict), el("code", row.title.strip().removeprefix("require "))),
            el("p", prose(row.reason), class_="reason"),
            because,
            class_="words",
        ),
        el("div", *figures, class_="figure"),
        facts(_facts(case)),
        _slices(case),
        class_=f"case depth-{min(3, target.depth if target is not None else 0)}",
    )


def _figures(row: Requirement) -> Markup:
    return strip(row.low, row.high, row.estimate, row.threshold, row.unit, row.verdict)


def _facts(case: Case) -> Iterator[tuple[str, str]]:
    target = case.row.target
    if target is not None and target.eval:
        yield "of", f"{target.eval}.{target.metric}({target.model})"
    if case.against:
        yield "against", case.against
    yield from (fact for fact in case.row.facts if fact[0] not in ("threshold", "held-out set used"))
    if case.place is not None:
        yield "at", f"{case.place.path}:{case.place.line}"


def _slices(case: Case) -> Markup | None:
    if not case.slices:
        return None
    rows = [
        el(
            "tr",
            el("td", badge(part.row.verdict)),
            el("td", part.row.title.strip()),
            el("td", part.row.shown, class_="n"),
            el("td", _figures(part.row)),
            el("td", number(part.row.threshold, part.row.unit), class_="n"),
            el("td", "" if part.row.n is None else f"{part.row.n:,}", class_="n"),
            el("td", prose(part.row.reason) if part.row.verdict != "pass" else "", class_="quiet"),
        )
        for part in case.slices
    ]
    left = len(case.not_passed)
    told = (
        f"{len(case.slices)} slices, {left} of which did not pass" if left else f"{len(case.slices)} slices, all pass"
    )
    columns = ("", "slice", "estimate", "", "threshold", "n", "why")
    head = head_row(columns, 2, 4, 5)
    return el("details", el("summary", told), el("div", el("table", head, *rows), class_="wide"), open=bool(left))
