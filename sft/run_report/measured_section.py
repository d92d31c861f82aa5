"""What was measured on a page: every metric of every model with its interval, and what changed between two models."""

from __future__ import annotations

from collections.abc import Sequence

from sft.comparing_models import Compared
from sft.run_report.drawing import parts, strip
from sft.run_report.facts import EvalFacts
from sft.run_report.markup import Markup, el, head_row, joined
from tui.formats import count, estimate, number, share
from tui.metric_queries import MetricRow
from tui.prediction_queries import Outcome
from tui.view_models.predictions import outcome_name

BUCKET_LOOKS = {
    "regressed": "bad",
    "lower": "bad",
    "failing": "weak",
    "fixed": "good",
    "higher": "good",
    "passing": "quiet",
    "same": "quiet",
    "incomparable": "unsure",
}
TOLD: tuple[Outcome, ...] = ("failed", "lost", "gained", "unmeasured", "passed")


def measured(metrics: Sequence[MetricRow], evals: Sequence[EvalFacts]) -> Markup | None:
    if not metrics and not evals:
        return None
    blocks = [_aggregates(metrics)] if metrics else []
    told = (one for one in evals if one.chosen.baseline is not None or one.not_compared)
    blocks += [_flips(one) for one in told if one.chosen.metric is not None]
    return el("section", el("h2", "What was measured"), *blocks, id="measured")


def _aggregates(metrics: Sequence[MetricRow]) -> Markup:
    """Over all templates and items; slices and single templates are in `sft show`."""
    whole = [row for row in metrics if row.slice == "*" and row.template == "*"]
    columns = ("eval", "metric", "model", "estimate", "interval", "n", "not measured")
    rows = []
    for row in whole:
        drawn = strip(row.low, row.high, row.estimate, None, row.unit, "none")
        cells = [el("td", row.eval), el("td", row.metric), el("td", row.model)]
        cells.append(el("td", estimate(row.estimate, row.low, row.high, row.unit), class_="n"))
        cells += [el("td", drawn), el("td", count(row.n), class_="n")]
        cells.append(el("td", count(row.missing) if row.missing else "", class_="n"))
        rows.append(el("tr", *cells))
    levels = sorted({row.level for row in whole})
    at = " and ".join(number(level, "share") for level in levels)
    note = f"Intervals at {at}, each drawn on its own scale, the mean of all templates."
    return joined(
        el("div", el("table", head_row(columns, 3, 5, 6), *rows), class_="wide"),
        el("p", note, class_="quiet"),
    )


def _flips(one: EvalFacts) -> Markup:
    chosen = one.chosen
    beside = f" beside {one.beside}" if one.beside else ""
    head = el("h3", f"{chosen.eval}: {chosen.model}{beside}, by {chosen.metric}")
    if one.compared is None:
        counts = [f"{count(one.counts[name])} {outcome_name(name, one.flips)}" for name in TOLD if one.counts[name]]
        told = f"{count(one.counts['all'])} items: {', '.join(counts)}."
        return joined(head, el("p", told), el("p", one.not_compared, class_="quiet") if one.not_compared else None)
    return joined(head, *_change(one.compared), _by_slice(one.compared))


def _change(compared: Compared) -> list[Markup]:
    result = compared.result
    unit = "points" if result.unit == "share" else result.unit
    whole = sum(result.buckets.values())
    drawn = parts([(name, number_, BUCKET_LOOKS[name]) for name, number_ in result.buckets.items()], 720)
    items = [
        el("li", el("span", class_=f"key {BUCKET_LOOKS[name]}"), f"{count(n)} {name} ({share(n, whole)})")
        for name, n in result.buckets.items()
    ]
    told = [drawn, el("ul", *items, class_="keys")]
    if result.change is not None:
        change = result.change
        shown = estimate(change.estimate, change.low, change.high, unit, signed=True)
        why = change.obstacle or f"p = {change.p_value:.3g} for a difference ({change.test})"
        figure = strip(change.low, change.high, change.estimate, 0.0, unit, "none")
        words = joined("The difference on the same items: ", el("strong", shown), f", n = {change.n:,}; {why}.")
        told.append(el("div", el("p", words), figure, class_="change"))
    if result.differs:
        told.append(el("p", "More than the model differs: " + "; ".join(result.differs), class_="quiet"))
    return told


def _by_slice(compared: Compared) -> Markup | None:
    result = compared.result
    if not result.slices:
        return None
    unit = "points" if result.unit == "share" else result.unit
    rows = []
    for one in result.slices:
        change, whole = one.change, sum(one.buckets.values())
        shown = estimate(change.estimate, change.low, change.high, unit, signed=True) if change is not None else ""
        drawn = parts([(name, number_, BUCKET_LOOKS[name]) for name, number_ in one.buckets.items()], 220)
        cells = [el("td", f"{one.slice} = {one.value}"), el("td", drawn), el("td", shown, class_="n")]
        cells.append(el("td", count(whole), class_="n"))
        cells.append(el("td", "" if one.adjusted is None else f"{one.adjusted:.3g}", class_="n"))
        rows.append(el("tr", *cells))
    columns = ("slice", "items", "difference", "n", "p (Holm)")
    head = head_row(columns, 2, 3, 4)
    table = el("div", el("table", head, *rows), class_="wide")
    return el("details", el("summary", f"by slice ({len(rows)})"), table, open=len(rows) <= 12)
