"""How near a text is to the expected one: words in common, patterns, schemas, numbers."""

from __future__ import annotations

from decimal import Decimal

from compiler.functions.metrics.kinds import ANSWERS, MetricArgument, MetricFunction

_TOKENS = MetricArgument("tokens", ("latin", "unicode"), "latin", kind="word")

TEXTS = (
    MetricFunction(
        "numeric_match",
        (
            MetricArgument("after", optional=True),
            MetricArgument("tolerance", default="0", kind="number"),
            MetricArgument("relative", default="0", kind="share", most=Decimal(1)),
            MetricArgument("take", ("last", "first"), "last", kind="word"),
            MetricArgument("decimal", ("point", "comma"), "point", kind="word"),
            ANSWERS,
        ),
        "share",
        "the last number of the output is that of the expected answer; `after` takes the one behind a text such as "
        '`"####"`, `tolerance` and `relative` (a share of the expected number) allow a difference',
    ),
    MetricFunction(
        "regex_match",
        (MetricArgument("pattern", kind="regex"),),
        "share",
        'the output matches a regular expression, such as `r"^(yes|no)$"`',
        compares=False,
    ),
    MetricFunction("f1", (ANSWERS,), "plain", "F1 of the words of output and expected answer as in SQuAD, 0 to 1"),
    MetricFunction("rouge_1", (_TOKENS, ANSWERS), "plain", "ROUGE-1: F1 of words, 0 to 1"),
    MetricFunction("rouge_2", (_TOKENS, ANSWERS), "plain", "ROUGE-2: F1 of pairs of words, 0 to 1"),
    MetricFunction("rouge_l", (_TOKENS, ANSWERS), "plain", "ROUGE-L: F1 of the longest common subsequence, 0 to 1"),
)
