"""Answers to questions as SQuAD's evaluation compares them: without case, punctuation, articles and white space.

Rajpurkar et al. 2016 (arXiv 1606.05250), section 6. Only the punctuation of ASCII and the English articles are taken
out, so in other languages the comparison is a little stricter.
"""

from __future__ import annotations

import re
import string
from collections import Counter

from runtime.metrics.answer import Answer, best

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def squad_form(text: str) -> str:
    """The text in lower case, without punctuation and articles, with single spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def f1(answer: Answer) -> float | None:
    """The F1 of the words of output and expected answer, each counted as often as it stands; of the accepted answers
    the best. Where one side has no word left, 1 if the other has none either (as SQuAD 2.0 has it), else 0."""
    given = squad_form(answer.output).split()
    return best(lambda text: _overlap(given, squad_form(text).split()), answer)


def _overlap(given: list[str], wanted: list[str]) -> float:
    if not given or not wanted:
        return float(given == wanted)
    common = (Counter(given) & Counter(wanted)).total()
    return 2 * common / (len(given) + len(wanted))
