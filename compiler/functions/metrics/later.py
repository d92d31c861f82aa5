"""Metrics that are checked, and not runnable yet."""

from __future__ import annotations

from compiler.functions.metrics.kinds import MetricArgument, MetricFunction

LATER = (
    MetricFunction(
        "rate",
        (MetricArgument("condition", kind="label"),),
        "share",
        "a judge gives the output a label that meets the condition, such as `refusals != complied`",
        higher_is_better=None,
    ),
    MetricFunction("judge", (MetricArgument("judge", kind="judge"),), "plain", "a judge's label, counted from 0"),
    MetricFunction("toxicity", (), "plain", "how toxic the output is, 0 to 1", higher_is_better=False),
)
