"""What a judge says of an answer."""

from __future__ import annotations

from compiler.functions.metrics.kinds import MetricArgument, MetricFunction

JUDGED = (
    MetricFunction(
        "rate",
        (MetricArgument("condition", kind="label"),),
        "share",
        "a judge gives the output a label that meets the condition, such as `refusals != complied`; an answer "
        "without a verdict is missing",
        higher_is_better=None,
        compares=False,
    ),
    MetricFunction(
        "judge",
        (MetricArgument("judge", kind="judge"),),
        "plain",
        "the label that a judge gives the output, counted from 0 for the worst; of a scale its number",
        compares=False,
    ),
    MetricFunction(
        "win_rate",
        (MetricArgument("judge", kind="pairwise"), MetricArgument("against", kind="opponent", optional=True)),
        "share",
        "a pairwise judge prefers the output to that of the model `against`, in both orders; half where the verdict "
        "turns with the order or is a tie",
        compares=False,
    ),
)
