"""What measuring and deciding is told: metrics and slices of an eval, requirements of a gate."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from compiler.axes import Axis
from compiler.blessed_params import Blessed
from compiler.judged_params import JudgedBy as JudgedBy
from compiler.params_base import GrownParams, Number, Params, Scalar, Sql


class MetricColumn(Params):
    """What a metric reads of an item's row, under the name of its argument."""

    argument: str
    value: Sql


class Metric(GrownParams):
    """A metric; ``unit`` is ``share`` for metrics of 0 or 1 an item (shown in percent) and ``plain`` otherwise.

    ``whole``: it is a number of all items and no mean of theirs. ``extension``: the function is one of the user's own.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"columns", "whole", "extension"})

    name: str
    function: str
    args: dict[str, Scalar]
    unit: Literal["share", "plain"]
    columns: tuple[MetricColumn, ...] = ()
    whole: bool = False
    extension: bool = False

    @property
    def votes(self) -> int:
        """How many zeros and ones an answer's value is the mean of: a pair is judged in both orders."""
        return 2 if self.function == "win_rate" and not self.extension else 1


class Bins(Params):
    """Bins of a number: by the lower ends of all but the first, ascending, or ``count`` of them with as many items each
    as equal values allow."""

    ends: tuple[Number, ...] = ()
    count: int | None = None


class Slice(GrownParams):
    """A grouping of items by an expression over the columns of the data. A list puts an item into a slice for each of
    its values. ``by`` says what is grouped where it is no value of a row: the cells with one template, or with one
    number of examples."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"by", "bins"})

    name: str
    value: Sql | None
    by: Literal["value", "template", "few_shot"] = "value"
    bins: Bins | None = None


class Reading(Params):
    """What a model gives to texts: ``input`` is the role of the likelihood step, over the expected answers where there
    is no ``reference``, otherwise over the outputs beside the model of this name."""

    input: str
    reference: str | None


class Cell(GrownParams):
    """The predictions of one model under one template: ``input`` is the role of the predict step, or
    of the first reading where no metric asks for predictions.

    Where the number of examples is an axis, ``template`` is a template with its number (``plain@5``), and ``base`` and
    ``few_shot`` are the two. ``trained`` tells whether the model learned from rows under this template, where it did so
    under some of the eval's templates and not under others.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"readings", "base", "few_shot", "trained", "judged"})

    input: str
    model: str
    template: str
    readings: tuple[Reading, ...] = ()
    base: str | None = None
    few_shot: int | None = None
    trained: bool | None = None
    judged: tuple[JudgedBy, ...] = ()

    @property
    def shown(self) -> str:
        """The template, whatever the number of examples."""
        return self.template if self.base is None else self.base


class MeasureParams(GrownParams):
    """Input roles: ``rows`` (the data with its columns) and one a cell. ``tags`` is what every row carries: a text, or
    a list of them. Every item was asked ``samples`` times. ``calibrated`` are judges that were held against people, by
    whose errors rates are corrected."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"tags", "samples", "calibrated"})

    kind: Literal["measure"] = "measure"
    metrics: tuple[Metric, ...]
    slices: tuple[Slice, ...]
    cells: tuple[Cell, ...]
    tags: Sql | None = None
    samples: int = 1
    calibrated: tuple[JudgedBy, ...] = ()


class MetricRef(GrownParams):
    """``format.exact(tuned)``: ``input`` is the role of the measure step of the eval. ``better`` is the side on which
    a change of the metric is an improvement."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"better"})

    input: str
    eval: str
    metric: str
    model: str
    unit: Literal["share", "plain"]
    better: Literal["higher", "lower"] = "higher"


class BoundRequirement(Params):
    """``metric >= threshold at level``: with a level the one-sided bound has to clear it, without one the estimate."""

    rule: Literal["bound"] = "bound"
    text: str
    metric: MetricRef
    op: Literal[">=", ">", "<=", "<"]
    threshold: Number
    level: Number | None
    each: str | None  # a slice's name: the requirement holds in every slice
    correct: Literal["none", "holm"] = "none"


