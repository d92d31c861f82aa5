"""Metrics of IFEval: whether an answer follows the instructions of its row."""

from __future__ import annotations

from compiler.functions.metrics.kinds import MetricArgument, MetricFunction

_OF_A_ROW = (
    MetricArgument("instructions", kind="column", types=("list",)),
    MetricArgument("arguments", kind="column", types=("list",)),
    MetricArgument("mode", ("strict", "loose"), "strict", kind="word"),
)

INSTRUCTIONS = (
    MetricFunction(
        "ifeval",
        _OF_A_ROW,
        "share",
        "the answer follows all of its row's instructions, as IFEval has them (`ifeval(instruction_id_list, kwargs)`); "
        "`loose` forgives a first or last line, and asterisks",
        tells_languages=True,
        compares=False,
    ),
    MetricFunction(
        "ifeval_instructions",
        _OF_A_ROW,
        "plain",
        "the share of all rows' instructions that were followed, 0 to 1",
        whole=True,
        tells_languages=True,
        compares=False,
    ),
)
