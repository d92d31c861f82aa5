"""Score: a column a score, added to the rows; nothing is dropped.

Expressions are SQL. What needs a model goes through passes (``runtime.scoring.passes``), whose answers are kept in
the store by text and scorer; the columns are then SQL over those answers. A row that cannot be measured has no value,
and the store says why. Costs: what the models cost for texts that were not scored before, and writing the rows once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compiler.hashing import hash_value
from compiler.step_params import (
    ClassifierScore,
    ExpressionScore,
    JudgeScore,
    LossScore,
    RewardScore,
    ScoreEntry,
    ScoreParams,
)
from runtime.context import StepContext, StepResult
from runtime.extensions import add_extensions
from runtime.models.unchanged import require_same
from runtime.relational import PLACE, Engine, engine, literal, parquet, quoted
from runtime.scoring.asking import ALONE, ANSWER, LABEL, REWARD, Asker
from runtime.scoring.kept import ScoreKeeper
from runtime.scoring.passes import Pass, Texts
from runtime.step_rows import publish_rows, view_rows
from runtime.steps.judge import VERDICTS
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import visible

LOSSES, CLASSIFIERS = 2, 2  # raise them when such a scorer gives something else for the same text
_PARTS = ("weights", "tokenizer", "chat_template")
Column = tuple[str, str, list[Any]]  # value and reason as SQL over `rows`, with the parameters of the value


def run(ctx: StepContext) -> StepResult:
    """Raises DiagnosticError SFT0434, SFT0435 (no such classifier), SFT0436 (no row can be scored), SFT0526 (the model
    changed), what loading a model raises, SFT0411 (an expression failed on a value); Interrupted."""
    params = ctx.step.params
    assert isinstance(params, ScoreParams)
    with engine(ctx.out) as db:
        add_extensions(ctx, db)
        view_rows(db, ctx.inputs["rows"])
        rows = int(db.value("SELECT count(*) FROM rows"))
        passes = plan_passes(ctx, db, params, rows)
        keeper = ScoreKeeper(ctx, sum(one.texts.places * len(one.measures) for one in passes))
        if passes:
            keeper.report()
        for one in passes:
            _run_pass(ctx, db, one, params, keeper)
        summary = _write(ctx, db, params, passes, rows)
    publish_rows(ctx, {"scores": ctx.out / "scores.parquet"})
    asked = [one.used for one in passes if one.used is not None]
    if passes:
        summary |= {
            "asked": keeper.asked,
            "kept_before": keeper.kept,
            "tokens": keeper.tokens,
            "tokens_per_second": round(keeper.tokens / keeper.seconds, 1) if keeper.seconds else None,
            "device": asked[0].device if asked else None,
            "precision": asked[0].precision if asked else None,
            "forward": asked[0].way if asked else None,
        }
    return StepResult(rows, rows, 0, summary)


def plan_passes(ctx: StepContext, db: Engine, params: ScoreParams, rows: int) -> list[Pass]:
    """One pass for each model and text: losses and rewards read conversations, classifiers an expression."""
    measures: dict[tuple[int, str], set[str]] = {}
    texts: dict[tuple[int, str], Texts] = {}
    for score in params.scores:
        if isinstance(score, ExpressionScore | JudgeScore):
            continue
        key = (score.model, _source(score))
        if key not in texts:
            texts[key] = _conversations(ctx, db) if not isinstance(score, ClassifierScore) else _bodies(score, rows)
        measures.setdefault(key, set()).update(_measures(score))
    return [
        Pass(
            model,
            texts[model, source],
            tuple(sorted(found)),
            f"measured_{index}",
            _NO_CONVERSATION if source in _KINDS.values() else _NO_TEXT,
        )
        for index, ((model, source), found) in enumerate(measures.items())
    ]


_KINDS = {"ifd": "losses", "perplexity": "losses", "reward": "reward"}
_NO_TEXT, _NO_CONVERSATION = "the row has no text", "the row has no conversation"


def _source(score: LossScore | RewardScore | ClassifierScore) -> str:
    """Two scores with the same source are measured on the same text, by a model of the same kind."""
    return (
        hash_value(score.text.model_dump(mode="json")) if isinstance(score, ClassifierScore) else _KINDS[score.scorer]
    )


def _measures(score: LossScore | RewardScore | ClassifierScore) -> tuple[str, ...]:
    if isinstance(score, ClassifierScore):
        return (LABEL + score.label,)
    if isinstance(score, RewardScore):
        return (REWARD,)
    return (ANSWER, ALONE) if score.scorer == "ifd" else (ANSWER,)


def _conversations(ctx: StepContext, db: Engine) -> Texts:
    rendered = parquet(ctx.inputs["conversations"] / "rows.parquet")
    places = int(db.value(f"SELECT count(*) FROM {rendered}"))
    return Texts(f"SELECT {PLACE} AS place, row_id, messages::VARCHAR AS body FROM {rendered}", (), places)


def _bodies(score: ClassifierScore, rows: int) -> Texts:
    sql = f"SELECT __ord AS place, __row_id AS row_id, ({score.text.sql})::VARCHAR AS body FROM rows"
    return Texts(sql, tuple(score.text.params), rows)


# --- models -------------------------------------------------------------------------------------------


def _run_pass(ctx: StepContext, db: Engine, one: Pass, params: ScoreParams, keeper: ScoreKeeper) -> None:
    """The pass, with the model still what its hash names at the end; if not, its answers are taken back."""
    from runtime.models.loading import pick_device, pick_dtype

    dtype = str(pick_dtype(params.precision, pick_device()))
    hashed = {
        name: ctx.step.content[f"{name}.{one.model}"] for name in _PARTS if f"{name}.{one.model}" in ctx.step.content
    }
    model = ctx.step.local["models"][one.model]
    about = (hashed, model["weights"], model.get("chat_template"), ctx.spec_dir)
    trained = ctx.input_steps.get(f"model.{one.model}")
    version = LOSSES if {*one.measures} <= {ANSWER, ALONE} else CLASSIFIERS
    what = {"version": version, "model": hashed, "trained": trained.hash if trained else None, "dtype": dtype}
    keeper.scorers = {measure: hash_value({**what, "measure": measure}) for measure in one.measures}

    def load() -> Asker:
        require_same(*about)
        asker = _load(ctx, one, model, params)
        require_same(*about)  # what was loaded is what the hash names
        return asker

    one.run(db, keeper, load)
    if one.used is not None:
        try:
            require_same(*about)
        except DiagnosticError:  # weights are mapped from their file: an answer may come from either one
            keeper.forget()
            raise


def _load(ctx: StepContext, one: Pass, model: Mapping[str, Any], params: ScoreParams) -> Asker:
    from runtime.models.folders import model_folder
    from runtime.models.loading import load_tokenizer

    folder: Path = model_folder(model["weights"], ctx.spec_dir, ctx.note)
    conversations = not any(measure.startswith(LABEL) for measure in one.measures)
    if not conversations or REWARD in one.measures:
        from runtime.models.loading import load_plain_tokenizer
        from runtime.scoring.classifiers import load_classifier

        tokenizer = (
            load_tokenizer(folder, model.get("chat_template"), ctx.spec_dir)
            if conversations
            else load_plain_tokenizer(folder)
        )
        asker = load_classifier(folder, tokenizer, params.precision)
        asker.require({*one.measures})
        return asker
    from runtime.scoring.losses import load_losses

    tokenizer = load_tokenizer(folder, model.get("chat_template"), ctx.spec_dir)
    return load_losses(folder, ctx.inputs.get(f"model.{one.model}"), tokenizer, params.precision)


# --- columns ------------------------------------------------------------------------------------------


def _write(ctx: StepContext, db: Engine, params: ScoreParams, passes: Sequence[Pass], rows: int) -> dict[str, Any]:
    """``rows.parquet`` with the new columns, ``scores.parquet`` for the store; how many rows lack each score."""
    joined = _measured_and_judged(ctx, params, passes)
    columns = [_column(score, passes) for score in params.scores]
    named = list(zip(params.scores, columns, strict=True))
    values = "".join(f", {value} AS {quoted(score.name)}" for score, (value, _, _) in named)
    bound = [value for _, _, given in columns for value in given]
    out = ctx.out / "rows.parquet"
    db.copy(f"SELECT rows.* EXCLUDE (__ord){values} FROM rows{joined} ORDER BY __ord", out, bound)
    scored = f"(SELECT *, {PLACE} AS __ord FROM {parquet(out)}) AS rows"
    listed = " UNION ALL ".join(
        f"SELECT {index} AS nth, __ord, ?::VARCHAR AS score, __row_id AS row_id, "
        f"{_finite(score)}::DOUBLE AS value, CASE WHEN {quoted(score.name)} IS NULL THEN {reason} "
        f"WHEN NOT isfinite({quoted(score.name)}::DOUBLE) THEN 'the value is ' || {quoted(score.name)} END AS reason "
        f"FROM {scored}{joined}"
        for index, (score, (_, reason, _)) in enumerate(named)
    )
    names = [score.name for score in params.scores]
    kept = ctx.out / "scores.parquet"
    db.copy(f"SELECT score, row_id, value, reason FROM ({listed}) ORDER BY nth, __ord", kept, names)
    found = db.rows(f"SELECT score, count(*) - count(value), any_value(reason) FROM {parquet(kept)} GROUP BY score")
    _drop_infinite(db, out, params)
    missing = {name: (int(count), reason) for name, count, reason in found}
    for score in params.scores:
        count, reason = missing.get(score.name, (0, None))
        if rows and count == rows and not isinstance(score, ExpressionScore):
            raise _nothing_scored(score, rows, reason)
        if count:
            ctx.note(f"{count:,} of {rows:,} rows have no `{score.name}`: `sft show RUN scores` says why")
    return {"missing": {name: missing.get(name, (0, None))[0] for name in names}}


def _finite(score: ScoreEntry) -> str:
    """SQL of a score's column of the rows, null where arithmetic left the numbers."""
    return f"CASE WHEN isfinite({quoted(score.name)}::DOUBLE) THEN {quoted(score.name)} END"


