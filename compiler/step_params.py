"""What each step kind is told: one small frozen model a kind, shared by lowering and runtime.

Numbers that are not integers are decimals, which serialise as strings, so that plans hold no
floats. Expressions arrive as SQL with bound parameters; no text of the user's is ever pasted
into SQL. Everything here is part of a step's hash.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from compiler.answer_params import Choose as Choose
from compiler.answer_params import Decode as Decode
from compiler.answer_params import Greedy as Greedy
from compiler.answer_params import LikelihoodParams as LikelihoodParams
from compiler.answer_params import PlainPrompt as PlainPrompt
from compiler.answer_params import PredictParams as PredictParams
from compiler.answer_params import Sample as Sample
from compiler.asking_params import AskingBudget as AskingBudget
from compiler.blessed_params import Blessed as Blessed
from compiler.generate_params import GenerateParams as GenerateParams
from compiler.generate_params import Novelty as Novelty
from compiler.generate_params import SelfInstruct as SelfInstruct
from compiler.judge_params import CalibrateParams as CalibrateParams
from compiler.judge_params import JudgeParams as JudgeParams
from compiler.judge_params import JudgeSpec as JudgeSpec
from compiler.judge_params import ReviewParams as ReviewParams
from compiler.loop_params import GuardParams as GuardParams
from compiler.loop_params import RoundParams as RoundParams
from compiler.loop_params import SelectParams as SelectParams
from compiler.measure_params import BoundRequirement as BoundRequirement
from compiler.measure_params import Cell as Cell
from compiler.measure_params import Checked as Checked
from compiler.measure_params import EquivalentRequirement as EquivalentRequirement
from compiler.measure_params import FigureRequirement as FigureRequirement
from compiler.measure_params import GateParams as GateParams
from compiler.measure_params import GroupRequirement as GroupRequirement
from compiler.measure_params import JudgedBy as JudgedBy
from compiler.measure_params import MeasureParams as MeasureParams
from compiler.measure_params import Metric as Metric
from compiler.measure_params import MetricColumn as MetricColumn
from compiler.measure_params import MetricRef as MetricRef
from compiler.measure_params import NeverRequirement as NeverRequirement
from compiler.measure_params import NoRegressionRequirement as NoRegressionRequirement
from compiler.measure_params import NoWorseRequirement as NoWorseRequirement
from compiler.measure_params import Reading as Reading
from compiler.measure_params import Requirement as Requirement
from compiler.measure_params import Slice as Slice
from compiler.measure_params import SpreadRequirement as SpreadRequirement
from compiler.mix_params import MixParams as MixParams
from compiler.mix_params import MixPart as MixPart
from compiler.mix_params import MixRates as MixRates
from compiler.params_base import GrownParams as GrownParams
from compiler.params_base import Number as Number
from compiler.params_base import Params as Params
from compiler.params_base import Scalar as Scalar
from compiler.params_base import Sql as Sql
from compiler.recorded_params import Recorded as Recorded
from compiler.render_params import Candidates as Candidates
from compiler.render_params import FewShot as FewShot
from compiler.render_params import Options as Options
from compiler.render_params import RenderParams as RenderParams
from compiler.render_params import RenderTemplate as RenderTemplate
from compiler.render_params import Segment as Segment
from compiler.render_params import TemplateRole as TemplateRole
from compiler.score_params import ClassifierScore as ClassifierScore
from compiler.score_params import ExpressionScore as ExpressionScore
from compiler.score_params import JudgeScore as JudgeScore
from compiler.score_params import LossScore as LossScore
from compiler.score_params import RewardScore as RewardScore
from compiler.score_params import ScoreEntry as ScoreEntry
from compiler.score_params import ScoreParams as ScoreParams
from compiler.shapes import Layout

# --- data ---------------------------------------------------------------------------------------


class Column(GrownParams):
    """A column under its name in the spec, and the field of the file it is read from.

    ``path`` leads from the field to a value inside of it: keys of objects, and positions in lists as text.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"path"})

    name: str
    field: str
    path: tuple[str, ...] | None = None


class Sampling(Params):
    """Rows whose hash of content and ``seed`` is in the lowest ``share`` of all hashes, or the ``rows`` lowest ones."""

    share: Number | None
    rows: int | None
    seed: int


