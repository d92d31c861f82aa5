"""Calibrate: what a judge said of labelled rows against what people said of them, all rows and slice by slice.

Asks nothing. Rows that people gave no label fall out and are counted in the ledger. Rows that they called something
else than the judge's labels stand there too, and are left out of every figure with their number; so are rows that the
judge gave none, which are unjudged. Equal rows are one, as they are in an eval. Intervals are 95%, of items; 0.3 s for
a thousand rows, most of it resampling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.judge_params import CalibrateParams
from runtime.context import StepContext, StepResult
from runtime.preparing import with_prepared
from runtime.relational import PLACE, Engine, engine, parquet
from runtime.step_rows import NTH_COPY, publish_rows, write_ledger
from runtime.steps.judge import VERDICTS
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible

if TYPE_CHECKING:
    from runtime.agreement.calibration import Labelled
    from runtime.agreement.figures import Figure
    from runtime.agreement.rows import Mask

_VERDICT = ("text", "label", "score", "confidence", "flipped", "reason")
_OF_PAIR = ("straight", "swapped", "longer", "prompt")
LABELLED = "labelled.parquet"  # row_id, human (NULL: no label of the judge), asked, text, label, …
_GIVEN = "__said <> ''"  # people wrote something


def run(ctx: StepContext) -> StepResult:
    """Raises DiagnosticError SFT0591 (no row has a label of the judge by people), SFT0593 (`written` says what no row
    has)."""
    from runtime.agreement.rows import figure_rows, sliced, write_figures

    params = ctx.step.params
    assert isinstance(params, CalibrateParams)
    with engine(ctx.out) as db:
        rows, read = _view_rows(ctx, db, params)
        dropped = write_ledger(db, _LEDGER, ctx.out / "ledger.parquet")
        kept = rows - dropped
        if not kept:
            raise _nothing_labelled(db, params, rows)
        _refuse_unwritten(ctx, db, params)
        said = ", ".join(f"__{name} AS {name}" for name in _verdict(params))
        db.copy(
            f"SELECT __row_id AS row_id, __human AS human, __asked AS asked, {said} FROM labelled WHERE {_GIVEN} "
            "ORDER BY __row_id",
            ctx.out / LABELLED,
        )
        values = sliced(ctx, db, params.slices, f"labelled WHERE {_GIVEN}")
        row_ids = [row[0] for row in db.rows(f"SELECT row_id FROM {parquet(ctx.out / LABELLED)}")]
        figures = figure_rows(values, row_ids, labelled_figures(db, ctx.out, params, _seed(ctx)))
        write_figures(db, figures, ctx.out / "agreement.parquet")
    publish_rows(ctx, {"ledger": ctx.out / "ledger.parquet", "agreement": ctx.out / "agreement.parquet"})
    if dropped:
        ctx.note(f"{dropped:,} of {rows:,} rows have no label of the judge by people: `sft show RUN ledger` says which")
    summary = {"labelled": kept}
    if copies := read - rows:
        summary["copies"] = copies
        ctx.note(f"{copies:,} row{'s repeat' if copies != 1 else ' repeats'} another one: equal rows are one item")
    return StepResult(rows, kept, dropped, summary)


def _verdict(params: CalibrateParams) -> tuple[str, ...]:
    """The columns of verdicts. Rows have some of their own, which may have any name that does not begin with `__`."""
    return (*_VERDICT, *_OF_PAIR) if params.pairwise else _VERDICT


def labelled_figures(
    db: Engine, folder: Path, params: CalibrateParams, seed: int, tail: float | None = None
) -> Callable[[Mask], Iterator[Figure]]:
    """The figures of some of the labelled rows that a finished calibration left in ``folder``."""
    source = parquet(folder / LABELLED)
    if params.pairwise:
        from runtime.agreement.pairs import pairs_with_people, read_pairs

        pairs = read_pairs(db, source, "prompt")
        return lambda mask: pairs_with_people(pairs.only(mask), tail)
    from runtime.agreement.calibration import calibration_figures

    given = read_labelled(db, source, params)
    return lambda mask: calibration_figures(given.only(mask), seed, tail)


def _seed(ctx: StepContext) -> int:
    return int(ctx.step.hash[:15], 16)


def _view_rows(ctx: StepContext, db: Engine, params: CalibrateParams) -> tuple[int, int]:
    """The table ``labelled``: all rows with both labels under names of ours, and their own columns for slices. How many
    there are, and how many with their copies."""
    source = f"SELECT *, {PLACE} AS __ord FROM {parquet(ctx.inputs['rows'] / 'rows.parquet')}"
    part = "" if params.part is None else " WHERE __split = ?"
    db.execute(f"CREATE TABLE part AS SELECT * FROM ({source}){part}", [] if params.part is None else [params.part])
    asked = params.prompt
    read = (params.label, *([asked] if asked is not None else []), *(piece.value for piece in params.slices))
    rows = with_prepared(ctx, db, "part", '"__row_id"', read)
    written = {text: one.label for one in params.written for text in one.texts}
    human = f"CASE{' WHEN __said = ? THEN ?' * len(written)} WHEN list_contains(?, __said) THEN __said END"
    bound = [value for pair in written.items() for value in pair]
    plain = [label for label in params.labels if label not in {one.label for one in params.written}]
    said = ", ".join(f"v.{name} AS __{name}" for name in _verdict(params))
    db.execute(
        f"CREATE TABLE labelled AS SELECT r.*, {human} AS __human, {said} "
        f"FROM (SELECT *, trim(({params.label.sql})::VARCHAR) AS __said, "
        f"({'NULL' if asked is None else asked.sql})::VARCHAR AS __asked FROM {rows}) AS r "
        f"LEFT JOIN {parquet(ctx.inputs['judgements'] / VERDICTS)} AS v ON v.row_id = r.__row_id "
        f"QUALIFY {NTH_COPY} = 1 ORDER BY r.__row_id",
        [*bound, plain, *params.label.params, *(() if asked is None else asked.params)],
    )
    return int(db.value("SELECT count(*) FROM labelled")), int(db.value("SELECT count(*) FROM part"))


_LEDGER = """
SELECT CASE WHEN __said IS NULL OR __said = '' THEN 'no_label' ELSE 'other_label' END AS rule, __row_id AS row_id,
    __line AS line, __file AS file, __said AS value, NULL AS survivor,
    CASE WHEN __said IS NULL OR __said = '' THEN 'people gave it no label'
    ELSE 'what people wrote is no label of the judge' END AS detail
