"""A report as JUnit XML, which most CIs read: a suite a gate, a case a requirement and a case a slice of it.

What failed is a ``failure``. What is inconclusive is an ``error`` (it could not be told, and the exit code is 3), a
``failure`` or ``skipped`` where the user said what it counts as. What stopped a run is an ``error`` of its own suite:
a run that broke never looks like one without tests. A run without a gate has no case and says so.

There is no one schema; this is the common form as pytest writes it (``testcase`` with ``file``, ``line``, properties).
The time of a case is an even share of its gate's: a gate is decided in one piece.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from sft.reports.report import Case, GateReport, Place, Report, Stop, every_case
from spec_lang.plain_text import visible
from tui.formats import interval

if TYPE_CHECKING:
    from collections.abc import Iterable

# In no XML, even as a reference; `visible` has replaced the other characters that are not.
_NEVER = {0xFFFE: "�", 0xFFFF: "�"}
_INCONCLUSIVE = {"inconclusive": "error", "fail": "failure", "pass": "skipped"}


def junit_xml(report: Report) -> str:
    """The whole file, with its declaration."""
    root = Element("testsuites", name="sft", time=_seconds(report.seconds or 0.0))
    for gate in report.gates:
        _gate_suite(root, report, gate)
    if report.stops or report.status in ("interrupted", "running"):
        _stopped_suite(root, report)
    elif not report.gates:
        suite = _suite(root, report, "no gate", 0.0)
        _text(SubElement(suite, "system-out"), report.nothing_decided)
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _gate_suite(root: Element, report: Report, gate: GateReport) -> None:
    suite = _suite(root, report, gate.name, gate.seconds)
    facts = [("verdict", gate.verdict), *_of_run(report)]
    if gate.looks is not None:
        facts.append(("gates decided by the held-out set", str(gate.looks)))
    _properties(suite, facts)
    cases = list(every_case(gate.cases))
    names: dict[str, int] = {}
    for case in cases:
        name = _name(case)
        names[name] = names.get(name, 0) + 1
        told = name if names[name] == 1 else f"{name} ({names[name]})"  # the same requirement twice is two cases
        _requirement(suite, report, gate, case, told, gate.seconds / len(cases))
    _count(suite)


def _name(case: Case) -> str:
    row = case.row
    return row.text if row.part == 0 else f"{row.text} [{row.slice} = {row.slice_value}]"


def _requirement(suite: Element, report: Report, gate: GateReport, case: Case, name: str, seconds: float) -> None:
    row = case.row
    element = _case(suite, f"{_stem(report.spec)}.{gate.name}", name, seconds, case.place)
    facts = [("verdict", row.verdict), ("rule", case.rule)]
    if case.measured:
        facts += [("estimate", _number(row.estimate)), ("low", _number(row.low)), ("high", _number(row.high))]
        facts += [("interval", interval(row.low, row.high, row.unit)), ("n", "" if row.n is None else str(row.n))]
        facts += [("unit", row.unit), *((name, value) for name, value in row.facts if name != "items")]
    if row.target is not None:
        facts += [("eval", row.target.eval), ("metric", row.target.metric), ("model", row.target.model)]
        facts += [("baseline", case.against), ("because", row.target.because or "")]
    _properties(element, [(key, value) for key, value in facts if value])
    if row.verdict != "pass":
        kind = {"fail": "failure", "inconclusive": _INCONCLUSIVE[report.taken]}.get(case.counts, "skipped")
        shown = f": {row.shown}" if case.measured else ""
        _outcome(element, kind, row.verdict, f"{row.verdict}{_weight(row.verdict, case.counts)}{shown}", row.reason)


def _weight(verdict: str, counts: str) -> str:
    """Why a case counts as something else than its verdict."""
    if counts == verdict:
        return ""
    told = {"fail": ", which a strict gate takes for failed", "inconclusive": ", which leaves its requirement open"}
    return told.get(counts, ", and what it is a part of passes")


def _stopped_suite(root: Element, report: Report) -> None:
    """What kept the run from its end, a case a finding."""
    suite = _suite(root, report, "run", report.seconds or 0.0)
    _properties(suite, _of_run(report))
    for stop in report.stops or (Stop("", report.headline, "give the same command again, it continues"),):
        name = f"{stop.code} {stop.step}" if stop.step else stop.code or report.status
        element = _case(suite, f"{_stem(report.spec)}.run", name.strip(), 0.0, stop.place)
        help = f"\nhelp: {stop.help}" if stop.help else ""
        _outcome(element, "error", stop.code or report.status, stop.message, stop.message + help)
    _count(suite)


def _suite(root: Element, report: Report, name: str, seconds: float) -> Element:
    suite = SubElement(root, "testsuite")
    _set(suite, "name", f"{_stem(report.spec)}.{name}")
    for count in ("tests", "failures", "errors", "skipped"):
        suite.set(count, "0")
    suite.set("time", _seconds(seconds))
    if report.started_at is not None:
        suite.set("timestamp", f"{datetime.fromtimestamp(report.started_at, UTC):%Y-%m-%dT%H:%M:%S}")
    return suite


def _case(suite: Element, group: str, name: str, seconds: float, place: Place | None) -> Element:
    element = SubElement(suite, "testcase")
    _set(element, "classname", group)
    _set(element, "name", name)
    element.set("time", _seconds(seconds))
    if place is not None:
        _set(element, "file", place.path)
        element.set("line", str(place.line))
    return element


def _outcome(element: Element, kind: str, type: str, message: str, text: str) -> None:
    outcome = SubElement(element, kind)
    _set(outcome, "message", message)
    if kind != "skipped":
        _set(outcome, "type", type)
    _text(outcome, text)


def _count(suite: Element) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for count, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(kind) is not None for case in cases)))


def _properties(parent: Element, facts: Iterable[tuple[str, str]]) -> None:
    properties = SubElement(parent, "properties")
    for name, value in facts:
        element = SubElement(properties, "property")
        _set(element, "name", name)
        _set(element, "value", value)


def _of_run(report: Report) -> list[tuple[str, str]]:
    run = [("run", report.run_id)] if report.run_id else []
    return [("spec", report.spec), *run, ("status", report.status)]


def _set(element: Element, name: str, value: str) -> None:
    element.set(name, _allowed(value))


def _text(element: Element, value: str) -> None:
    element.text = _allowed(value, newlines=True)


def _allowed(text: str, *, newlines: bool = False) -> str:
    """Text of which an XML file may consist: control characters as symbols. ElementTree escapes marks."""
    return visible(text, newlines=newlines).translate(_NEVER)


def _stem(spec: str) -> str:
    return spec.rsplit("/", 1)[-1].removesuffix(".sft")


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _seconds(value: float) -> str:
    return f"{max(0.0, value):.3f}"
