"""The judge step over pairs: answers of a model beside another one's, or two answers of labelled rows.

Nothing is dropped: a pair without a verdict has none, with the reason. Requests are kept as they come, so that a killed
step asks nothing again; what both models answered alike is asked about once for all places where it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from compiler.judge_params import JudgeParams, ModelJudge, PairedAnswers, PairedRows, RuleJudge
from runtime.context import StepContext, StepResult
from runtime.judging.pair_wording import Pair
from runtime.judging.pairs import ORDER, SAME_ANSWER, PairJudge, PairVerdict, pair_judge_of
from runtime.relational import PLACE, Engine, engine, literal, parquet
from runtime.step_rows import publish_rows
from spec_lang.diagnostics import fatal

# row_id, sample, text (hash of both), label, score, confidence (none), flipped, reason; of each order the label; which
# is longer (1: the first); the hash of what was asked
VERDICTS = "verdicts.parquet"
NO_TEXT, NO_OPPONENT = "no_text", "no_opponent"
WINDOW = 1024  # pairs that are in memory at once


def run_pairs(ctx: StepContext, params: JudgeParams) -> StepResult:
    """Raises DiagnosticError SFT0590 (no pair got a verdict), SFT0526, SFT0534, what asking raises; Interrupted."""
    with engine(ctx.out) as db:
        _view_pairs(ctx, db, params)
        count = int(db.value("SELECT count(*) FROM pairs"))
        db.execute(
            "CREATE TABLE said (place INTEGER, repeat INTEGER, label VARCHAR, reason VARCHAR, request_hash VARCHAR)"
        )
        db.execute(
            "CREATE TABLE verdicts (place INTEGER, label VARCHAR, score DOUBLE, flipped BOOLEAN, reason VARCHAR, "
            "straight VARCHAR, swapped VARCHAR)"
        )
        more = _fill(ctx, db, params)
        reasons = dict(
            db.rows("SELECT reason, count(*) FROM verdicts WHERE label IS NULL GROUP BY 1 ORDER BY 2 DESC, 1")
        )
        left = sum(reasons.values())
        if count and left == count:
            listed = ", ".join(f"{name} {number:,}" for name, number in reasons.items())
            help = "a small model may not follow the form: name a template, or another model"
            raise fatal("SFT0590", f"none of {count:,} pairs got a verdict: {listed}", help, about="using")
        turned, both, same = db.rows(
            "SELECT count(*) FILTER (flipped), count(flipped), count(*) FILTER (reason = ? AND label IS NOT NULL) "
            "FROM verdicts",
            [SAME_ANSWER],
        )[0]
        _write(ctx, db, params)
    if reasons:
        listed = ", ".join(f"{name} {number:,}" for name, number in reasons.items())
        ctx.note(f"{left:,} of {count:,} pairs got no verdict: {listed}")
    if turned:
        ctx.note(f"{turned:,} of {both:,} verdicts turned with the order of the answers, and are ties")
    summary: dict[str, Any] = {"judged": count - left, "unjudged": left, "reasons": reasons, **more}
    return StepResult(count, count, 0, summary | {"turned": turned, "in_both_orders": both, "same_answer": same})


# --- what is compared ---------------------------------------------------------------------------------


def _view_pairs(ctx: StepContext, db: Engine, params: JudgeParams) -> None:
    """The table ``pairs``: place, row_id, sample, both answers, the prompt, and why a pair cannot be judged."""
    items, bound = params.items, list[Any]()
    if isinstance(items, PairedRows):
        told = [("first", items.first), ("second", items.second), ("prompt", items.prompt)]
        columns = ", ".join(f'({sql.sql})::VARCHAR AS "{name}"' for name, sql in told if sql is not None)
        bound = [value for _, sql in told if sql is not None for value in sql.params]
        if items.prompt is None:
            turns = "to_json(CAST(messages AS JSON[])[:-2])::VARCHAR" if items.conversation else "NULL::VARCHAR"
            columns += f" , {turns} AS prompt"
        select = (
            f"SELECT {PLACE} AS nth, __row_id AS row_id, 0 AS sample, {columns}, TRUE AS met "
            f"FROM {parquet(ctx.inputs['rows'] / 'rows.parquet')}"
        )
        if items.part is not None:
            select += " WHERE __split = ?"
            bound.append(items.part)
    else:
        assert isinstance(items, PairedAnswers)
        one, other = (_answers(db, ctx.inputs[role]) for role in ("rows", "against"))
        select = (
            'SELECT o.nth, o.row_id, o.sample, o.output AS "first", t.output AS "second", '
            "coalesce(o.prompt, t.prompt) AS prompt, t.row_id IS NOT NULL AS met "
            f"FROM ({one}) AS o LEFT JOIN ({other}) AS t USING (row_id, sample)"
        )
    db.execute(
        "CREATE TABLE pairs AS SELECT (row_number() OVER (ORDER BY nth) - 1)::INTEGER AS place, row_id, "
        'sample::INTEGER AS sample, "first", "second", prompt, CASE WHEN NOT met THEN '
        f"'{NO_OPPONENT}' WHEN \"first\" IS NULL OR \"second\" IS NULL THEN '{NO_TEXT}' END AS missing FROM ({select})",
        bound,
    )


def _answers(db: Engine, folder: Path) -> str:
    file = parquet(folder / "predictions.parquet")
    there = {row[0] for row in db.rows(f"SELECT column_name FROM (DESCRIBE SELECT * FROM {file})")}
    sample = "sample" if "sample" in there else "0 AS sample"
    return f"SELECT {PLACE} AS nth, row_id, {sample}, output, prompt FROM {file}"


# --- who judges ---------------------------------------------------------------------------------------


def _fill(ctx: StepContext, db: Engine, params: JudgeParams) -> dict[str, Any]:
    """The tables ``said`` and ``verdicts``; what the step says of asking."""
    db.execute(
        "INSERT INTO verdicts SELECT place, NULL, NULL, NULL, missing, NULL, NULL FROM pairs WHERE missing IS NOT NULL"
    )
    using = params.judge.using
    if isinstance(using, RuleJudge):
        _compare(ctx, db, params, pair_judge_of(params.judge, scratch=ctx.out))
        return {}
    assert isinstance(using, ModelJudge)
    from runtime.asking.opening import open_asking

    with open_asking(ctx, precision=using.precision) as asker:
        _compare(ctx, db, params, pair_judge_of(params.judge, asker=asker))
        asker.require_answers()
        return asker.summary()


def _compare(ctx: StepContext, db: Engine, params: JudgeParams, judge: PairJudge) -> None:
    for places, pairs in _windows(ctx, db, params):
        found = judge.compare(pairs)
        db.append(
            "said",
            [
                (place, repeat, one.label, one.reason, one.request)
                for place, verdict in zip(places, found, strict=True)
                for repeat, one in enumerate(verdict.said)
            ],
        )
        db.append("verdicts", [(place, *_row(verdict)) for place, verdict in zip(places, found, strict=True)])


def _windows(ctx: StepContext, db: Engine, params: JudgeParams) -> Iterator[tuple[list[int], list[Pair]]]:
    """Places and pairs that can be judged, so many at a time."""
    items = params.items
    is_messages = isinstance(items, PairedAnswers) or (isinstance(items, PairedRows) and items.conversation)
    asked = 'SELECT place, "first", "second", prompt FROM pairs WHERE missing IS NULL ORDER BY place'
    for batch in db.batches(asked, [], WINDOW):
        ctx.stop.check()
        yield (
            [row[0] for row in batch],
            [
                Pair(first, second, json.loads(prompt) if is_messages and prompt else prompt)
                for _, first, second, prompt in batch
            ],
        )


def _row(verdict: PairVerdict) -> Sequence[Any]:
    labels = [one.label for one in verdict.said] if len(verdict.said) == 2 else [None, None]
    return verdict.label, verdict.score, verdict.turned, verdict.reason, *labels


# --- what is kept -------------------------------------------------------------------------------------


def _write(ctx: StepContext, db: Engine, params: JudgeParams) -> None:
    from runtime.agreement.pairs import pair_figures, read_pairs
    from runtime.agreement.rows import figure_rows, write_figures

    db.copy(
        'SELECT row_id, sample, left(sha256("first" || chr(0) || "second"), 32) AS text, label, score, '
        "NULL::DOUBLE AS confidence, flipped, reason, straight, swapped, "
        'sign(length("first") - length("second"))::INTEGER AS longer, left(sha256(prompt), 32) AS prompt '
        "FROM pairs JOIN verdicts USING (place) ORDER BY place",
        ctx.out / VERDICTS,
    )
    policy = params.judge.policy.version if params.judge.policy is not None else None
    version = "NULL::VARCHAR" if policy is None else literal(policy)
    judgements, agreement = ctx.out / "judgements.parquet", ctx.out / "agreement.parquet"
    # a pair that nobody was asked about has one row too, with the reason
    db.copy(
        "SELECT row_id, sample, coalesce(s.repeat, 0)::INTEGER AS repeat, "
        "CASE WHEN s.place IS NULL THEN v.label ELSE s.label END AS label, NULL::DOUBLE AS score, "
        "NULL::DOUBLE AS confidence, CASE WHEN s.place IS NULL THEN v.reason ELSE s.reason END AS reason, "
        f"s.request_hash, {version} AS policy_version FROM pairs JOIN verdicts AS v USING (place) "
        "LEFT JOIN said AS s USING (place) ORDER BY place, 3",
        judgements,
    )
    files = {"judgements": judgements}
    if isinstance(params.items, PairedAnswers):
        given = read_pairs(db, parquet(ctx.out / VERDICTS), "row_id")
        write_figures(db, figure_rows({}, given.row_ids, lambda mask: pair_figures(given.only(mask))), agreement)
        files["agreement"] = agreement
    publish_rows(ctx, files)


__all__ = ["NO_OPPONENT", "NO_TEXT", "ORDER", "VERDICTS", "run_pairs"]
