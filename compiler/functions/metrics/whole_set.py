"""Metrics of a whole set: one number of all answers, and no mean of numbers of each."""

from __future__ import annotations

from decimal import Decimal

from compiler.functions.metrics.kinds import MetricArgument, MetricFunction

_LABELS = MetricArgument("labels", kind="texts", optional=True)
_NORMALISE = MetricArgument("normalise", ("none", "text", "squad"), "text", kind="word")

WHOLE_SET = (
    MetricFunction(
        "bleu",
        (
            MetricArgument("tokens", ("13a", "char", "none"), "13a", kind="word"),
            MetricArgument("lowercase", default=False, kind="bool"),
        ),
        "plain",
        "BLEU of all outputs against the expected answers, 0 to 100",
        whole=True,
    ),
    MetricFunction(
        "chrf",
        (MetricArgument("word_order", default=0, kind="count", most=Decimal(4)),),
        "plain",
        "chrF of all outputs, 0 to 100; with `word_order = 2` it is chrF++",
        whole=True,
    ),
    MetricFunction(
        "macro_f1",
        (_LABELS, _NORMALISE),
        "plain",
        "the mean of the F1 of the expected answers' classes, 0 to 1",
        whole=True,
    ),
    MetricFunction(
        "balanced_accuracy",
        (_LABELS, _NORMALISE),
        "plain",
        "the mean over the classes of the share of their items that are right, 0 to 1",
        whole=True,
    ),
)