def _drop_infinite(db: Engine, rows: Path, params: ScoreParams) -> None:
    """Null for what is not finite, in a second writing of the rows: only where there is any."""
    infinite = " OR ".join(f"NOT isfinite({quoted(score.name)}::DOUBLE)" for score in params.scores)
    if db.value(f"SELECT count(*) FROM {parquet(rows)} WHERE {infinite}"):
        finite = ", ".join(f"{_finite(score)} AS {quoted(score.name)}" for score in params.scores)
        db.copy(f"SELECT * REPLACE ({finite}) FROM {parquet(rows)}", rows.with_suffix(".finite"))
        rows.with_suffix(".finite").replace(rows)


def _measured_and_judged(ctx: StepContext, params: ScoreParams, passes: Sequence[Pass]) -> str:
    """What joins to ``rows`` what the passes measured of them and what judges say of them, a row a row."""
    judged = dict.fromkeys(score.judge for score in params.scores if isinstance(score, JudgeScore))
    return _measured(passes) + "".join(
        f"\nLEFT JOIN (SELECT row_id AS __of, score AS __score, reason AS __reason "
        f"FROM {parquet(ctx.inputs[f'judge.{nth}'] / VERDICTS)}) AS judged_{nth} ON judged_{nth}.__of = rows.__row_id"
        for nth in judged
    )


