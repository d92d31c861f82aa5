"""What measuring and deciding is told: metrics and slices of an eval, requirements of a gate."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

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


class Slice(Params):
    """A grouping of items by an expression over the columns of the data."""

    name: str
    value: Sql


class Cell(Params):
    """The predictions of one model under one template: ``input`` is the role of the predict step."""

    input: str
    model: str
    template: str


class MeasureParams(Params):
    """Input roles: ``rows`` (the data with its columns) and one a cell."""

    kind: Literal["measure"] = "measure"
    metrics: tuple[Metric, ...]
    slices: tuple[Slice, ...]
    cells: tuple[Cell, ...]


class MetricRef(Params):
    """``format.exact(tuned)``: ``input`` is the role of the measure step of the eval."""

    input: str
    eval: str
    metric: str
    model: str
    unit: Literal["share", "plain"]


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


class NoWorseRequirement(Params):
    """``metric no_worse_than baseline by margin at level``: paired, one-sided; margin in the metric's unit."""

    rule: Literal["no_worse_than"] = "no_worse_than"
    text: str
    metric: MetricRef
    baseline: str  # a model of the same eval
    margin: Number
    level: Number
    each: str | None
    correct: Literal["none", "holm"] = "none"


class SpreadRequirement(Params):
    """``spread(metric, templates) <= limit``: largest minus smallest mean over the eval's templates."""

    rule: Literal["spread"] = "spread"
    text: str
    metric: MetricRef
    op: Literal["<=", "<"]
    limit: Number
    level: Number | None


Requirement: TypeAlias = Annotated[
    BoundRequirement | NoWorseRequirement | SpreadRequirement, Field(discriminator="rule")
]


class GateParams(Params):
    """Input roles: one a measure step, named as the eval."""

    kind: Literal["gate"] = "gate"
    requirements: tuple[Requirement, ...]
