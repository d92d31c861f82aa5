"""Metrics of an output and the expected answer that hold or do not, and the length of the output."""

from __future__ import annotations

from compiler.functions.metrics.kinds import ANSWERS, MetricArgument, MetricFunction

EXACT = (
    MetricFunction(
        "exact_match",
        (MetricArgument("normalise", ("none", "text", "json", "squad"), "none", kind="word"), ANSWERS),
        "share",
        "the output equals the expected answer, or one of the column `answers`; `none` strips white space at the ends, "
        "`text` also folds case and white space, `json` compares parsed JSON, `squad` leaves out case, punctuation and "
        "English articles",
    ),
    MetricFunction("valid_json", (), "share", "the output is JSON in which no key stands twice", compares=False),
    MetricFunction("contains", (ANSWERS,), "share", "the expected answer, or one of `answers`, occurs in the output"),
    MetricFunction(
        "json_field_match",
        (MetricArgument("field"),),
        "share",
        "a field of the output's JSON equals that field of the expected answer",
    ),
    MetricFunction(
        "json_schema",
        (MetricArgument("schema", kind="schema"),),
        "share",
        'the output is JSON that a JSON Schema allows: the path of its file, such as `"answer.schema.json"`',
        compares=False,
    ),
    MetricFunction("words", (), "plain", "number of words of the output", None, compares=False),
    MetricFunction("characters", (), "plain", "number of characters of the output", None, compares=False),
)
