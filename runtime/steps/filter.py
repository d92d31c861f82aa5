"""Filter: rules in order; a row falls to the first rule that drops it, and the ledger says to which and why.

Predicates and exact duplicates are one SQL statement each, over the columns that they name; near
duplicates are found in numpy. The rows themselves are read once more at the end, to be written.
"""

from __future__ import annotations

from collections.abc import Sequence

from compiler.plan import Step
from compiler.step_params import ExactDedupRule, FilterParams, NearDedupRule, PredicateRule, TopRule
from runtime.compared_rows import Statement, compared, make_views, order
from runtime.context import StepContext, StepResult
from runtime.extensions import add_extensions
from runtime.relational import engine, parquet
from runtime.step_rows import publish_rows, write_ledger
from runtime.steps.near_dedup import drop_near_duplicates
from runtime.steps.top_rule import top_statement
from spec_lang.diagnostics import DiagnosticError, fatal

LONGEST_VALUE = 500  # characters of a measured value that the ledger keeps


def run(ctx: StepContext) -> StepResult:
    """Apply the rules. Raises DiagnosticError SFT0411 (an expression failed on a value), SFT0412 (no row is left)."""
    params = ctx.step.params
    assert isinstance(params, FilterParams)
    with engine(ctx.out) as db:
        add_extensions(ctx, db)
        db.execute(
            "CREATE VIEW rows AS SELECT *, file_row_number AS __ord FROM "
            + parquet(ctx.inputs["rows"] / "rows.parquet")
        )
        db.execute("CREATE TABLE dropped (ord BIGINT, rule INTEGER, value VARCHAR, survivor VARCHAR, detail VARCHAR)")
        db.execute("CREATE VIEW alive AS SELECT * FROM rows WHERE rows.__ord NOT IN (SELECT dropped.ord FROM dropped)")
        rows_in = db.value("SELECT count(*) FROM rows")
        for position, rule in enumerate(params.rules):
            ctx.stop.check()
            if isinstance(rule, ExactDedupRule | NearDedupRule):
                make_views(db, ctx.inputs, rule, position)
            if isinstance(rule, NearDedupRule):
                drop_near_duplicates(ctx, db, position, rule)
            else:
                db.execute(*statement(position, rule))
            ctx.progress(position + 1, len(params.rules), "rules")
        kept = db.copy("SELECT * EXCLUDE (__ord) FROM alive ORDER BY __ord", ctx.out / "rows.parquet")
        dropped = write_ledger(db, _LEDGER, ctx.out / "ledger.parquet")
        counts: dict[str, int] = dict(
            db.rows("SELECT rule::VARCHAR, count(*) FROM dropped GROUP BY rule ORDER BY dropped.rule")
        )
    publish_rows(ctx, {"ledger": ctx.out / "ledger.parquet"})
    if not kept:
        raise _nothing_left(ctx.step, rows_in, counts)
    return StepResult(rows_in, kept, dropped, {"dropped_by_rule": counts})


def statements(step: Step) -> list[str]:
    """The SQL of the step's rules, for reading; ``alive`` holds the rows that no earlier rule dropped."""
    assert isinstance(step.params, FilterParams)
    return [
        f"-- near duplicates at a Jaccard similarity of {rule.threshold} of the trigrams of the values in\n"
        + compared(rule, position)[0]
        if isinstance(rule, NearDedupRule)
        else statement(position, rule)[0]
        for position, rule in enumerate(step.params.rules)
    ]


def statement(position: int, rule: PredicateRule | ExactDedupRule | TopRule) -> Statement:
    """The statement that adds a rule's drops to ``dropped``, with its parameters."""
    if isinstance(rule, TopRule):
        return top_statement(position, rule, LONGEST_VALUE)
    return _exact(position, rule) if isinstance(rule, ExactDedupRule) else _predicate(position, rule)


def _predicate(position: int, rule: PredicateRule) -> Statement:
    """``keep`` drops what is not true, ``drop`` what is true: NULL is never true."""
    measured = f"left(({rule.measured.sql})::VARCHAR, {LONGEST_VALUE})" if rule.measured else "NULL"
    negation = "NOT " if rule.rule == "keep" else ""
    sql = (
        f"INSERT INTO dropped (ord, rule, value)\nSELECT __ord, {position}, {measured}\nFROM alive\n"
        f"WHERE {negation}coalesce(({rule.condition.sql}), false)"
    )
    return sql, [*(rule.measured.params if rule.measured else ()), *rule.condition.params]


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
    )
