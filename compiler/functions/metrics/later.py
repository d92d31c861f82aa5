"""Metrics that are checked, and not runnable yet."""

from __future__ import annotations

from compiler.functions.metrics.kinds import MetricFunction

LATER = (MetricFunction("toxicity", (), "plain", "how toxic the output is, 0 to 1", higher_is_better=False),)
