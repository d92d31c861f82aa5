"""``sft show RUN rounds``: the rounds of each loop side by side, what stopped it, and the round that it stands for.

A figure a line, a round a column. Figures of rows are counts; metrics have their 95% interval. Rows of its own are what
models wrote of all that the round was trained on.
"""

from __future__ import annotations

from dataclasses import asdict

from runtime.store import Store
from sft.plain_tables import Page, Table
from spec_lang.plain_text import one_line
from tui.formats import count
from tui.round_queries import LoopRow, RoundRow, loops, warnings
from tui.view_models.rounds import STATES, limit_of, own_rows, shown_figure, why


def rounds_page(store: Store, run_id: str) -> Page:
    """All loops of a run."""
    with store.reading():
        found, told = loops(store, run_id), warnings(store, run_id)
    if not found:
        return Page({"loops": [], "findings": []}, "this run has no loop", ())
    tables = []
    for loop in found:
        tables += [_figures(loop), _states(loop)]
    if told:
        lines = [(code, "" if line is None else f"line {line}", one_line(text, 600)) for code, text, line in told]
        tables.append(Table("findings", ("code", "where", "what"), lines))
    data = {
        "loops": [_json(loop) for loop in found],
        "findings": [{"code": code, "message": text, "line": line} for code, text, line in told],
    }
    return Page(data, "", tuple(tables))


def _figures(loop: LoopRow) -> Table:
    names = dict.fromkeys(figure.name for one in loop.rounds for figure in one.figures)
    columns = ("figure", "limit", *(f"round {one.number}{_mark(loop, one)}" for one in loop.rounds))
    lines = []
    for name in names:
        each = [next((figure for figure in one.figures if figure.name == name), None) for one in loop.rounds]
        limit = next((limit_of(figure) for figure in each if figure is not None), "")
        lines.append((name, limit, *(shown_figure(figure) for figure in each)))
    own = [own_rows(one) for one in loop.rounds]
    if any(rows is not None for rows in own):
        lines.append(("rows of its own", "", *("" if rows is None else count(rows) for rows in own)))
    chosen = f"stands for round {loop.chosen}, by {loop.by}" if loop.chosen is not None else "stands for no round yet"
    return Table(f"loop {loop.name}: {chosen}", columns, lines, frozenset(range(2, len(columns))))


def _mark(loop: LoopRow, one: RoundRow) -> str:
    return " *" if one.number == loop.chosen else ""


def _states(loop: LoopRow) -> Table:
    lines = []
    for one in loop.rounds:
        lines.append((str(one.number), STATES.get(one.state, one.state), one_line(why(one), 600)))
    return Table("", ("round", "state", "why"), lines)


def _json(loop: LoopRow) -> dict[str, object]:
    rounds = [
        {
            "round": one.number,
            "state": one.state,
            "reason": one.reason,
            "figures": [asdict(figure) for figure in one.figures],
        }
        for one in loop.rounds
    ]
    return {"loop": loop.name, "chosen": loop.chosen, "by": loop.by, "rounds": rounds}
