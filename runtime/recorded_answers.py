"""Recorded answers found for the rows of an eval: a join in SQL, in which nothing is asked.

An answer belongs to the row with the same values in the columns that tell the item, never to the row at the same place
of its file. What finds no partner goes to the ledger, from either side: a row without an answer is missing from what is
measured, so a gate on it is not passed in silence; an answer without a row is named. Data may be a selection (a
filter, a part of a split), whose other rows have answers too; an answer to what not even the files behind the data
have is another thing: the data lost an item that was asked, and no gate on the eval passes. Two answers to one item, or
one item for two different rows, are not guessed about: the step stops. About 0.3 s for 100,000 answers.
"""

from __future__ import annotations

from math import isfinite
from pathlib import Path

from compiler.functions.metrics import RECORDED
from compiler.recorded_params import BEHIND
from compiler.step_params import MeasureParams, Recorded
from runtime.context import StepContext, StepResult
from runtime.relational import PLACE, Engine, engine, literal, parquet, quoted
from runtime.step_rows import publish_rows, write_ledger
from runtime.template_sql import Bound
from runtime.template_sql import value as text_of
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import one_line

LOST = "lost.parquet"  # item: what was answered, and is in no file behind the data
LABELS = "labels.parquet"  # row_id, label (the column), value: what judges said, beside the predictions
SCORES = "scores.parquet"  # row_id, score, value: beside the predictions of a step that has scores
UNKNOWN_PROMPT = "[]"  # no message is known
STOP_REASON = "recorded"  # why an answer ends is not known
_WIDTH = 60
_MOST_WAYS = 20


def run(ctx: StepContext, params: Recorded) -> StepResult:
    """Raises DiagnosticError SFT0580 (no answer belongs to a row), SFT0581 (two answers to one item), SFT0582 (rows
    that the item does not tell apart)."""
    folder = ctx.out
    with engine(folder) as db:
        _asked(db, ctx.inputs["rows"], ctx.inputs.get("prompts"), params)
        _given(db, ctx.inputs["answers"], params)
        ctx.stop.check()
        _refuse_rows_alike(db, params)
        _refuse_two_answers(db, params)
        _pair(db, params)
        ctx.stop.check()
        answered = db.value("SELECT count(*) FROM paired")
        if not answered:
            raise _nothing_paired(db, ctx.step.local.get("item", "item"))
        db.copy(_lost(db, ctx, params), folder / LOST)
        dropped = write_ledger(db, _LEDGER, folder / "ledger.parquet")
        db.copy(_PREDICTIONS, folder / "predictions.parquet")
        db.copy(_STORED, folder / "stored.parquet")
        if params.scores:
            db.copy(_scores(params), folder / SCORES)
        if params.labels:
            db.copy(_labels(params), folder / LABELS)
        summary = {"decode": _decoded(db)} if params.how is not None else {}
        causes = dict(db.rows(f"SELECT rule, count(*) FROM ({_LEDGER}) GROUP BY rule ORDER BY rule"))
    publish_rows(ctx, {"ledger": folder / "ledger.parquet", "predictions": folder / "stored.parquet"})
    summary |= {"recorded": answered, "dropped_by_cause": causes}
    return StepResult(answered + dropped, answered, dropped, summary)


def _lost(db: Engine, ctx: StepContext, params: Recorded) -> str:
    """The items that were answered, and that no file behind the data has; where files have not the columns of the item,
    the data stands for them."""
    files = [parquet(folder / "rows.parquet") for role, folder in ctx.inputs.items() if role.startswith(BEHIND)]
    keys = ", ".join(f"({value.sql}) AS k{at}" for at, value in enumerate(params.item))
    bound = [one for value in params.item for one in value.params]
    known = f"(FROM asked WHERE {_same(params, 'given', 'asked')})"
    db.execute(f"CREATE TABLE lost AS SELECT * FROM given WHERE has_item AND NOT EXISTS {known}")
    for file in files:
        rows = f"SELECT {keys} FROM {file}"
        if db.binds(rows, bound):
            db.execute(
                f"DELETE FROM lost WHERE EXISTS (FROM ({rows}) known WHERE {_same(params, 'lost', 'known')})", bound
            )
    return "SELECT DISTINCT i AS item FROM lost ORDER BY 1"


