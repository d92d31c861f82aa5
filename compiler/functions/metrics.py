"""The metrics of an eval: numbers of an output and the expected answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from msgspec import Struct

MetricUnit: TypeAlias = Literal["share", "plain"]


class MetricArgument(Struct, frozen=True, eq=False):
    """An argument of a metric, written out. ``kind``: any text, one of ``choices``, the name of a model or of a judge,
    or a comparison with a judge's label (``refusals != complied``)."""

    name: str
    choices: tuple[str, ...] = ()
    default: str | None = None
    kind: Literal["text", "model", "judge", "label"] = "text"


class MetricFunction(Struct, frozen=True, eq=False):
    """A metric an item, of the output and the expected answer; ``share`` metrics are 0 or 1 an item."""

    name: str
    arguments: tuple[MetricArgument, ...]
    unit: MetricUnit
    doc: str

    @property
    def signature(self) -> str:
        shown = [item.name if item.default is None else f"{item.name} = {item.default}" for item in self.arguments]
        return f"{self.name}({', '.join(shown)})"


_METRICS = (
    MetricFunction(
        "exact_match",
        (MetricArgument("normalise", ("none", "text", "json"), "none"),),
        "share",
        "the output equals the expected answer; `none` strips white space at the ends, `text` also folds case and "
        "white space, `json` compares parsed JSON",
    ),
    MetricFunction("valid_json", (), "share", "the output is JSON in which no key stands twice"),
    MetricFunction("contains", (), "share", "the expected answer occurs in the output"),
    MetricFunction(
        "json_field_match",
        (MetricArgument("field"),),
        "share",
        "a field of the output's JSON equals that field of the expected answer",
    ),
    MetricFunction("words", (), "plain", "number of words of the output"),
    MetricFunction("characters", (), "plain", "number of characters of the output"),
)

# Checked, and not runnable yet.
_LATER = (
    MetricFunction(
        "rate",
        (MetricArgument("condition", kind="label"),),
        "share",
        "a judge gives the output a label that meets the condition, such as `refusals != complied`",
    ),
    MetricFunction("judge", (MetricArgument("judge", kind="judge"),), "plain", "a judge's label, counted from 0"),
    MetricFunction(
        "kl_from",
        (
            MetricArgument("reference", kind="model"),
            MetricArgument("unit", ("nats_per_token", "nats_per_sequence"), "nats_per_token"),
        ),
        "plain",
        "the divergence of the model from a reference, on the model's own outputs",
    ),
    MetricFunction("perplexity", (), "plain", "the perplexity of the expected answer"),
    MetricFunction("rouge_l", (), "plain", "ROUGE-L F1 of the output and the expected answer, 0 to 1"),
    MetricFunction("toxicity", (), "plain", "how toxic the output is, 0 to 1"),
)

METRIC_FUNCTIONS: Mapping[str, MetricFunction] = MappingProxyType({metric.name: metric for metric in _METRICS})
LATER_METRICS: Mapping[str, MetricFunction] = MappingProxyType({metric.name: metric for metric in _LATER})
