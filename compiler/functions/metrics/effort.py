"""What an answer took, and whether it ends and repeats itself."""

from __future__ import annotations

from decimal import Decimal

from compiler.functions.metrics.kinds import MetricArgument, MetricFunction

EFFORT = (
    MetricFunction(
        "output_tokens",
        (),
        "plain",
        "number of tokens that the model wrote, in its own tokenizer",
        None,
        compares=False,
        writes=True,
        effort=True,
    ),
    MetricFunction(
        "prompt_tokens",
        (),
        "plain",
        "number of tokens that were put to the model",
        None,
        compares=False,
        effort=True,
    ),
    MetricFunction(
        "latency",
        (),
        "plain",
        "seconds that the answer took: its share of the time of its batches",
        False,
        compares=False,
        effort=True,
    ),
    MetricFunction(
        "stopped",
        (),
        "share",
        "the model ended its turn, and was not cut off",
        compares=False,
        writes=True,
        effort=True,
    ),
    MetricFunction(
        "repetition",
        (MetricArgument("n", default=4, kind="count", least=Decimal(1), most=Decimal(50)),),
        "plain",
        "share of the runs of `n` words that stood in the output before, 0 to 1",
        False,
        compares=False,
        writes=True,
    ),
)
