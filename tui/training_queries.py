"""Questions about trainings: the course of one with its figures, and which others of the store it can be compared with.

A long course is drawn from means of neighbours. Its figures are asked of all its steps, so that one training has the
same numbers however many points of it are drawn; and validation losses, which are few, come as they were measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.own_results import BEGUN_STEPS
from runtime.store import Store
from tui.queries import StepRow, TrainPoint, named

MOST_POINTS = 1500
MOST_OTHERS = 200


@dataclass(frozen=True, slots=True)
class Validation:
    """A validation loss, the step that it was measured at, and the tokens that were trained on until then."""

    step: int
    loss: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Of every step of a training. ``speed`` is the median of tokens a second, ``padding`` the mean share."""

    step: int | None = None
    first_loss: float | None = None
    last_loss: float | None = None
    first_validation: float | None = None
    last_validation: float | None = None
    best_validation: float | None = None
    speed: float | None = None
    padding: float | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """``points`` are steps, or means of ``each`` steps."""

    points: tuple[TrainPoint, ...] = ()
    validation: tuple[Validation, ...] = ()
    each: int = 1
    figures: Figures = Figures()


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """A training of the store, under the newest run that has it. ``loss`` is its last one."""

    run_id: str
    spec: str
    started_at: float  # seconds since 1970
    step_id: str
    name: str
    step_hash: str
    steps: int
    loss: float | None


def course_of(store: Store, step: StepRow, most: int = MOST_POINTS) -> Course:
    """The course of a train step, as far as the run itself has come with it."""
    return course(store, step.step_hash, most) if step.begun else Course()


def course(store: Store, step_hash: str, most: int = MOST_POINTS) -> Course:
    """A course in at most about ``most`` points; neighbours are averaged in longer ones."""
    given = {"hash": step_hash}
    with store.reading():
        rows = named(
            store,
            """
            WITH own AS (
                SELECT *, greatest(1, ceil(max(step) OVER () / $most)::BIGINT) AS stride
                FROM train_steps WHERE step_hash = $hash
            )
            SELECT max(step), max(epoch), avg(loss), NULL, avg(learning_rate), avg(tokens_per_second),
                   sum(tokens)::BIGINT, avg(padding_share), any_value(stride)
            FROM own GROUP BY step // stride ORDER BY 1
            """,
            {**given, "most": most},
        )
        validation = named(
            store,
            """
            SELECT step, validation_loss, so_far FROM (
                SELECT step, validation_loss, sum(coalesce(tokens, 0)) OVER (ORDER BY step)::BIGINT AS so_far
                FROM train_steps WHERE step_hash = $hash
            ) WHERE validation_loss IS NOT NULL ORDER BY step
            """,
            given,
        )
        (figures,) = named(
            store,
            """
            SELECT max(step),
                   min_by(loss, step) FILTER (loss IS NOT NULL), max_by(loss, step) FILTER (loss IS NOT NULL),
                   min_by(validation_loss, step) FILTER (validation_loss IS NOT NULL),
                   max_by(validation_loss, step) FILTER (validation_loss IS NOT NULL), min(validation_loss),
                   median(tokens_per_second), avg(padding_share)
            FROM train_steps WHERE step_hash = $hash
            """,
            given,
        )
    points = tuple(TrainPoint(*row[:-1]) for row in rows)
    return Course(points, tuple(Validation(*row) for row in validation), rows[0][-1] if rows else 1, Figures(*figures))


def other_trainings(store: Store, step_hash: str, limit: int = MOST_OTHERS + 1) -> list[TrainingRow]:
    """The newest trainings with a course, all but one; what several runs share counts once."""
    rows = store.query(
        f"""
        WITH courses AS (
            SELECT step_hash, max(step) AS steps, max_by(loss, step) FILTER (loss IS NOT NULL) AS loss
            FROM train_steps GROUP BY step_hash
        )
        SELECT r.run_id, r.spec, epoch(r.started_at) AS started, s.step_id, s.name, s.step_hash, c.steps, c.loss
        FROM runs r JOIN {BEGUN_STEPS} s USING (run_id) JOIN courses c USING (step_hash)
        WHERE s.kind = 'train' AND s.step_hash <> ?
        QUALIFY row_number() OVER (PARTITION BY s.step_hash ORDER BY r.started_at DESC, r.run_id DESC) = 1
        ORDER BY started DESC, r.run_id DESC, s.ordinal LIMIT ?
        """,
        [step_hash, limit],
    )
    return [TrainingRow(*row) for row in rows]