def _asked(db: Engine, folder: Path, prompts: Path | None, params: Recorded) -> None:
    """The rows of the data: the item as ``k0``, ``k1``, …, what is expected, and ``i``, which messages show."""
    expected, joined = "''", ""
    if params.expected is not None:
        expected = text_of(params.expected)
    elif prompts is not None:
        expected = "rendered.expected"
        joined = f" LEFT JOIN {parquet(prompts / 'rows.parquet')} AS rendered ON rendered.row_id = __row_id"
    common, bound = _common(params)
    rows, part = _rows(folder, params.part)
    rows = f"SELECT {common}, {expected} AS expected FROM ({rows}){joined}"
    db.execute(f"CREATE TABLE asked AS SELECT {_item(params)} FROM ({rows})", [*bound, *part])


def _given(db: Engine, folder: Path, params: Recorded) -> None:
    """The recorded rows: the item, the answer and its scores ``s0``, ``s1``, …"""
    prompt = f"'{UNKNOWN_PROMPT}'"
    if params.prompt is not None:  # as the messages of a model that is asked
        name = quoted(params.prompt)
        said = f"to_json([{{'role': 'user', 'content': {name}}}])::VARCHAR"
        prompt = f"CASE WHEN {name} IS NULL THEN {prompt} ELSE {said} END"
    scores = "".join(f", {quoted(score.column)}::DOUBLE AS s{at}" for at, score in enumerate(params.scores))
    scores += "".join(f", {quoted(column)}::VARCHAR AS l{at}" for at, column in enumerate(params.labels))
    scores += f", {quoted(params.how)} AS decode" if params.how is not None else ""
    common, bound = _common(params)
    rows, part = _rows(folder, params.answers_part)
    rows = f"SELECT {common}, {text_of(params.answer)} AS output, {prompt} AS prompt{scores} FROM ({rows})"
    db.execute(f"CREATE TABLE given AS SELECT {_item(params)} FROM ({rows})", [*bound, *part])


def _decoded(db: Engine) -> list[str]:
    """The different ways in which the log says that answers were decoded; the first few stand for all."""
    found = db.rows(f"SELECT DISTINCT decode FROM given WHERE decode IS NOT NULL ORDER BY 1 LIMIT {_MOST_WAYS}")
    return [row[0] for row in found]


def _rows(folder: Path, part: str | None) -> Bound:
    where = "" if part is None else " WHERE __split = ?"
    select = f"SELECT *, {PLACE} AS __ord FROM {parquet(folder / 'rows.parquet')}{where}"
    return select, [] if part is None else [part]


def _common(params: Recorded) -> Bound:
    keys = ", ".join(f"({value.sql}) AS k{at}" for at, value in enumerate(params.item))
    return f"__ord, __row_id AS row_id, __file AS file, __line AS line, {keys}", [
        bound for value in params.item for bound in value.params
    ]


def _item(params: Recorded) -> str:
    """What a message shows of an item, and whether there is one."""
    none = " AND ".join(f"k{at} IS NULL" for at in range(len(params.item)))
    shown = ", ".join(f"k{at}::VARCHAR" for at in range(len(params.item)))
    return f"*, concat_ws(' | ', {shown}) AS i, NOT ({none}) AS has_item"


def _keys(params: Recorded) -> str:
    return ", ".join(f"k{at}" for at in range(len(params.item)))


def _same(params: Recorded, one: str, two: str) -> str:
    return " AND ".join(f"{one}.k{at} IS NOT DISTINCT FROM {two}.k{at}" for at in range(len(params.item)))