class IngestParams(GrownParams):
    """Rows of one source. ``columns`` lists every column, in the order of the names; those that the spec does not
    map have the name of their field. ``layout`` tells how rows that are conversations are read."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"layout", "sample"})

    kind: Literal["ingest"] = "ingest"
    format: Literal["jsonl", "json", "csv", "tsv", "parquet", "lm_eval", "inspect"]
    columns: tuple[Column, ...]
    layout: Layout | None = None
    sample: Sampling | None = None


class PredicateRule(Params):
    """``keep`` or ``drop`` by a condition; ``measured`` is the value that the ledger records for a dropped row.

    A condition that is NULL keeps nothing under ``keep`` and drops nothing under ``drop``.
    """

    rule: Literal["keep", "drop"]
    condition: Sql
    measured: Sql | None


class Against(Params):
    """Rows of another step, and the values of theirs that are compared. ``input`` is the role of the step, ``part``
    the part of its split, None for all rows."""

    input: str
    part: str | None
    on: tuple[Sql, ...]


class ExactDedupRule(GrownParams):
    """Of each group of rows with equal values the first survives: by ``by``, the greatest first and missing ones last,
    then in source order. With ``against``, rows are compared with those rows instead, which all stay."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"by", "against"})

    rule: Literal["dedup_exact"] = "dedup_exact"
    on: tuple[Sql, ...]
    by: tuple[Sql, ...] = ()
    against: tuple[Against, ...] = ()


class NearDedupRule(GrownParams):
    """Rows whose shingle sets have a Jaccard similarity of ``threshold`` or more to a survivor before them are dropped;
    the order, and ``against``, are those of exact duplicates."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"by", "against"})

    rule: Literal["dedup_near"] = "dedup_near"
    search: Literal[2] = 2  # the index that proposes pairs: which one in a thousand at the threshold it misses
    on: tuple[Sql, ...]
    threshold: Number
    by: tuple[Sql, ...] = ()
    against: tuple[Against, ...] = ()


class TopRule(Params):
    """The best rows of each group by a number: a ``share`` of the group's rows, rounded up, or a number of ``rows``.

    Equal numbers go by the row's id, which is a hash of its content. A row without a number is never kept. ``per`` is
    None where the rows are one group.
    """

    rule: Literal["top"] = "top"
    by: Sql
    per: Sql | None
    share: Number | None
    rows: int | None


FilterRule: TypeAlias = Annotated[
    PredicateRule | ExactDedupRule | NearDedupRule | TopRule,
    Field(discriminator="rule"),
]


class FilterParams(Params):
    """Rules in order; a row falls to the first rule that drops it. Input role: ``rows``, and those of ``against``."""

    kind: Literal["filter"] = "filter"
    rules: tuple[FilterRule, ...]


class SplitPart(Params):
    name: str
    share: Number


class SplitParams(GrownParams):
    """Rows go to a part by a hash of ``key`` and ``seed``; equal keys never part. Input role: ``rows``.

    With ``similar`` nor do rows whose keys have a Jaccard similarity of that or more, directly or through other rows.
    Parts stand in the order of their names: the order of fields in a spec moves no row.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"similar"})

    kind: Literal["split"] = "split"
    key: tuple[Sql, ...]
    parts: tuple[SplitPart, ...]
    seed: int = 0
    similar: Number | None = None


class HeldOutRows(Params):
    """Rows that training rows must not give away; ``input`` is the role of the step that has them.

    ``texts`` are the columns that an item's prompt consists of, in order; None for conversations, whose turns
    before the last answer count.
    """

    input: str
    part: str | None
    texts: tuple[str, ...] | None
    ngram: int  # words of a run that counts
    coverage: Number  # the share of an item's words from which on a row is contaminated


class DecontaminateParams(Params):
    """Rows of a part, without those that cover an item of ``against``. Input roles: ``rows``, and those of ``against``.

    ``texts`` are the columns of a row that are trained on; None for conversations and rendered rows: all their turns.
    """

    kind: Literal["decontaminate"] = "decontaminate"
    part: str | None
    texts: tuple[str, ...] | None
    against: tuple[HeldOutRows, ...]


# --- models -------------------------------------------------------------------------------------


class Lora(Params):
    kind: Literal["lora"] = "lora"
    rank: int
    alpha: Number
    dropout: Number
    targets: tuple[str, ...]  # module names; empty means every linear layer inside the decoder blocks


class TrainParams(Params):
    """Input roles: ``rows`` (render or mix), ``validation`` (render, optional), ``base`` (an earlier train, optional).

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


StepParams: TypeAlias = Annotated[
    IngestParams
    | FilterParams
    | ScoreParams
    | SplitParams
    | RenderParams
    | DecontaminateParams
    | MixParams
    | TrainParams
    | PredictParams
    | LikelihoodParams
    | JudgeParams
    | CalibrateParams
    | ReviewParams
    | MeasureParams
    | GateParams
    | GenerateParams
    | GuardParams
    | RoundParams
    | SelectParams,
    Field(discriminator="kind"),
]


@cache
def _adapter() -> TypeAdapter[StepParams]:
    return TypeAdapter(StepParams)


def params_from_json(kind: str, data: dict[str, Any]) -> StepParams:
    """The parameters of a step from plan JSON. Raises pydantic.ValidationError."""
    return _adapter().validate_python({**data, "kind": kind})
