"""Filter: rules in order; a row falls to the first rule that drops it, and the ledger says to which and why.

Predicates that follow one another are one SQL statement, over the columns that they name, and so is each rule of exact
duplicates; near duplicates are found in numpy. The rows themselves are read once more at the end, to be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from compiler.plan import Step
from compiler.step_params import ExactDedupRule, FilterParams, FilterRule, NearDedupRule, PredicateRule, Sql, TopRule
from runtime.compared_rows import Statement, compared, make_views, order
from runtime.context import StepContext, StepResult
from runtime.extensions import add_extensions
from runtime.places import about
from runtime.preparing import with_prepared
from runtime.relational import Engine, engine
from runtime.step_rows import copy_kept, publish_rows, view_rows, write_ledger
from runtime.steps.near_dedup import drop_near_duplicates
from runtime.steps.top_rule import top_statement
from spec_lang.diagnostics import DiagnosticError, fatal

LONGEST_VALUE = 500  # characters of a measured value that the ledger keeps


def run(ctx: StepContext) -> StepResult:
    """Apply the rules. Raises DiagnosticError SFT0411 (an expression failed on a value), SFT0412 (no row is left), and
    what loading an extension, a tokenizer or the language model raises."""
    params = ctx.step.params
    assert isinstance(params, FilterParams)
    with engine(ctx.out) as db:
        add_extensions(ctx, db)
        view_rows(db, ctx.inputs["rows"])
        db.execute("CREATE TABLE dropped (ord BIGINT, rule INTEGER, value VARCHAR, survivor VARCHAR, detail VARCHAR)")
        db.execute("CREATE VIEW alive AS SELECT * FROM rows WHERE rows.__ord NOT IN (SELECT dropped.ord FROM dropped)")
        rows_in = db.value("SELECT count(*) FROM rows")
        for position, rules in _together(params.rules):
            ctx.stop.check()
            with about(f"rules.{position}") if len(rules) == 1 else nullcontext():
                _apply(ctx, db, position, rules, params.rules)
            ctx.progress(position + len(rules), len(params.rules), "rules")
        kept = copy_kept(db, rows_in, ctx.out / "rows.parquet")
        dropped = write_ledger(db, _LEDGER, ctx.out / "ledger.parquet")
        counts: dict[str, int] = dict(
            db.rows("SELECT rule::VARCHAR, count(*) FROM dropped GROUP BY rule ORDER BY dropped.rule")
        )
    publish_rows(ctx, {"ledger": ctx.out / "ledger.parquet"})
    if not kept and not ctx.of_round:
        raise _nothing_left(ctx.step, rows_in, counts)
    return StepResult(rows_in, kept, dropped, {"dropped_by_rule": counts})


def _apply(
    ctx: StepContext, db: Engine, position: int, rules: Sequence[FilterRule], every: Sequence[FilterRule]
) -> None:
    """Add the drops of rules that are one statement to ``dropped``."""
    rule = rules[0]
    if isinstance(rule, ExactDedupRule | NearDedupRule):
        make_views(db, ctx.inputs, rule, position)
    if isinstance(rule, NearDedupRule):
        drop_near_duplicates(ctx, db, position, rule)
    else:
        asked, later = ([sql for rule in some for sql in _asking(rule)] for some in (rules, every))
        db.execute(*statement(position, rules, with_prepared(ctx, db, "alive", "__ord", asked, later)))


def statements(step: Step) -> list[str]:
    """The SQL of the step's rules, for reading; ``alive`` holds the rows that no earlier rule dropped."""
    assert isinstance(step.params, FilterParams)
    return [
        f"-- near duplicates at a Jaccard similarity of {rule.threshold} of the trigrams of the values in\n"
        + compared(rule, position)[0]
        if isinstance(rule := rules[0], NearDedupRule)
        else statement(position, rules)[0]
        for position, rules in _together(step.params.rules)
    ]


def _together(rules: Sequence[FilterRule]) -> list[tuple[int, list[FilterRule]]]:
    """The rules that one statement can hold, with the position of the first: predicates that follow one another.

    One that asks for columns which are computed first begins a statement: they are computed of the rows that are left.
    """
    found: list[tuple[int, list[FilterRule]]] = []
    for position, rule in enumerate(rules):
        plain = isinstance(rule, PredicateRule) and not any(sql and sql.prepared for sql in _asking(rule))
        if found and plain and isinstance(found[-1][1][0], PredicateRule):
            found[-1][1].append(rule)
        else:
            found.append((position, [rule]))
    return found


