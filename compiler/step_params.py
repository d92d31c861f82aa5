"""What each step kind is told: one small frozen model a kind, shared by lowering and runtime.

Numbers that are not integers are decimals, which serialise as strings, so that plans hold no
floats. Expressions arrive as SQL with bound parameters; no text of the user's is ever pasted
into SQL. Everything here is part of a step's hash.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, TypeAdapter

Number = Annotated[Decimal, PlainSerializer(lambda d: format(d.normalize(), "f"), return_type=str, when_used="json")]
Scalar: TypeAlias = bool | int | str | None  # numbers with a point are bound as strings and cast in the SQL


class Params(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sql(Params):
    """A DuckDB expression over the columns in scope, with ``?`` for each bound parameter, in order.

    Columns appear as quoted identifiers (``"instruction"``). ``type`` is what the checker found.
    """

    sql: str
    params: tuple[Scalar, ...] = ()
    type: Literal["text", "number", "bool", "json", "list"] = "bool"


# --- data ---------------------------------------------------------------------------------------


class Column(Params):
    """A column under its name in the spec, and the field of the file it is read from."""

    name: str
    field: str


class IngestParams(Params):
    """Rows of one source. Columns that are not mapped keep their own names."""

    kind: Literal["ingest"] = "ingest"
    format: Literal["jsonl", "json", "csv", "parquet"]
    columns: tuple[Column, ...]


class PredicateRule(Params):
    """``keep`` or ``drop`` by a condition; ``measured`` is the value that the ledger records for a dropped row.

    A condition that is NULL keeps nothing under ``keep`` and drops nothing under ``drop``.
    """

    rule: Literal["keep", "drop"]
    condition: Sql
    measured: Sql | None


class ExactDedupRule(Params):
    """The first row in source order of each group with equal values survives."""

    rule: Literal["dedup_exact"] = "dedup_exact"
    on: tuple[Sql, ...]


class NearDedupRule(Params):
    """Rows whose shingle sets have a Jaccard similarity of at least ``threshold`` to an earlier survivor are dropped."""

    rule: Literal["dedup_near"] = "dedup_near"
    on: tuple[Sql, ...]
    threshold: Number


FilterRule: TypeAlias = Annotated[
    PredicateRule | ExactDedupRule | NearDedupRule,
    Field(discriminator="rule"),
]


class FilterParams(Params):
    """Rules in order; a row falls to the first rule that drops it. Input role: ``rows``."""

    kind: Literal["filter"] = "filter"
    rules: tuple[FilterRule, ...]


class SplitPart(Params):
    name: str
    share: Number


class SplitParams(Params):
    """Rows go to a part by a hash of ``key`` and ``seed``; equal keys never part. Input role: ``rows``."""

    kind: Literal["split"] = "split"
    key: tuple[Sql, ...]
    parts: tuple[SplitPart, ...]
    seed: int = 0


class Segment(Params):
    """A piece of a template: literal text, or the value of a column."""

    text: str | None = None
    column: str | None = None


class TemplateRole(Params):
    role: Literal["system", "user", "assistant"]
    segments: tuple[Segment, ...]


class RenderTemplate(Params):
    """One template, its roles in the order of the conversation. The name stays out: it is in ``local``."""

    roles: tuple[TemplateRole, ...]


class RenderParams(Params):
    """Rows of a part as conversations. With several templates each row takes one, by a hash of its id and the seed.

    Input role: ``rows`` (a split, filter or ingest step). ``part`` is None when the task has no split.
    """

    kind: Literal["render"] = "render"
    part: str | None
    templates: tuple[RenderTemplate, ...]
    seed: int = 0


class MixPart(Params):
    """One task of a mixture; ``input`` is the role of its render step."""

    input: str
    task: str
    cap: int | None = None
    weight: Number | None = None


class MixParams(Params):
    """Rates: count, then cap, then temperature, or weights; apportioned to ``total`` by largest remainder."""

    kind: Literal["mix"] = "mix"
    parts: tuple[MixPart, ...]
    temperature: Number
    total: int | None
    seed: int = 0


# --- models -------------------------------------------------------------------------------------


class Lora(Params):
    kind: Literal["lora"] = "lora"
    rank: int
    alpha: Number
    dropout: Number
    targets: tuple[str, ...]  # module names; empty means every linear layer inside the decoder blocks


class TrainParams(Params):
    """Input roles: ``rows`` (render or mix), ``validation`` (render, optional), ``base`` (an earlier train step, optional).

    Content: ``weights``, ``tokenizer``, ``chat_template``.
    """

    kind: Literal["train"] = "train"
    objective: Literal["response", "full"]
    adapter: Lora | None
    epochs: int
    batch: int  # rows an optimiser step
    learning_rate: Number
    schedule: Literal["cosine", "linear", "constant"]
    warmup: Number  # share of all optimiser steps
    weight_decay: Number
    max_grad_norm: Number
    max_length: int
    overflow: Literal["drop", "truncate", "error"]
    precision: Literal["auto", "fp32", "bf16"]
    tokens_per_batch: int  # budget of one forward pass, padding included; more rows accumulate
    seed: int


class Greedy(Params):
    method: Literal["greedy"] = "greedy"
    max_new_tokens: int


class Sample(Params):
    method: Literal["sample"] = "sample"
    max_new_tokens: int
    temperature: Number
    top_p: Number
    top_k: int | None
    seed: int


Decode: TypeAlias = Annotated[Greedy | Sample, Field(discriminator="method")]


class PredictParams(Params):
    """One model on one rendered set. Input roles: ``prompts`` (render), ``model`` (a train step, when it is a trained one).

    Content: ``weights``, ``tokenizer``, ``chat_template`` of the underlying model.
    """

    kind: Literal["predict"] = "predict"
    decode: Decode
    precision: Literal["auto", "fp32", "bf16"]


# --- measuring and deciding -----------------------------------------------------------------------


class Metric(Params):
    """A per-item metric; ``unit`` is ``share`` for 0/1 metrics (shown in percent) and ``plain`` otherwise."""

    name: str
    function: str
    args: dict[str, Scalar]
    unit: Literal["share", "plain"]


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
    """``metric no_worse_than baseline by margin at level``: paired, one-sided; margin in the metric's unit (0.02 for 2pt)."""

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


StepParams: TypeAlias = Annotated[
    IngestParams
    | FilterParams
    | SplitParams
    | RenderParams
    | MixParams
    | TrainParams
    | PredictParams
    | MeasureParams
    | GateParams,
    Field(discriminator="kind"),
]

_ADAPTER: TypeAdapter[StepParams] = TypeAdapter(StepParams)


def params_from_json(kind: str, data: dict[str, Any]) -> StepParams:
    """The parameters of a step from plan JSON. Raises pydantic.ValidationError."""
    return _ADAPTER.validate_python({**data, "kind": kind})