class Compared(GrownParams):
    """A model against another one of the same eval, or against a ``blessed`` one; paired by item."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"blessed"})

    text: str
    metric: MetricRef
    baseline: str  # a model of the same eval, or `baseline`
    level: Number
    each: str | None
    correct: Literal["none", "holm"] = "none"
    blessed: Blessed | None = None


class NoWorseRequirement(Compared):
    """``metric no_worse_than baseline by margin at level``: one-sided; margin in the metric's unit."""

    rule: Literal["no_worse_than"] = "no_worse_than"
    margin: Number


class NoRegressionRequirement(Compared):
    """``metric no_significant_regression baseline at level``: only a drop that is significant fails."""

    rule: Literal["no_significant_regression"] = "no_significant_regression"


class EquivalentRequirement(Compared):
    """``metric equivalent baseline within margin at level``: two one-sided tests, each at the level."""

    rule: Literal["equivalent"] = "equivalent"
    margin: Number


class SpreadRequirement(GrownParams):
    """``spread(metric, templates) <= limit``: largest minus smallest mean over the eval's templates, over its numbers
    of examples, or over the values of the slice ``over``."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"axis", "over"})

    rule: Literal["spread"] = "spread"
    text: str
    metric: MetricRef
    op: Literal["<=", "<"]
    limit: Number
    level: Number | None
    axis: Axis = "templates"
    over: str | None = None  # the slice, where that is the axis


class WorstRequirement(Params):
    """``worst(metric, templates) >= threshold``: the least template (of a ceiling the greatest), number of examples, or
    value of the slice ``over`` has to meet it."""

    rule: Literal["worst"] = "worst"
    text: str
    metric: MetricRef
    op: Literal[">=", ">", "<=", "<"]
    threshold: Number
    level: Number | None
    axis: Axis
    over: str | None


class UnseenRequirement(Params):
    """``unseen(metric) no_worse_than trained by margin``: templates that the model never saw in training against those
    that it did, paired by item."""

    rule: Literal["unseen"] = "unseen"
    text: str
    metric: MetricRef
    margin: Number
    level: Number


class Checked(Params):
    """A metric of a model of which no tagged item may fail; ``fails`` is the end of the scale that is a failure."""

    metric: str
    model: str
    fails: Literal["low", "high"]


class NeverRequirement(Params):
    """``never format.tag("critical")``: no item that carries the tag fails any of ``checked``. ``input`` is the role of
    the measure step of the eval."""

    rule: Literal["never"] = "never"
    text: str
    input: str
    eval: str
    tag: str
    checked: tuple[Checked, ...]


class FigureRequirement(Params):
    """``annotators.alpha >= 0.667``: a figure of a review, or of how a judge was calibrated. ``input`` is the role of
    the step that measured it, ``of`` the block. With a level the one-sided bound has to clear the threshold."""

    rule: Literal["figure"] = "figure"
    text: str
    input: str
    of: str
    figure: str
    unit: Literal["share", "plain"]
    op: Literal[">=", ">", "<=", "<"]
    threshold: Number
    level: Number | None


class GroupRequirement(Params):
    """``any of { … }`` and ``all of { … }``; ``members`` are positions in the gate's requirements, after its own."""

    rule: Literal["any", "all"]
    text: str
    members: tuple[int, ...]


# What is decided on answers of an eval: a figure is of labels, a group only puts verdicts together.
MeasuredRequirement: TypeAlias = (
    BoundRequirement
    | NoWorseRequirement
    | NoRegressionRequirement
    | EquivalentRequirement
    | SpreadRequirement
    | WorstRequirement
    | UnseenRequirement
    | NeverRequirement
)
Requirement: TypeAlias = Annotated[
    MeasuredRequirement | FigureRequirement | GroupRequirement, Field(discriminator="rule")
]


class GateParams(GrownParams):
    """Input roles: one a measure step, named as the eval, and one a review or calibration, named as its block.
    ``strict``: what is inconclusive fails the gate."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"strict"})

    kind: Literal["gate"] = "gate"
    requirements: tuple[Requirement, ...]
    strict: bool = False