def _refuse_rows_alike(db: Engine, params: Recorded) -> None:
    """Rows of equal content are one item (their ids differ in the number at the end alone); others are not."""
    found = db.rows(
        f"SELECT min_by(i, __ord), min(line), max(line) FROM asked WHERE has_item GROUP BY {_keys(params)} "
        "HAVING count(DISTINCT regexp_replace(row_id, '-[0-9]+$', '')) > 1 ORDER BY min(__ord) LIMIT 1"
    )
    if found:
        item, first, second = found[0]
        raise fatal(
            "SFT0582",
            f"`item` does not tell rows apart: lines {first} and {second} of the data both have {_shown(item)}",
            "name more columns: `item = [question, choices]`",
            about="recorded.item",
        )


def _refuse_two_answers(db: Engine, params: Recorded) -> None:
    told = {f"s{at}": f"scores `{score.name}`" for at, score in enumerate(params.scores)}
    told |= {f"l{at}": f"labels `{column}`" for at, column in enumerate(params.labels)}
    given = ", ".join(["output", *told])
    found = db.rows(
        f"SELECT min(__ord) FROM given SEMI JOIN asked ON {_same(params, 'given', 'asked')} "
        f"WHERE has_item AND output IS NOT NULL GROUP BY {_keys(params)} HAVING count(DISTINCT ({given},)) > 1 "
        "ORDER BY 1 LIMIT 1"
    )
    if not found:
        return
    one, other = db.rows(
        f"SELECT min_by(i, __ord), min(line), {given} FROM given SEMI JOIN (FROM given WHERE __ord = ?) first "
        f"ON {_same(params, 'given', 'first')} WHERE has_item AND output IS NOT NULL "
        f"GROUP BY {given} ORDER BY min(__ord) LIMIT 2",
        list(found[0]),
    )
    what = next(name for name, a, b in zip(("answers", *told.values()), one[2:], other[2:], strict=True) if a != b)
    if params.how is not None:
        help = "keep one in a task, by `keep epoch == 1` or `keep filter == …`, and write `recorded = TASK`"
    else:
        help = "keep one in a task and write `recorded = TASK`, or add to `item` what tells them apart"
    message = f"two different {what} were recorded for one item, on lines {one[1]} and {other[1]}: {_shown(one[0])}"
    raise fatal("SFT0581", message, help, about="recorded.recorded")


def _pair(db: Engine, params: Recorded) -> None:
    """``firsts`` has an answer an item, the first of equal ones; ``paired`` the rows that have one."""
    db.execute(
        f"CREATE TABLE firsts AS SELECT * FROM given WHERE has_item AND output IS NOT NULL "
        f"QUALIFY row_number() OVER (PARTITION BY {_keys(params)} ORDER BY __ord) = 1"
    )
    scores = "".join(f", f.s{at}" for at in range(len(params.scores)))
    scores += "".join(f", f.l{at}" for at in range(len(params.labels)))
    db.execute(
        f"CREATE TABLE paired AS SELECT a.__ord, a.row_id, f.prompt, f.output, a.expected, f.row_id AS answer{scores} "
        f"FROM asked a JOIN firsts f ON {_same(params, 'a', 'f')} "
        "WHERE a.has_item AND a.expected IS NOT NULL ORDER BY a.__ord"
    )
    db.execute(
        "CREATE TABLE unpaired AS SELECT g.__ord, g.row_id, g.file, g.line, p.answer AS survivor, CASE "
        "WHEN NOT g.has_item THEN 'no_item' WHEN g.output IS NULL THEN 'no_output' "
        "WHEN p.answer IS NOT NULL THEN 'repeated' ELSE 'no_row' END AS rule FROM given g "
        f"LEFT JOIN firsts f ON g.has_item AND {_same(params, 'g', 'f')} "
        "LEFT JOIN (SELECT DISTINCT answer FROM paired) p ON p.answer = f.row_id "
        "WHERE g.row_id NOT IN (SELECT answer FROM paired)"
    )


_DETAILS = {
    "no_item": "the columns that tell the item are empty",
    "no_output": "nothing stands where the answer should",
    "repeated": "the same answer to the same item, once more",
    "no_row": "no row of the data is this item",
}
_DETAIL = " ".join(f"WHEN '{rule}' THEN '{text}'" for rule, text in _DETAILS.items())

