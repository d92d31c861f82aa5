"""A run as one HTML file: no script, nothing fetched from anywhere, light or dark as the reader's system is.

The head forbids what the page does not need (``Content-Security-Policy``): everything but its own style sheet, by the
hash of its text. So even markup that would slip through the escaping could run nothing and call nobody.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from sft.run_report.about_section import about, spec
from sft.run_report.data_section import data
from sft.run_report.facts import RunFacts
from sft.run_report.failure_section import failures
from sft.run_report.markup import Markup, el, joined, style_sheet
from sft.run_report.measured_section import measured
from sft.run_report.training_section import rounds, training
from sft.run_report.verdict_section import badge, verdicts
from tui.formats import count, duration

MOST_BYTES = 4_000_000  # for failures; everything else is some 100 KB
BEGINS = "<!doctype html>\n<!-- sft report -->\n"
TITLES = {
    "verdicts": "Verdicts",
    "measured": "What was measured",
    "failures": "Failures",
    "data": "Data",
    "training": "Training",
    "loops": "Loops",
    "about": "How it was made",
    "spec": "Spec",
}


def html_page(facts: RunFacts, texts: list[tuple[str, str, str]]) -> str:
    """The whole file. ``texts`` are the files of the spec as (path, text, note)."""
    found = {
        "verdicts": verdicts(facts.report),
        "measured": measured(facts.metrics, facts.evals),
        "failures": failures(facts.evals, MOST_BYTES),
        "data": data(facts.sources, facts.funnel),
        "training": training(facts.trainings),
        "loops": rounds(facts.loops, facts.findings),
        "about": about(facts),
        "spec": spec(texts),
    }
    sections = {name: section for name, section in found.items() if section is not None}
    links = el("nav", *(el("a", TITLES[name], href=f"#{name}") for name in sections), aria_label="sections")
    body = el("body", el("main", _head(facts), links, *sections.values(), _foot(facts)))
    return f"{BEGINS}{el('html', _meta(facts), body, lang='en')}\n"


def _meta(facts: RunFacts) -> Markup:
    css = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    own = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{own}'; base-uri 'none'; form-action 'none'"
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", f"{facts.report.verdict or facts.report.status}: {facts.run.spec} {facts.run.run_id}"),
        style_sheet(css),
    )


def _head(facts: RunFacts) -> Markup:
    run, report = facts.run, facts.report
    counts = [
        (f"{sum(case.row.verdict == name for case in report.cases):,}", word)
        for name, word in (("pass", "requirements pass"), ("fail", "fail"), ("inconclusive", "inconclusive"))
        if any(case.row.verdict == name for case in report.cases)
    ]
    tiles = [*counts, (f"{run.steps:,}", f"steps, {run.cached:,} of them cached")]
    if run.ended_at is not None:
        tiles.append((duration(run.ended_at - run.started_at), "from begin to end"))
    read = sum(source.rows for source in facts.sources)
    if read:
        tiles.append((count(read), "rows read"))
    about = f"run {run.run_id}, {_moment(run.started_at)}"
    verdict = badge(report.verdict) if report.verdict else el("span", report.headline, class_="badge none")
    return el(
        "header",
        el("div", verdict, el("h1", run.spec), class_="title"),
        el("p", about, class_="quiet"),
        el("ul", *(el("li", el("strong", value), el("span", word)) for value, word in tiles), class_="tiles"),
        *(el("p", el("strong", f"! {one.code}"), f" {one.message}") for one in facts.view.warnings),
        class_="top",
    )


def _foot(facts: RunFacts) -> Markup:
    words = f"Made by sft {facts.version} on {_moment(facts.made_at)} from the store of the run. "
    words += "Texts of rows and models are shown as they are stored, control characters as symbols."
    return el("footer", joined(words))


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
