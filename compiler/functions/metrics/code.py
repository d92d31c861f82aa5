"""The metric that runs a model's code."""

from __future__ import annotations

from decimal import Decimal

from compiler.functions.metrics.kinds import MetricArgument, MetricFunction

CODE = (
    MetricFunction(
        "passes_tests",
        (
            MetricArgument("tests", kind="column", types=("list", "text")),
            MetricArgument("before", kind="column", optional=True),
            MetricArgument("entry_point", kind="column", optional=True),
            MetricArgument("k", default=1, kind="count", least=Decimal(1), most=Decimal(1000)),
            MetricArgument("fence", ("first", "last", "none"), "first", kind="word"),
            MetricArgument("timeout", default=5, kind="seconds", least=Decimal(1), most=Decimal(600)),
            MetricArgument("memory_mib", default=1024, kind="count", least=Decimal(128), most=Decimal(1 << 20)),
            MetricArgument("allow_code_execution", kind="consent"),
        ),
        "share",
        "the code of the answer passes the tests of its row; runs what the model wrote, and so only with "
        "`allow_code_execution = true`; with `k`, of an eval with as many `samples` or more: that one of k answers "
        "passes (pass@k)",
        at_k=True,
        compares=False,
    ),
)
