"""Scores that somebody gave the answers elsewhere."""

from __future__ import annotations

from compiler.functions.metrics.kinds import MetricArgument, MetricFunction

RECORDED = "recorded"

RECORDED_SCORES = (
    MetricFunction(
        RECORDED,
        (
            MetricArgument("score"),
            MetricArgument("values", ("auto", "binary", "numbers"), "auto", kind="word"),
            MetricArgument("better", ("higher", "lower"), "higher", kind="word"),
        ),
        "share",
        "a score that was recorded with the answers of a model; `auto` is a share of scores that are true or false, "
        "and plain of numbers (`values = binary` for numbers that are 0 or 1)",
        compares=False,
    ),
)
