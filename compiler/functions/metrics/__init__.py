"""The metrics of an eval: numbers of answers. A family a file; each has its twin in ``runtime/metrics``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from compiler.functions.metrics.code import CODE
from compiler.functions.metrics.effort import EFFORT
from compiler.functions.metrics.exact import EXACT
from compiler.functions.metrics.instructions import INSTRUCTIONS
from compiler.functions.metrics.judged import JUDGED
from compiler.functions.metrics.kinds import ArgumentKind, MetricArgument, MetricFunction, MetricUnit, WrittenValue
from compiler.functions.metrics.later import LATER
from compiler.functions.metrics.likelihood import LIKELIHOOD
from compiler.functions.metrics.recorded import RECORDED, RECORDED_SCORES
from compiler.functions.metrics.texts import TEXTS
from compiler.functions.metrics.whole_set import WHOLE_SET

METRIC_FUNCTIONS: Mapping[str, MetricFunction] = MappingProxyType(
    {
        metric.name: metric
        for family in (EXACT, TEXTS, INSTRUCTIONS, CODE, WHOLE_SET, LIKELIHOOD, EFFORT, RECORDED_SCORES, JUDGED)
        for metric in family
    }
)
LATER_METRICS: Mapping[str, MetricFunction] = MappingProxyType({metric.name: metric for metric in LATER})

__all__ = [
    "LATER_METRICS",
    "METRIC_FUNCTIONS",
    "RECORDED",
    "ArgumentKind",
    "MetricArgument",
    "MetricFunction",
    "MetricUnit",
    "WrittenValue",
]
