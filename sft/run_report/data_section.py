"""The data on a page: the sources with their licences, and the funnel from lines read to rows trained on."""

from __future__ import annotations

from collections.abc import Sequence

from sft.run_report.drawing import parts
from sft.run_report.markup import Markup, el, head_row, joined, prose
from tui.formats import count, share
from tui.queries import SourceRow
from tui.view_models.data import FunnelLine


def data(sources: Sequence[SourceRow], lines: Sequence[FunnelLine]) -> Markup | None:
    if not sources and not lines:
        return None
    blocks = [_funnel(lines)] if lines else []
    blocks += [_sources(sources)] if sources else []
    return el("section", el("h2", "Data"), *blocks, id="data")


def _funnel(lines: Sequence[FunnelLine]) -> Markup:
    rows = []
    for line in lines:
        step = line.rule is None
        kept, dropped, entering = line.kept, line.dropped, line.entering
        drawn = joined()
        if entering and line.widest and kept is not None:
            rest = max(0, line.widest - entering)
            named = [("kept", kept, "quiet"), ("dropped", dropped or 0, "bad"), ("gone before", rest, "none")]
            drawn = parts(named, 220)
        number = f"{int(line.rule) + 1}. " if line.rule is not None and line.rule.isdecimal() else ""
        cells = [
            el("td", el("strong", line.title) if step else joined(number, line.title), class_=None if step else "rule"),
            el("td", count(entering), class_="n"),
            el("td", count(dropped) if dropped else "", class_="n"),
            el("td", share(dropped, entering) if dropped and entering else "", class_="n"),
            el("td", count(kept), class_="n"),
            el("td", drawn),
            el("td", prose(line.reason), class_="quiet"),
        ]
        rows.append(el("tr", *cells))
    columns = ("step and rule", "in", "dropped", "", "kept", "of the rows read", "reason")
    head = head_row(columns, 1, 2, 3, 4)
    return el("div", el("table", head, *rows, class_="funnel"), class_="wide")


def _sources(sources: Sequence[SourceRow]) -> Markup:
    rows = [
        el(
            "tr",
            *(el("td", value) for value in (one.name, one.path, one.licence or "not said", one.origin or "not said")),
            el("td", count(one.rows), class_="n"),
            el("td", count(one.unreadable) if one.unreadable else "", class_="n"),
        )
        for one in sources
    ]
    columns = ("source", "file", "licence", "origin", "rows", "not readable")
    return el("div", el("table", head_row(columns, 4, 5), *rows), class_="wide")
