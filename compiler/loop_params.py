"""What the steps of a loop are told: ``guard`` before a round trains, ``round`` when it was measured, ``select`` last.

Nothing of a round says how many rounds there are, so that a loop with one more has the hashes of the rounds it had.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from compiler.params_base import GrownParams, Number, Params

LimitOp: TypeAlias = Literal[">=", ">", "<=", "<"]
# Every figure of a round's rows, in the order in which they are shown.
FIGURES = (
    *("acceptance", "real_share", "novelty_p50", "distinct_2", "distinct_2_drop", "duplicates"),
    *("length_drift", "lineage_depth"),
)


class WrittenRows(Params):
    """Rows of a step, or of one part of a split, and the columns that hold what counts as written. ``by_previous``: the
    model of the round before wrote them."""

    input: str
    part: str | None = None
    texts: tuple[str, ...]
    by_previous: bool = False


class GuardLimit(Params):
    measure: str
    op: LimitOp
    limit: Number


class TrainedRows(Params):
    """The mix step of a train, and the parts of it that no model wrote."""

    input: str
    real: tuple[str, ...]


class GuardParams(GrownParams):
    """Figures of the rows that a round is about to be trained on, and the limits on them.

    Input roles: ``rows`` (the mix step, or the only render step), ``made:0``, … (the generate steps of the round, for
    what they tried) and those of the rows. ``real`` are the parts of the mix that no model wrote; of rows that are no
    mix ``rows`` stands for all. ``earlier`` are rows of earlier rounds, the first round's first, as many a round as
    ``written``.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"others"})

    kind: Literal["guard"] = "guard"
    limits: tuple[GuardLimit, ...]
    real: tuple[str, ...]
    made: tuple[str, ...]
    written: tuple[WrittenRows, ...]
    human: tuple[WrittenRows, ...]
    earlier: tuple[WrittenRows, ...] = ()
    others: tuple[TrainedRows, ...] = ()  # what further trains learn from, of what the round wrote among it


class MetricAt(Params):
    """A metric of an eval of the loop. Its measurement of round ``k`` is the input ``EVAL:k``, and the model there is
    the one of that round."""

    eval: str
    metric: str
    unit: Literal["share", "plain"]
    better: Literal["higher", "lower"] = "higher"


class StopRule(Params):
    """``falls``: below the best round so far, by a difference that is more than noise. ``above``, ``below``: of the
    estimate."""

    at: MetricAt
    rule: Literal["falls", "above", "below"]
    limit: Number


class RoundParams(Params):
    """What a round came to. Input roles: ``guard``, and the measurements ``EVAL:1`` … of it and of the rounds before.

    ``models`` are the students of these rounds by name, in order; the last is this round's.
    """

    kind: Literal["round"] = "round"
    models: tuple[str, ...]
    shown: tuple[MetricAt, ...]
    stops: tuple[StopRule, ...] = ()
    proxy: MetricAt | None = None
    gold: MetricAt | None = None


class SelectParams(Params):
    """The model of the best round. Input roles: ``round:1``, ``model:1``, and ``EVAL:1`` where a metric chooses.

    ``best`` is None where the last round that was completed counts.
    """

    kind: Literal["select"] = "select"
    models: tuple[str, ...]
    best: MetricAt | None = None
