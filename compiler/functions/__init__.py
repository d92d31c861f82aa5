"""The one table of functions: of expressions over columns, and of metrics over outputs; a topic a file.

``words`` takes about 4 us for a text of 30 words.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from compiler.functions.assistant_traces import ASSISTANT_TRACES
from compiler.functions.contents import CONTENTS
from compiler.functions.metrics import LATER_METRICS, METRIC_FUNCTIONS, MetricArgument, MetricFunction
from compiler.functions.prepared import PREPARED
from compiler.functions.repetition import REPETITION
from compiler.functions.table import ITEM, Function, Parameter, Written
from compiler.functions.text_measures import MEASURES
from compiler.functions.texts import TEXT_FUNCTIONS
from compiler.functions.values import JSON_FUNCTIONS, LIST_FUNCTIONS, NUMBER_FUNCTIONS, VALUE_FUNCTIONS
from compiler.functions.word_lists import WORD_LISTS

# In the order of the language reference.
TOPICS: Mapping[str, tuple[Function, ...]] = MappingProxyType(
    {
        "text": TEXT_FUNCTIONS,
        "measures of text": MEASURES,
        "repetition": REPETITION,
        "contents": CONTENTS,
        "traces of assistants": ASSISTANT_TRACES,
        "word lists": WORD_LISTS,
        "tokens and languages": PREPARED,
        "numbers": NUMBER_FUNCTIONS,
        "lists": LIST_FUNCTIONS,
        "JSON": JSON_FUNCTIONS,
        "any value": VALUE_FUNCTIONS,
    }
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {function.name: function for functions in TOPICS.values() for function in functions}
)

# Other names under which people look for a function.
ALIASES: Mapping[str, str] = MappingProxyType(
    {"len": "characters", "size": "length", "strip": "trim", "word_count": "words", "chars": "characters"}
    | {"lowercase": "lower", "uppercase": "upper", "regex_count": "count_matches", "count": "count_matches"}
    | {"json": "json_field", "is_json": "json_valid", "float": "number", "int": "number", "ifnull": "coalesce"}
    | {"substr": "substring", "left": "first", "right": "last", "head": "first", "tail": "last", "prefix": "first"}
    | {"find": "position", "index": "position", "instr": "position", "indexof": "position", "regex_extract": "extract"}
    | {"regexp_replace": "replace_matches", "regex_replace": "replace_matches", "sub": "replace_matches"}
    | {"least": "min", "greatest": "max", "ln": "log", "ceiling": "ceil", "magnitude": "abs", "isnull": "is_null"}
    | {"get": "item", "at": "item", "nth": "item", "exists": "any", "forall": "all", "every": "all", "some": "any"}
    | {
        "case": "if",
        "iff": "if",
        "when": "if",
        "hash": "bucket",
        "sample": "bucket",
        "md5": "bucket",
        "sha256": "bucket",
    }
    | {"alpha_ratio": "letter_share", "alnum_ratio": "letter_share", "digit_ratio": "digit_share"}
    | {"uppercase_ratio": "upper_share", "caps_ratio": "upper_share", "unique_words": "distinct_word_share"}
    | {"token_count": "tokens", "num_tokens": "tokens", "count_tokens": "tokens", "lang": "language"}
    | {"language_id": "language", "detect_language": "language", "language_score": "language_confidence"}
    | {"duplicate_ngram_share": "repeated_ngram_share", "ngram_repetition": "repeated_ngram_share"}
    | {
        "entropy": "character_entropy",
        "distinct_n": "distinct_ngram_share",
        "url_count": "urls",
        "email_count": "emails",
    }
    | {"refusal": "refuses", "is_refusal": "refuses", "truncated": "looks_truncated", "is_truncated": "looks_truncated"}
    | {"contains_word": "has_word", "has_words": "has_word", "word_list": "has_word", "flagged_words": "count_words"}
    | {"duplicate_lines": "repeated_line_share", "line_count": "lines", "avg_word_length": "mean_word_length"}
)

__all__ = [
    "ALIASES",
    "FUNCTIONS",
    "ITEM",
    "LATER_METRICS",
    "METRIC_FUNCTIONS",
    "TOPICS",
    "Function",
    "MetricArgument",
    "MetricFunction",
    "Parameter",
    "Written",
]
