"""Answers that were made with the right one in view (rationalisation of STaR, arXiv 2203.14465), and if they say so.

A model that failed is shown the answer and asked to say how one gets there. What is kept is shown without the hint, so
an answer that speaks of it would teach a model to invent one. ``mentions_hint`` is such an answer: it speaks of a hint
or of an answer that it was given (in English), or it has a run of six words that the template of the hint has. What its
prompt without the hint says too, or the expected answer, counts for nothing, nor do case, punctuation and white space.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from runtime.metrics.rouge import words_of

MENTIONS_HINT = "mentions_hint"
_RUN = 6  # words: "the right answer is" ends many an honest one
_TELLING = ("hint", "hints", "given answer", "provided answer", "answer provided", "answer given", "answer was given")


def mentioned(answer: str, hint_literals: Iterable[str], prompt: str, expected: str) -> str:
    """What an answer says of a hint, or took over from its wording; nothing where it did neither. ``hint_literals`` are
    the texts of the hint's template that are no value of the row."""
    given, *allowed = (words_of(text, "unicode") for text in (answer, prompt, expected))
    said, told = _spaced(given), [_spaced(words) for words in allowed]
    for phrase in _TELLING:
        if f" {phrase} " in said and not any(f" {phrase} " in text for text in told):
            return phrase
    runs = {run for text in hint_literals for run in _runs(words_of(text, "unicode"))}
    runs -= {run for words in allowed for run in _runs(words)}
    return next((" ".join(run) for run in _runs(given) if run in runs), "")


def _spaced(words: Sequence[str]) -> str:
    return f" {' '.join(words)} "


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1))