def _measured(passes: Sequence[Pass]) -> str:
    return "".join(
        f"\nLEFT JOIN (SELECT row_id AS __of, {_pivot(one)} FROM {one.table} GROUP BY row_id) AS {one.table} "
        f"ON {one.table}.__of = rows.__row_id"
        for one in passes
    )


def _nothing_scored(score: ScoreEntry, rows: int, reason: str | None) -> DiagnosticError:
    message = f"none of {rows:,} rows has a `{score.name}`; one of them: {visible(reason or 'no value')}"
    return fatal("SFT0436", message, about=f"scores.{score.name}")


def _pivot(one: Pass) -> str:
    """Value and reason of every measure side by side, under names of ours."""
    return ", ".join(
        f"any_value({column}) FILTER (measure = {index}) AS __{column}_{index}"
        for index in range(len(one.measures))
        for column in ("value", "reason")
    )


def _column(score: ScoreEntry, passes: Sequence[Pass]) -> Column:
    if isinstance(score, ExpressionScore):
        return f"({score.value.sql})", "'no value'", list(score.value.params)
    if isinstance(score, JudgeScore):
        table = f"judged_{score.judge}"
        return f"{table}.__score", f"'no verdict: ' || coalesce({table}.__reason, 'no_conversation')", []
    one, places = next(
        (one, [one.measures.index(measure) for measure in _measures(score)])
        for one in passes
        if one.model == score.model and set(_measures(score)) <= {*one.measures}
    )
    values, reasons = ([f"{one.table}.__{name}_{place}" for place in places] for name in ("value", "reason"))
    reason = f"coalesce({', '.join([*reasons, literal(_NO_CONVERSATION)])})"
    if isinstance(score, LossScore):
        if score.scorer == "perplexity":
            return f"exp({values[0]})", reason, []
        ratio = f"{values[0]} / nullif({values[1]}, 0)" if score.ratio == "loss" else f"exp({values[0]} - {values[1]})"
        return f"({ratio})", reason, []
    return values[0], reason, []
