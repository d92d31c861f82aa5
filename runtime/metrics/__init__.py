"""Metrics of answers: what a model gave against what was expected, one number an item, or None.

1.0 and 0.0 are right and wrong where the metric is a share; the others are plain numbers. None means that the item
could not be measured (the *expected* answer is no JSON, say): it counts as missing and never as wrong. Answers are
untrusted: nothing here evaluates them, and no output, however deep, long or malformed, raises or hangs. A family of
metrics a file, each the twin of one in ``compiler/functions/metrics``; 1 to 20 µs an item where the file says nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from runtime.metrics.answer import Answer, Explained
from runtime.metrics.classes import BALANCED_ACCURACY, MACRO_F1
from runtime.metrics.code import passes_tests
from runtime.metrics.effort import latency, output_tokens, prompt_tokens, repetition, stopped
from runtime.metrics.exact import characters, contains, exact_match, words
from runtime.metrics.instructions import IFEVAL_INSTRUCTIONS, ifeval
from runtime.metrics.json_schema import json_schema
from runtime.metrics.json_values import json_field_match, valid_json
from runtime.metrics.judged import judge_score, rate, win_rate
from runtime.metrics.likelihood import choice, kl_from
from runtime.metrics.numbers import numeric_match
from runtime.metrics.patterns import regex_match
from runtime.metrics.perplexity import BITS_PER_BYTE, BYTE_PERPLEXITY, PERPLEXITY, WORD_PERPLEXITY
from runtime.metrics.recorded import recorded
from runtime.metrics.rouge import rouge_1, rouge_2, rouge_l
from runtime.metrics.squad import f1
from runtime.metrics.translation import BLEU, CHRF
from runtime.metrics.whole import WholeMetric

# (answer, **args) -> value; the arguments are those that the spec writes out. Columns are in the answer.
ItemMetric: TypeAlias = Callable[..., float | None]

METRICS: Mapping[str, ItemMetric] = {
    "exact_match": exact_match,
    "valid_json": valid_json,
    "contains": contains,
    "json_field_match": json_field_match,
    "words": words,
    "characters": characters,
    "numeric_match": numeric_match,
    "f1": f1,
    "rouge_1": rouge_1,
    "rouge_2": rouge_2,
    "rouge_l": rouge_l,
    "output_tokens": output_tokens,
    "prompt_tokens": prompt_tokens,
    "latency": latency,
    "stopped": stopped,
    "repetition": repetition,
    "choice": choice,
    "kl_from": kl_from,
    "recorded": recorded,
}
# Metrics of an answer that are quicker for many at once: (answers, **args) -> values.
TOGETHER: Mapping[str, Callable[..., list[float | None]]] = {
    "regex_match": regex_match,
    "json_schema": json_schema,
}
# Metrics that say why, and take long: (answers, check, **args) -> values with a reason. ``check`` is called now and
# then, and raises where the run is to stop.
EXPLAINED: Mapping[str, Callable[..., list[Explained]]] = {
    "ifeval": ifeval,
    "passes_tests": passes_tests,
    "rate": rate,
    "judge": judge_score,
    "win_rate": win_rate,
}
AT_K = frozenset({"passes_tests"})  # pass@k of the answers to an item, by the argument ``k``
RUNS_CODE = frozenset({"passes_tests"})  # code that a model wrote
WHOLE: Mapping[str, WholeMetric] = {
    "bleu": BLEU,
    "chrf": CHRF,
    "macro_f1": MACRO_F1,
    "balanced_accuracy": BALANCED_ACCURACY,
    "ifeval_instructions": IFEVAL_INSTRUCTIONS,
    "perplexity": PERPLEXITY,
    "word_perplexity": WORD_PERPLEXITY,
    "byte_perplexity": BYTE_PERPLEXITY,
    "bits_per_byte": BITS_PER_BYTE,
}


def measure_items(function: str, args: Mapping[str, Any], answers: Sequence[Answer]) -> list[float | None]:
    """The metric of every answer, in order. Raises KeyError for a function that does not exist."""
    return [value for value, _ in explain_items(function, args, answers)]


def explain_items(
    function: str, args: Mapping[str, Any], answers: Sequence[Answer], check: Callable[[], None] = lambda: None
) -> list[Explained]:
    """The metric of every answer, in order, with a reason of those metrics that have any. ``check`` may end it."""
    if function in EXPLAINED:
        return EXPLAINED[function](answers, check, **args)
    if function in TOGETHER:
        return [(value, "") for value in TOGETHER[function](answers, **args)]
    metric = METRICS[function]
    return [(metric(answer, **args), "") for answer in answers]


__all__ = [
    "AT_K",
    "EXPLAINED",
    "METRICS",
    "RUNS_CODE",
    "TOGETHER",
    "WHOLE",
    "Answer",
    "ItemMetric",
    "WholeMetric",
    "explain_items",
    "measure_items",
]