_NO_ANSWER = """CASE WHEN expected IS NULL THEN 'it has no expected answer'
    WHEN has_item THEN 'no answer was recorded for this row' ELSE 'the columns that tell the item are empty' END"""

# Rows without an answer first, then answers without a row; both by their place.
_LEDGER = f"""
SELECT rule, row_id, line, file, NULL::VARCHAR AS value, survivor, detail FROM (
    SELECT 0 AS side, __ord, row_id, line, file, NULL AS survivor, {_NO_ANSWER} AS detail,
           CASE WHEN expected IS NULL THEN 'no_expected' ELSE 'no_answer' END AS rule
    FROM asked WHERE row_id NOT IN (SELECT row_id FROM paired)
    UNION ALL BY NAME
    SELECT 1 AS side, __ord, row_id, line, file, CASE rule WHEN 'repeated' THEN survivor END AS survivor,
           CASE rule {_DETAIL} END AS detail, rule
    FROM unpaired
) ORDER BY side, __ord"""

# What nobody recorded is NULL: tokens, seconds, why the answer ends.
_PREDICTIONS = """
SELECT row_id, prompt, output, expected, NULL::VARCHAR AS stop_reason, NULL::INTEGER AS prompt_tokens,
       NULL::INTEGER AS output_tokens
FROM paired ORDER BY __ord"""
_STORED = f"SELECT * REPLACE ('{STOP_REASON}' AS stop_reason), now() AS made_at FROM ({_PREDICTIONS})"


def _scores(params: Recorded) -> str:
    """One row an item and score; a score that is not there is NULL."""
    names = ", ".join(literal(score.name) for score in params.scores)
    values = ", ".join(f"s{at}" for at in range(len(params.scores)))
    ordered = "(SELECT * FROM paired ORDER BY __ord)"
    return f"SELECT row_id, unnest([{names}]) AS score, unnest([{values}]) AS value FROM {ordered}"


def _labels(params: Recorded) -> str:
    """One row an item and column of labels; a label that is not there is NULL."""
    names = ", ".join(literal(column) for column in params.labels)
    values = ", ".join(f"l{at}" for at in range(len(params.labels)))
    ordered = "(SELECT * FROM paired ORDER BY __ord)"
    return f"SELECT row_id, unnest([{names}]) AS label, unnest([{values}]) AS value FROM {ordered}"


def recorded_scores(db: Engine, folder: Path, params: MeasureParams) -> dict[str, dict[str, float | None]]:
    """The scores of a finished step, by row id and score, none where nothing was recorded. Raises DiagnosticError
    SFT0583 for a share that is neither 0 nor 1."""
    path = folder / SCORES
    if not path.exists():
        return {}
    shares = {str(m.args["score"]): m.name for m in params.metrics if m.function == RECORDED and m.unit == "share"}
    scores: dict[str, dict[str, float | None]] = {}
    for row_id, score, value in db.rows(f"SELECT row_id, score, value FROM {parquet(path)}"):
        if score in shares and value not in (0, 1, None):
            raise fatal(
                "SFT0583",
                f"metric `{shares[score]}` is a share, and the recorded score `{score}` is {value:g} for an answer",
                f'write `recorded("{score}", values = numbers)`',
            )
        scores.setdefault(row_id, {})[score] = None if value is None or not isfinite(value) else value
    return scores


def _nothing_paired(db: Engine, item: str) -> DiagnosticError:
    """Say what both sides have, so that a reader sees why they do not meet."""
    rows = db.value("SELECT count(*) FROM asked")
    answers = db.value("SELECT count(*) FROM given WHERE output IS NOT NULL")
    sides = [db.rows(f"SELECT i FROM {table} ORDER BY __ord LIMIT 1") for table in ("asked", "given")]
    first, second = (_shown(found[0][0]) if found else "nothing" for found in sides)
    message = f"none of {answers:,} recorded answers belongs to one of {rows:,} rows by `{one_line(item, _WIDTH)}`"
    help = f"the first row has {first}, and the first recorded one {second}"
    return fatal("SFT0580", message, help, about="recorded.item")


def _shown(item: str | None) -> str:
    return f"`{one_line(item or '', _WIDTH)}`"
