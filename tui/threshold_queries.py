"""The numbers that rules compare, over the rows that come to them: what another threshold would keep.

A rule's number is computed anew by its own SQL over the rows that its step read, less those that earlier rules of the
step dropped, so what is counted here is what a run would count. A million rows take about 0.3 s, once; then they are
two sorted arrays (16 MB), and moving a threshold is a binary search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from compiler.plan import Plan, Step
from compiler.step_params import FilterParams, PredicateRule, ScoreParams, Sql, TopRule
from runtime.artifacts import Objects
from runtime.relational import FAILED_ON_A_VALUE, PLACE, parquet, quoted
from runtime.store import Store
from runtime.tracing.scene import plan_of
from spec_lang.diagnostics import DiagnosticError
from spec_lang.literals import quote
from tui.queries import plan_text

ROWS = "rows.parquet"
_OURS = "__ext_"  # functions of extensions in SQL


@dataclass(frozen=True, slots=True)
class Measured:
    """A number of rows that may be compared with a limit: of a rule of a filter, or a score that no rule compares.

    ``rule`` is the position of the rule, None for a score without one; ``why_not`` says why it cannot be moved here.
    """

    step_id: str
    step_hash: str
    rows_hash: str  # the step whose rows it is computed of
    rule: int | None
    name: str
    text: str
    sql: Sql | None
    line: int | None
    why_not: str = ""

    def compares(self, score: str) -> bool:
        return self.sql is not None and self.sql.sql == quoted(score)

    @property
    def key(self) -> str:
        return f"{self.step_id}\n{'' if self.rule is None else self.rule}\n{self.name}"


@dataclass(frozen=True)
class Numbers:
    """The numbers of the rows that come to a rule, ascending, with the places of their rows; ``rows`` counts those
    without a number too."""

    rows: int
    values: Sequence[float]
    places: Sequence[int]
    whole: bool  # whether all are whole numbers

    @property
    def none(self) -> int:
        return self.rows - len(self.values)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A row near a threshold."""

    value: float
    row_id: str
    file: str | None
    line: int | None
    content: tuple[tuple[str, str], ...]


def measured(store: Store, run_id: str) -> list[Measured]:
    """Every rule of a run's filters that compares a number, then the scores that no rule compares, in plan order;
    nothing of a run whose plan is of another version."""
    plan = plan_of(plan_text(store, run_id))
    if plan is None:
        return []
    ended = {step for (step,) in store.query("SELECT step_hash FROM results")}
    return [one if not one.rule or one.step_hash in ended else _waiting(one) for one in _measured(plan)]


def _waiting(one: Measured) -> Measured:
    """Of a filter that has not ended nobody knows yet what its earlier rules drop."""
    return one if one.why_not else replace(one, why_not=f"the rules before it have not run yet in {one.step_id}")


def _measured(plan: Plan) -> list[Measured]:
    found: list[Measured] = []
    for step in plan:
        if isinstance(step.params, FilterParams):
            found += _rules(plan, step, step.params)
    compared = {(one.rows_hash, one.sql.sql) for one in found if one.sql is not None}
    for step in plan:
        if isinstance(step.params, ScoreParams):
            for score in step.params.scores:
                sql = Sql(sql=quoted(score.name), type="number")
                if (step.hash, sql.sql) not in compared:
                    line = step.local.get("lines", {}).get(f"scores.{score.name}")
                    found.append(Measured(step.id, step.hash, step.hash, None, score.name, "", sql, line))
    return found


def _rules(plan: Plan, step: Step, params: FilterParams) -> list[Measured]:
    found = []
    texts, lines = step.local.get("rules", ()), step.local.get("lines", {})
    source = plan.step(step.inputs["rows"]).hash
    for position, rule in enumerate(params.rules):
        text = _written(texts[position]) if position < len(texts) else ""
        sql = rule.measured if isinstance(rule, PredicateRule) else rule.by if isinstance(rule, TopRule) else None
        if sql is None or sql.type != "number":
            continue
        about = (step.id, step.hash, source, position, text, text, sql, lines.get(f"rules.{position}"))
        found.append(Measured(*about, why_not=_why_not(rule, sql)))
    return found


def _written(rule: Mapping[str, Any]) -> str:
    """A rule as it stands in a spec, its reason with it."""
    because = f" because {quote(rule['reason'])}" if rule.get("reason") else ""
    return f"{rule['text']}{because}"


def _why_not(rule: object, sql: Sql) -> str:
    if isinstance(rule, TopRule):
        return "it keeps the best rows by their rank; how many is what the rule says"
    if sql.prepared:
        names = ", ".join(sorted({item.function.replace("_", " ") for item in sql.prepared}))
        return f"{names}: a model's work while a run goes on, which is not kept; a `score` keeps it"
    if _OURS in sql.sql:
        return "it calls a function of an extension, which only a run does; a `score` keeps what it gives"
    return ""


def numbers(store: Store, one: Measured) -> Numbers | str:
    """The numbers behind a rule, or why there are none."""
    path = Objects(store.root / "objects").path(one.rows_hash) / ROWS
    if one.why_not or one.sql is None:
        return f"not to be moved here: {one.why_not}"
    if not path.exists():
        return "its rows are not in the store: they are there once the run has come so far"
    try:
        return _numbers(store, one, one.sql, path)
    except DiagnosticError as error:
        if error.diagnostics[0].code != FAILED_ON_A_VALUE:
            raise
        return f"not to be measured: {error.diagnostics[0].message}"


def _numbers(store: Store, one: Measured, expression: Sql, path: Path) -> Numbers:
    gone = (
        " WHERE __row_id NOT IN (SELECT row_id FROM ledger WHERE step_hash = ? AND TRY_CAST(rule AS INTEGER) < ? "
        "AND row_id IS NOT NULL)"
        if one.rule
        else ""
    )
    bound = [one.step_hash, one.rule] if one.rule else []
    sql = f"SELECT try_cast(({expression.sql}) AS DOUBLE) AS number, {PLACE} AS place FROM {parquet(path)}{gone}"
    with store.reading() as con:
        (rows,) = con.execute(f"SELECT count(*) FROM {parquet(path)}{gone}", bound).fetchone() or (0,)
        con.execute(
            f"SELECT number, place FROM ({sql}) WHERE number IS NOT NULL AND NOT isnan(number) ORDER BY 1, 2",
            [*expression.params, *bound],
        )
        found: dict[str, Any] = con.fetchnumpy()
    values, places = found["number"], found["place"]
    return Numbers(int(rows), values, places, bool((values == values.round()).all()))


def neighbours(store: Store, one: Measured, places: Sequence[int], values: Sequence[float]) -> list[Neighbour]:
    """The rows at some places of the rows that a rule reads, in the order given."""
    path: Path = Objects(store.root / "objects").path(one.rows_hash) / ROWS
    wanted = ", ".join(str(int(place)) for place in places)
    if not wanted:
        return []
    with store.reading() as con:
        con.execute(f"SELECT *, {PLACE} AS __place FROM {parquet(path)} WHERE {PLACE} IN ({wanted})")
        names = [column[0] for column in con.description or ()]
        rows = {row[names.index("__place")]: dict(zip(names, row, strict=True)) for row in con.fetchall()}
    return [
        _neighbour(rows[int(place)], value) for place, value in zip(places, values, strict=True) if int(place) in rows
    ]


def _neighbour(row: dict[str, Any], value: float) -> Neighbour:
    shown = tuple((name, str(cell)) for name, cell in row.items() if not name.startswith("__") and cell is not None)
    return Neighbour(float(value), row["__row_id"], row.get("__file"), row.get("__line"), shown)
