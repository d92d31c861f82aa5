"""A report as Markdown: for the summary of a workflow's step, a comment, a file.

Requirements first, then why each did not pass, the slices that did not, what was compared with what, and how often the
held-out sets have decided. Everything from a spec or from data is escaped, mentions and bare addresses included. A
summary may not be larger than what GitHub takes, so lines that do not fit are left out, and the last line counts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sft.plain_tables import markdown_row, markdown_text, unlinked
from sft.reports.report import Case, GateReport, Report, Stop
from tui.formats import duration, number
from tui.view_models.verdicts import BADGES

SUMMARY_BYTES = 1024 * 1024  # that GitHub takes of all summaries of a step
_LAST_LINE = 300  # bytes that are kept for saying what was left out


def markdown(report: Report, most_bytes: int | None = None) -> str:
    """The report in at most so many bytes of UTF-8, with a line break at the end; empty where not a line fits."""
    lines = [unlinked(line) for section in _sections(report) for line in (*section, "")]
    text = "\n".join(lines[:-1]) + "\n"
    if most_bytes is None or len(text.encode("utf-8")) <= most_bytes:
        return text
    return _cut(lines, report, most_bytes)


def _cut(lines: Sequence[str], report: Report, most_bytes: int) -> str:
    kept, room = 0, most_bytes - _LAST_LINE
    for line in lines:
        room -= len(line.encode("utf-8")) + 1
        if room < 0:
            break
        kept += 1
    if not kept:
        return ""
    whole = f"`sft show {report.run_id} verdicts --format markdown` has all" if report.run_id else "the log has all"
    left = sum(bool(line) for line in lines[kept:])
    return "\n".join([*lines[:kept], "", f"{left:,} more lines do not fit into this summary; {whole}."]) + "\n"


def _sections(report: Report) -> Iterator[list[str]]:
    yield [f"## {_mark(report)} {markdown_text(report.spec)}: {markdown_text(report.headline)}"]
    if report.verdict == "inconclusive" and report.taken != "inconclusive":
        yield [f"Inconclusive counts as {report.taken} here."]
    if report.run_id:
        counts = f"{report.steps:,} steps, {report.cached:,} of them cached"
        took = f", {duration(report.seconds)}" if report.seconds is not None else ""
        yield [f"Run {markdown_text(report.run_id)}: {counts}{took}."]
    if report.stops:
        yield ["### What stopped it", "", *(_stop(stop) for stop in report.stops)]
    for gate in report.gates:
        yield from _gate(gate)


def _mark(report: Report) -> str:
    return "✗" if report.stops else BADGES.get(report.verdict or "", "?")


def _gate(gate: GateReport) -> Iterator[list[str]]:
    title = f"{BADGES.get(gate.verdict, '?')} gate {markdown_text(gate.name)}: {gate.verdict}"
    columns = ("", "requirement", "estimate", "n", "threshold", "test")
    rows = [(f"{case.row.badge} {case.row.verdict}", _within(case), *_figures(case)) for case in gate.cases]
    yield [f"### {title}", "", *_table(columns, rows, {3, 4})]
    reasons = [_reason(case) for case in gate.cases if case.row.verdict != "pass"]
    if reasons:
        yield ["#### Why", "", *reasons]
    parts = [(case, part) for case in gate.cases for part in case.not_passed]
    if parts:
        columns = ("", "slice", "requirement", "estimate", "n", "threshold", "test")
        rows = [
            (f"{part.row.badge} {part.row.verdict}", part.row.title.strip(), case.row.text, *_figures(part))
            for case, part in parts
        ]
        yield ["#### Slices that did not pass", "", *_table(columns, rows, {4, 5})]
    yield from _compared(gate)
    if gate.looks is not None:
        times = "1 gate" if gate.looks == 1 else f"{gate.looks:,} gates"
        yield [
            f"The held-out rows of this gate have decided {times} in this store; each is a chance to tune against them."
        ]


def _within(case: Case) -> str:
    """A requirement, with an arrow a group that it stands in."""
    depth = case.row.target.depth if case.row.target is not None else 0
    return "↳ " * depth + case.row.text


def _figures(case: Case) -> tuple[str, ...]:
    """Estimate with interval, n, threshold, test."""
    row = case.row
    facts = dict(row.facts)
    if not case.measured:
        return ("", "", "", facts.get("test", ""))
    n = "" if row.n is None else f"{row.n:,}"
    return (row.shown, n, "" if row.threshold is None else number(row.threshold, row.unit), facts.get("test", ""))


def _reason(case: Case) -> str:
    place = f" ({markdown_text(case.place.path)}:{case.place.line})" if case.place is not None else ""
    because = case.row.target.because if case.row.target is not None else None
    why = f" Required because {markdown_text(because)}." if because else ""
    return f"- **{markdown_text(case.row.text)}**{place}: {markdown_text(case.row.reason)}{why}"


def _compared(gate: GateReport) -> Iterator[list[str]]:
    """Which eval, metric and models each requirement is about."""
    rows = []
    for case in gate.cases:
        if (target := case.row.target) is not None and target.eval:
            facts = dict(case.row.facts)
            flips, detectable = facts.get("flips", ""), facts.get("smallest detectable", "")
            model = f"{target.model} against {case.against}" if case.against else target.model
            rows.append((case.row.text, target.eval, target.metric, model, flips, detectable))
    columns = ("requirement", "eval", "metric", "model", "flips", "smallest detectable")
    if rows:
        yield ["#### What was compared", "", *_table(columns, rows, {4, 5})]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: set[int]) -> list[str]:
    rule = ["---:" if position in right else "---" for position in range(len(columns))]
    return [markdown_row(columns), f"| {' | '.join(rule)} |", *(markdown_row(row) for row in rows)]


def _stop(stop: Stop) -> str:
    place = f"{markdown_text(stop.place.path)}:{stop.place.line}: " if stop.place is not None else ""
    code = f"{stop.code}: " if stop.code else ""
    help = f" Help: {markdown_text(stop.help)}." if stop.help else ""
    return f"- {place}{code}{markdown_text(stop.message)}.{help}"
