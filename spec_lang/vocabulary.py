"""The words that mean something to the grammar, in one table with what each says.

The grammar (`sft.lark`) spells the same words, and a test holds the two together; messages,
the printer and editor support read them from here. A word is reserved only where it could be
one: after ``=``, ``.``, ``(``, ``[``, ``,``, an operator or a clause word it is a plain name.
"""

from __future__ import annotations

VERBS: dict[str, str] = {
    "keep": "keep only the rows for which the condition holds, or the best by a score",
    "drop": "drop the rows for which the condition holds",
    "dedup": "drop rows that repeat an earlier one",
    "decontaminate": "drop rows that overlap with evaluation data",
    "use": "take the rows of a task or mixture",
    "require": "a condition that has to hold for the gate to pass",
    "never": "a finding that fails the gate wherever it occurs",
    "guard": "a condition that stops a loop when it no longer holds",
    "stop": "end a loop early",
    "block": "where a guardrail cuts off",
}

CLAUSES: dict[str, str] = {
    "because": "the reason that is kept with every row the rule drops",
    "on": "the column that is compared",
    "at": "a threshold or a confidence level",
    "by": "a margin, or the value that rows are ordered by",
    "per": "the group within which the rule is applied",
    "each": "the slice, every value of which has to meet the condition",
    "over": "the data that a metric is computed over",
    "against": "the rows that others are compared with, or the evals whose data must not occur in training data",
    "ngram": "the length of the word sequences that are compared",
    "coverage": "the share of a text that has to be covered by matches",
    "cap": "the number of rows beyond which a task counts no more",
    "weight": "a fixed share of a mixture",
    "top": "the share or number of rows with the highest score",
    "no_worse_than": "the model or baseline of a non-inferiority comparison",
    "no_significant_regression": "the model or baseline against which no drop may be significant",
    "equivalent": "the model or baseline that has to be matched, neither worse nor better by more than a margin",
    "within": "the margin of an equivalence comparison",
    "falls": "the drop that counts as a fall",
    "when": "the condition of a stop rule",
    "correct": "the correction for several comparisons",
    "above": "a lower limit",
    "below": "an upper limit",
}

# Clauses that stand alone.
FLAGS: dict[str, str] = {
    "exact": "the same text after normalising",
    "near": "almost the same text",
}

NAMED: dict[str, str] = {
    "metric": "a number that is computed from predictions",
    "slice": "a way to divide rows into groups",
}

OPERATORS: tuple[str, ...] = ("and", "or", "not", "in", "matches")
LITERALS: tuple[str, ...] = ("true", "false")
HEADERS: dict[str, str] = {
    "edition": "the version of the language that the file is written in",
    "import": "make the blocks of another file usable under a name",
    "as": "the name of an import",
    "param": "a value that can be set from outside, with `--set name=value`",
}

# Plain names wherever nothing but a name can stand; operators and literals are never names, except after a dot.
SOFT_WORDS: frozenset[str] = frozenset((*VERBS, *CLAUSES, *FLAGS, *NAMED, *HEADERS))
RESERVED: frozenset[str] = SOFT_WORDS | frozenset((*OPERATORS, *LITERALS))

# What other languages write for no value, where a name would stand.
NULLS: frozenset[str] = frozenset({"None", "none", "NONE", "null", "Null", "NULL", "nil", "undefined", "NaN", "nan"})

# Editions that this version reads, oldest first.
EDITIONS: tuple[int, ...] = (2026,)
