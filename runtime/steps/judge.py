"""Judge: a label for every text of a set, by rules, recorded labels, a classifier or a model.

Nothing is dropped: a text without a verdict has none, with the reason, and counts as missing wherever it is used. Rules
and recorded labels are one pass of SQL (some 10 µs a text). A model is asked about a window of texts at a time, through
the facade that looks up what was asked before; a classifier's probabilities are kept a text as those of scores are. So
a killed step, another metric or another threshold asks nothing again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from compiler.hashing import hash_value
from compiler.judge_params import (
    ClassifierJudge,
    JudgedAnswers,
    JudgedConversations,
    JudgedRows,
    JudgeParams,
    ModelJudge,
    PairedAnswers,
    PairedRows,
    RecordedJudge,
    RuleJudge,
)
from runtime.context import StepContext, StepResult
from runtime.judging.verdict import Said, Verdict, together
from runtime.recorded_answers import LABELS
from runtime.relational import PLACE, Engine, engine, literal, parquet, quoted
from runtime.step_rows import publish_rows
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible

VERDICTS = "verdicts.parquet"  # row_id, sample, text (its hash), label, score, confidence, flipped, reason
WINDOW = 2048  # texts that are in memory at once
_SAID = ("place", "repeat", "label", "score", "confidence", "reason", "request_hash")


def run(ctx: StepContext) -> StepResult:
    """Raises DiagnosticError SFT0435 (the classifier has no such label), SFT0590 (no text got a verdict), SFT0526 (the
    model changed), SFT0534 (requests that a server never answered), what loading or asking a model raises;
    Interrupted."""
    params = ctx.step.params
    assert isinstance(params, JudgeParams)
    if isinstance(params.items, PairedAnswers | PairedRows):
        from runtime.judging.paired_step import run_pairs

        return run_pairs(ctx, params)
    with engine(ctx.out) as db:
        _view_items(ctx, db, params)
        count = int(db.value("SELECT count(*) FROM judged"))
        _create(db)
        more = _fill(ctx, db, params, count)
        given = int(db.value("SELECT count(label) FROM verdicts"))
        reasons = dict(
            db.rows("SELECT reason, count(*) FROM verdicts WHERE label IS NULL GROUP BY 1 ORDER BY 2 DESC, 1")
        )
        flips, twice = db.rows("SELECT count(*) FILTER (flipped), count(flipped) FROM verdicts")[0]
        _write(ctx, db, params)  # also where that is all: what was said is to be seen
        if count and not given:
            message = f"none of {count:,} texts got a verdict: {_listed(reasons)}"
            raise fatal("SFT0590", message, _help(db, params), about="using")
    if reasons:
        ctx.note(f"{count - given:,} of {count:,} texts got no verdict: {_listed(reasons)}")
    summary: dict[str, Any] = {"judged": given, "unjudged": count - given, "reasons": reasons, **more}
    if twice:
        summary |= {"flipped": flips, "asked_again": twice}
    return StepResult(count, count, 0, summary)


def _listed(reasons: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in reasons.items())


def _help(db: Engine, params: JudgeParams) -> str:
    if isinstance(params.judge.using, ModelJudge):
        return (
            "`sft show RUN judges` says why; a small model may not follow the form: name a template, or another model"
        )
    if isinstance(params.judge.using, RecordedJudge):
        found = db.rows(
            "SELECT trim(recorded) FROM judged WHERE trim(recorded) <> '' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 6"
        )
        if found:
            labels = ", ".join(f"`{visible(text[:40]).replace('`', '``')}`" for (text,) in found)
            return f"recorded labels are read as they stand: write `labels = [{labels}]`, worst first"
        return "nothing stands there: name the column with its labels"
    return f"it gives {', '.join(f'`{label}`' for label in params.judge.labels)} and nothing else"


# --- what is judged -----------------------------------------------------------------------------------


def _view_items(ctx: StepContext, db: Engine, params: JudgeParams) -> None:
    """The table ``judged``: place, row_id, sample, output, prompt and the recorded label of each text."""
    items, folder = params.items, ctx.inputs["rows"]
    bound: list[Any] = []
    if isinstance(items, JudgedRows):
        columns = [("output", items.output), ("prompt", items.prompt), ("recorded", items.recorded)]
        told = ", ".join(f"({sql.sql})::VARCHAR AS {name}" if sql else f"NULL AS {name}" for name, sql in columns)
        bound = [value for _, sql in columns if sql is not None for value in sql.params]
        select = (
            f"SELECT {PLACE} AS nth, __row_id AS row_id, 0 AS sample, {told} FROM {parquet(folder / 'rows.parquet')}"
        )
        if items.part is not None:
            select += " WHERE __split = ?"
            bound.append(items.part)
    elif isinstance(items, JudgedAnswers):
        select = _answers(db, folder, items)
    else:
        assert isinstance(items, JudgedConversations)
        rows = parquet(folder / "rows.parquet")
        select = (
            f"SELECT {PLACE} AS nth, row_id, 0 AS sample, messages[-1] ->> 'content' AS output, "
            f"to_json(messages[:-2])::VARCHAR AS prompt, NULL AS recorded "
            f"FROM (SELECT {PLACE}, row_id, CAST(messages AS JSON[]) AS messages FROM {rows})"
        )
    db.execute(
        "CREATE TABLE judged AS SELECT (row_number() OVER (ORDER BY nth) - 1)::INTEGER AS place, row_id, "
        f"sample::INTEGER AS sample, output, prompt, recorded FROM ({select})",
        bound,
    )


def _answers(db: Engine, folder: Path, items: JudgedAnswers) -> str:
    file = parquet(folder / "predictions.parquet")
    there = {row[0] for row in db.rows(f"SELECT column_name FROM (DESCRIBE SELECT * FROM {file})")}
    sample = "sample" if "sample" in there else "0"
    recorded, joined = "NULL", ""
    if items.recorded is not None:
        recorded = "given.value"
        joined = (
            f" LEFT JOIN (SELECT row_id AS __of, value FROM {parquet(folder / LABELS)} WHERE label = "
            f"{literal(items.recorded)}) AS given ON given.__of = answers.row_id"
        )
    return (
        f"SELECT {PLACE} AS nth, row_id, {sample} AS sample, output, prompt, {recorded} AS recorded "
        f"FROM {file} AS answers{joined}"
    )


# --- who judges ---------------------------------------------------------------------------------------


def _create(db: Engine) -> None:
    db.execute(
        "CREATE TABLE said (place INTEGER, repeat INTEGER, label VARCHAR, score DOUBLE, confidence DOUBLE, "
        "reason VARCHAR, request_hash VARCHAR)"
    )
    db.execute(
        "CREATE TABLE verdicts (place INTEGER, label VARCHAR, score DOUBLE, confidence DOUBLE, flipped BOOLEAN, "
        "reason VARCHAR)"
    )


def _fill(ctx: StepContext, db: Engine, params: JudgeParams, count: int) -> dict[str, Any]:
    """The tables ``said`` and ``verdicts``; what the step says of asking."""
    using = params.judge.using
    if isinstance(using, ModelJudge):
        return _by_model(ctx, db, params, using, count)
    if isinstance(using, ClassifierJudge):
        return _by_classifier(ctx, db, params, using, count)
    if isinstance(using, RuleJudge):
        label, bound = using.label.sql, list(using.label.params)
        reason = "'no_text'"
    else:  # what stands beside the answer, as it stands there
        label, bound = "trim(recorded)", []
        reason = "CASE WHEN recorded IS NULL OR trim(recorded) = '' THEN 'no_label' ELSE 'other_label' END"
    labels = list(params.judge.labels)
    number = "l.label::DOUBLE" if params.judge.ordered else "(list_position(?, l.label) - 1)::DOUBLE"
    score = [] if params.judge.ordered else [labels]
    db.execute(
        "INSERT INTO said SELECT place, 0, l.label, CASE WHEN l.label IS NULL THEN NULL ELSE "
        f"{number} END, NULL, CASE WHEN l.label IS NULL THEN {reason} END, NULL FROM "
        f"(SELECT *, CASE WHEN list_contains(?, found) THEN found END AS label FROM (SELECT *, ({label}) AS found "
        "FROM judged)) AS l",
        [*score, labels, *bound],
    )
    db.execute("INSERT INTO verdicts SELECT place, label, score, confidence, NULL, reason FROM said ORDER BY place")
    return {}


def _by_model(ctx: StepContext, db: Engine, params: JudgeParams, using: ModelJudge, count: int) -> dict[str, Any]:
    from runtime.asking.opening import open_asking
    from runtime.judging.judges import judge_of

    with open_asking(ctx, precision=using.precision) as asker:
        judge = judge_of(params.judge, asker=asker)
        for window in _windows(ctx, db):
            _keep(db, window, judge.said([item for _, item in window]), params)
        asker.require_answers()
        return asker.summary()


def _windows(ctx: StepContext, db: Engine) -> Iterator[list[tuple[int, Any]]]:
    """Places and texts, so many at a time; a row without a text is no item, and gets its reason here."""
    import json

    from runtime.judging.wording import Item

    db.execute("INSERT INTO said SELECT place, 0, NULL, NULL, NULL, 'no_text', NULL FROM judged WHERE output IS NULL")
    db.execute("INSERT INTO verdicts SELECT place, NULL, NULL, NULL, NULL, 'no_text' FROM judged WHERE output IS NULL")
    is_messages = not isinstance(getattr(ctx.step.params, "items", None), JudgedRows)
    asked = "SELECT place, output, prompt FROM judged WHERE output IS NOT NULL ORDER BY place"
    for batch in db.batches(asked, [], WINDOW):
        ctx.stop.check()
        yield [
            (place, Item(output, json.loads(prompt) if is_messages and prompt else prompt))
            for place, output, prompt in batch
        ]


def _keep(db: Engine, window: Sequence[tuple[int, Any]], said: Sequence[Sequence[Said]], params: JudgeParams) -> None:
    judge = params.judge
    db.append(
        "said",
        [
            (place, repeat, one.label, one.score, one.confidence, one.reason, one.request)
            for (place, _), found in zip(window, said, strict=True)
            for repeat, one in enumerate(found)
        ],
    )
    verdicts = [together(found, judge.labels, ordered=judge.ordered) for found in said]
    db.append("verdicts", [(place, *_verdict(one)) for (place, _), one in zip(window, verdicts, strict=True)])


def _verdict(one: Verdict) -> tuple[Any, ...]:
    return one.label, one.score, one.confidence, one.flipped, one.reason


def _by_classifier(
    ctx: StepContext, db: Engine, params: JudgeParams, using: ClassifierJudge, count: int
) -> dict[str, Any]:
    """Every label's probability, kept once a text and model as those of a score are."""
    from runtime.judging.judges import likeliest
    from runtime.models.folders import model_folder
    from runtime.models.loading import load_plain_tokenizer, pick_device, pick_dtype
    from runtime.models.unchanged import require_same
    from runtime.scoring.asking import LABEL
    from runtime.scoring.classifiers import ClassifierAsker, load_classifier
    from runtime.scoring.kept import ScoreKeeper
    from runtime.scoring.passes import Pass, Texts
    from runtime.steps.score import CLASSIFIERS

    labels = params.judge.labels
    measures = tuple(LABEL + label for label in labels)
    hashed = {name: value for name, value in ctx.step.content.items() if name in ("weights", "tokenizer")}
    about = (hashed, ctx.step.local["weights"], None, ctx.spec_dir)
    keeper = ScoreKeeper(ctx, count * len(labels))
    what = {
        "version": CLASSIFIERS,
        "model": hashed,
        "trained": None,
        "dtype": str(pick_dtype(using.precision, pick_device())),
    }
    keeper.scorers = {measure: hash_value({**what, "measure": measure}) for measure in measures}
    texts = Texts("SELECT place, place::VARCHAR AS row_id, output AS body FROM judged", (), count)
    one = Pass(0, texts, measures, "measured", "no_text")

    def load() -> ClassifierAsker:
        require_same(*about)
        folder = model_folder(ctx.step.local["weights"], ctx.spec_dir, ctx.note)
        asker = load_classifier(folder, load_plain_tokenizer(folder), using.precision)
        asker.require({*measures})
        require_same(*about)
        return asker

    one.run(db, keeper, load)
    found: dict[int, dict[str, tuple[float | None, str | None]]] = {}
    for place, measure, value, reason in db.rows("SELECT row_id::INTEGER, measure, value, reason FROM measured"):
        found.setdefault(place, {})[labels[measure]] = (value, reason)
    window = [(place, None) for place in sorted(found)]
    _keep(db, window, [[likeliest(params.judge, found[place])] for place, _ in window], params)
    return {"asked": keeper.asked, "kept_before": keeper.kept, "tokens": keeper.tokens}


# --- what is kept -------------------------------------------------------------------------------------


def _write(ctx: StepContext, db: Engine, params: JudgeParams) -> None:
    db.copy(
        "SELECT row_id, sample, left(sha256(output), 32) AS text, label, score, confidence, flipped, reason "
        "FROM judged JOIN verdicts USING (place) "
        "ORDER BY place",
        ctx.out / VERDICTS,
    )
    policy = params.judge.policy.version if params.judge.policy is not None else None
    said = ", ".join(quoted(name) for name in _SAID[1:])
    file = ctx.out / "judgements.parquet"
    version = "NULL::VARCHAR" if policy is None else literal(policy)
    db.copy(
        f"SELECT row_id, sample, {said}, {version} AS policy_version FROM judged JOIN said USING (place) "
        "ORDER BY place, repeat",
        file,
    )
    publish_rows(ctx, {"judgements": file})