def _asking(rule: FilterRule) -> tuple[Sql | None, ...]:
    """What may ask for columns that are computed first; keys of duplicates do not."""
    match rule:
        case PredicateRule():
            return rule.condition, rule.measured
        case TopRule():
            return rule.by, rule.per
        case _:
            return ()


def statement(position: int, rules: Sequence[FilterRule], rows: str = "alive") -> Statement:
    """The statement that adds the drops of some rules to ``dropped``, with its parameters; ``rows`` has those that are
    left and what was computed of them."""
    rule = rules[0]
    if isinstance(rule, TopRule):
        return top_statement(position, rule, LONGEST_VALUE, rows)
    if isinstance(rule, ExactDedupRule):
        return _exact(position, rule)
    return _predicates(position, [rule for rule in rules if isinstance(rule, PredicateRule)], rows)


def _predicates(position: int, rules: Sequence[PredicateRule], rows: str) -> Statement:
    """``keep`` drops what is not true, ``drop`` what is true: NULL is never true.

    A row is not asked for what follows the first rule that drops it, and columns are read once for all. What was judged
    is held, 30 bytes a row: the engine would pull the condition on it into the reading, and judge rows that fall twice.
    """
    fates, values = [], []
    params: list[Any] = []
    for number, rule in enumerate(rules, position):
        if rule.measured is not None:
            values.append(f"WHEN {number} THEN left(({rule.measured.sql})::VARCHAR, {LONGEST_VALUE})")
            params += rule.measured.params
    for number, rule in enumerate(rules, position):
        negation = "NOT " if rule.rule == "keep" else ""
        fates.append(f"WHEN {negation}coalesce(({rule.condition.sql}), false) THEN {number}")
        params += rule.condition.params
    value = f"CASE __at {' '.join(values)} END" if values else "NULL"
    sql = (
        f"INSERT INTO dropped (ord, rule, value)\nWITH judged AS MATERIALIZED (\nSELECT __ord, __at, {value} AS value\n"
        f"FROM (\n  SELECT *, CASE\n    "
        + "\n    ".join(fates)
        + f"\n  END AS __at\n  FROM {rows}\n))\nSELECT __ord, __at, value FROM judged WHERE __at IS NOT NULL"
    )
    return sql, params


def _exact(position: int, rule: ExactDedupRule) -> Statement:
    """Rows with equal values (missing equals missing) after the first; a row without any value has no duplicate."""
    keys = [f"k{i}" for i in range(len(rule.on))]
    rows, params = compared(rule, position)
    own = len(rule.against)
    sql = (
        f"INSERT INTO dropped (ord, rule, survivor)\nSELECT ord, {position}, survivor\nFROM (\n"
        "  SELECT side, ord, first_value(row_id) OVER same AS survivor, first_value(side) OVER same AS kept_side,\n"
        f"  row_number() OVER same AS nth\n  FROM (\n{rows}\n  )\n"
        f"  WHERE {' OR '.join(f'{key} IS NOT NULL' for key in keys)}\n"
        f"  WINDOW same AS (PARTITION BY {', '.join(keys)} ORDER BY {order(rule)})\n)\n"
        f"WHERE nth > 1 AND side = {own}" + (f" AND kept_side < {own}" if own else "")
    )
    return sql, params


_LEDGER = """
SELECT dropped.rule::VARCHAR AS rule, __row_id AS row_id, __line AS line, __file AS file,
       dropped.value AS value, dropped.survivor AS survivor, dropped.detail AS detail
FROM dropped JOIN (SELECT __ord, __row_id, __line, __file FROM rows) AS r ON r.__ord = dropped.ord
ORDER BY r.__ord"""


def _nothing_left(step: Step, rows_in: int, counts: dict[str, int]) -> DiagnosticError:
    texts: Sequence[dict[str, str]] = step.local.get("rules", [])
    most = max(counts, key=lambda rule: counts[rule])
    shares = [
        f"`{texts[int(rule)]['text']}` dropped {count:,}"
        if int(rule) < len(texts)
        else f"rule {rule} dropped {count:,}"
        for rule, count in sorted(counts.items(), key=lambda item: -item[1])
    ]
    return fatal(
        "SFT0412",
        f"the filter `{step.name}` dropped every one of {rows_in:,} rows: {', '.join(shares)}",
        "relax the rule that drops most; the ledger has the measured value of every row",
        about=f"rules.{most}",
    )