FROM labelled WHERE __human IS NULL ORDER BY __ord"""


def _wrote(db: Engine) -> str:
    found = db.rows(f"SELECT __said, count(*) FROM labelled WHERE {_GIVEN} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 6")
    return ", ".join(f"`{visible(text[:40])}`" for text, _ in found) or "nothing"


def _refuse_unwritten(ctx: StepContext, db: Engine, params: CalibrateParams) -> None:
    """What `written` says stands in some row, if only in another part."""
    there = {text for (text,) in db.rows(f"SELECT DISTINCT __said FROM labelled WHERE {_GIVEN}")}
    left = [(text, one.label) for one in params.written for text in one.texts if text not in there]
    if left and params.part is not None:
        whole = parquet(ctx.inputs["rows"] / "rows.parquet")
        found = db.rows(f"SELECT DISTINCT trim(({params.label.sql})::VARCHAR) FROM {whole}", list(params.label.params))
        there = {text for (text,) in found}
        left = [(text, label) for text, label in left if text not in there]
    if left:
        text, label = left[0]
        message = f"no row has `{visible(text[:40])}`, which `written` says people wrote for `{visible(label)}`"
        raise fatal("SFT0593", message, f"people wrote {_wrote(db)}", about="calibrate.written")


def _nothing_labelled(db: Engine, params: CalibrateParams, rows: int) -> Exception:
    help = f'people wrote {_wrote(db)}; say which is which: `written {{ {params.labels[0]} = "…" }}` in `calibrate`'
    return fatal("SFT0591", f"none of {rows:,} rows has a label of the judge by people", help, about="calibrate.label")


def read_labelled(db: Engine, source: str, params: Any) -> Labelled:
    """The pairs of labels of a finished calibration, in the order of their file."""
    import numpy as np

    from runtime.agreement.calibration import NONE, Labelled

    rows = db.rows(f"SELECT human, label, score, confidence, flipped FROM {source}")
    place = {label: at for at, label in enumerate(params.labels)}
    flips = [row[4] for row in rows]
    return Labelled(
        labels=params.labels,
        human=np.array([place.get(row[0], NONE) for row in rows], dtype=np.int64),
        judge=np.array([place.get(row[1], NONE) for row in rows], dtype=np.int64),
        score=np.array([np.nan if row[2] is None else row[2] for row in rows], dtype=np.float64),
        confidence=np.array([np.nan if row[3] is None else row[3] for row in rows], dtype=np.float64),
        flipped=np.array([NONE if flip is None else int(flip) for flip in flips], dtype=np.int64)
        if any(flip is not None for flip in flips)
        else None,
        ordered=params.ordered,
    )
