"""Questions of the list of runs: what each measured first, and what that is to be compared with.

The headline of a run is the first metric that its gate asks for, else the first one that it measured, of the model that
was measured last. It is compared with the same metric of the newest blessed run of the spec, else of the finished run
before: item by item, as ``sft diff`` and a gate do it. That takes the answers of both runs out of the store (20 ms for
200 answers, 0.3 s for 20,000), so it is asked a run at a time, and not of more answers than that on either side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from runtime.own_results import MADE_STEPS
from runtime.store import Store
from spec_lang.diagnostics import DiagnosticError
from tui import queries
from tui.queries import RunRow

if TYPE_CHECKING:
    from compiler.plan import Plan
    from runtime.run_comparison import MetricPair

MOST_ITEMS = 20_000
PASSING = ("SFT0901", "SFT0902")  # the store is held, or not there yet: it is to be asked again
_REFERENCE = re.compile(r"(?P<eval>[\w.-]+)\.(?P<metric>[\w-]+)\((?P<model>[\w.-]+)\)")  # `format.exact(tuned)`


class Headline(Struct, frozen=True):
    """A metric of a run over all items and templates of an eval."""

    eval: str
    model: str
    metric: str
    n: int
    missing: int
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    unit: str
    step_hash: str

    @property
    def name(self) -> str:
        return f"{self.eval}.{self.metric}({self.model})"


class Reference(Struct, frozen=True):
    """The run that another one is compared with; ``name`` is that of a blessed one."""

    run_id: str
    name: str | None


class HomeRow(Struct, frozen=True):
    """``blessed`` are the names that the run itself bears."""

    run: RunRow
    headline: Headline | None
    blessed: tuple[str, ...]
    reference: Reference | None


class Delta(Struct, frozen=True):
    """The headline against its reference; without a pair ``note`` says why."""

    pair: MetricPair | None
    note: str = ""


def home(store: Store, limit: int, after: str | None = None) -> list[HomeRow]:
    """Runs, newest first; ``after`` is the run that they come after."""
    with store.reading():
        runs = queries.runs(store, limit, after)
        ids = [run.run_id for run in runs]
        headlines = _headlines(store, ids)
        blessed = _blessed(store)
        before = _before(store)
    return [_row(run, headlines.get(run.run_id), blessed, before) for run in runs]


def page(store: Store, limit: int, after: str | None) -> tuple[list[HomeRow], bool]:
    """So many runs, and whether there are older ones."""
    rows = home(store, limit + 1, after)
    return rows[:limit], len(rows) > limit


def _row(
    run: RunRow, headline: Headline | None, blessed: Sequence[tuple[str, str, str]], before: Mapping[str, str]
) -> HomeRow:
    names = tuple(name for name, run_id, _ in blessed if run_id == run.run_id)
    named = next((Reference(r, name) for name, r, spec in blessed if spec == run.spec and r != run.run_id), None)
    earlier = before.get(run.run_id)
    reference = named or (Reference(earlier, None) if earlier is not None else None)
    return HomeRow(run, headline, names, reference)


def _blessed(store: Store) -> list[tuple[str, str, str]]:
    """(name, run, spec) of the blessed runs, newest blessing first."""
    rows = store.query(
        "SELECT b.name, b.run_id, r.spec FROM baselines b JOIN runs r USING (run_id) ORDER BY b.blessed_at DESC, b.name"
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _before(store: Store) -> dict[str, str]:
    """Run, also one that is not done -> the newest finished run of the same spec before it."""
    rows = store.query(
        "SELECT run_id, last_value(CASE WHEN status = 'done' THEN run_id END IGNORE NULLS) OVER (PARTITION BY spec "
        "ORDER BY started_at, run_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) FROM runs"
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}


def _headlines(store: Store, run_ids: Sequence[str]) -> dict[str, Headline]:
    if not run_ids:
        return {}
    slots = ",".join("?" * len(run_ids))
    measured: dict[str, list[Headline]] = {}
    for run_id, *values in store.query(
        f"""
        SELECT s.run_id, s.name, m.model, m.metric, m.n, m.missing, m.estimate, m.low, m.high, m.level, m.unit,
               s.step_hash
        FROM {MADE_STEPS} s JOIN metrics m USING (step_hash)
        WHERE s.run_id IN ({slots}) AND s.kind = 'measure'
              AND m.template = '*' AND m.slice = '*'
        ORDER BY s.ordinal, m.rowid
        """,
        run_ids,
    ):
        measured.setdefault(run_id, []).append(Headline(*values))
    required: dict[str, list[str]] = {}
    for run_id, text in store.query(
        f"SELECT s.run_id, g.text FROM {MADE_STEPS} s JOIN gates g USING (step_hash) WHERE s.run_id IN ({slots}) "
        "AND g.part = 0 ORDER BY s.ordinal, g.requirement",
        run_ids,
    ):
        required.setdefault(run_id, []).append(text)
    return {run_id: headline_of(found, required.get(run_id, ())) for run_id, found in measured.items()}


def headline_of(measured: Sequence[Headline], required: Sequence[str]) -> Headline:
    """Of at least one metric the first that a requirement names, else the first metric of the last model."""
    by_name = {found.name: found for found in measured}
    for text in required:
        for match in _REFERENCE.finditer(text):
            if match[0] in by_name:
                return by_name[match[0]]
    last = [found for found in measured if found.eval == measured[0].eval][-1].model
    return next(found for found in measured if (found.eval, found.model) == (measured[0].eval, last))


def delta(store: Store, row: HomeRow) -> Delta | None:
    """The change of a run's headline against its reference; None where there is nothing to compare. One that the store
    refuses says so in its note. Raises DiagnosticError only for what passes (``PASSING``)."""
    from runtime.run_comparison import metric_pair

    headline, reference = row.headline, row.reference
    if headline is None or reference is None:
        return None
    plans = [read_plan(store, run_id) for run_id in (reference.run_id, row.run.run_id)]
    if plans[0] is None or plans[1] is None:
        return Delta(None, "one of the runs is of another version of sft")
    key = (headline.eval, headline.model, headline.metric)
    try:
        pair = metric_pair(store, key, (reference.run_id, plans[0]), (row.run.run_id, plans[1]), MOST_ITEMS)
    except DiagnosticError as error:  # a damaged file, for example: the other runs of the list can still be compared
        if error.diagnostics[0].code in PASSING:
            raise
        return Delta(None, error.diagnostics[0].message)
    except (LookupError, ValueError, AssertionError) as error:  # one odd run must not take the whole list down
        return Delta(None, f"the runs do not fit together ({type(error).__name__}: {error})")
    return Delta(pair, pair.note)


def read_plan(store: Store, run_id: str) -> Plan | None:
    """The plan of a run; None for one that this version cannot read."""
    from compiler.plan import Plan

    rows = store.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])
    try:
        return Plan.from_json(rows[0][0]) if rows else None
    except (ValueError, KeyError):  # pydantic's errors are ValueErrors
        return None
