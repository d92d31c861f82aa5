"""What a judge says of a text: a label, or why there is none.

Of a model only the last line of its own answer counts, and it has to be a label and nothing else (after ``VERDICT:``
or not). What stands above is its reasoning and may name any label, and so may the text that it judged. Two verdict
lines that differ are no verdict, and neither is what most askings about a text gave no label to. Nothing is guessed:
an answer without a label is neither pass nor fail.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

NO_LABEL, TWO_LABELS, EMPTY, TRUNCATED, SPLIT = "no_label", "two_labels", "empty", "truncated", "split"
REFUSED = "refused"  # to judge

_VERDICT = re.compile(r"^\W{0,8}(?:final )?verdict\W{0,4}:(.*)$", re.IGNORECASE)
_AROUND = " \t\"'`*_.,:;!()[]{}<>«»“”„’‘#-"
_SIGNS = "-.<>"  # of these, what stands at a number is part of it: `-1`, `.5` and `<5` are not 1 and 5
_LONGEST = 200  # characters of a line that can be a verdict


@dataclass(frozen=True, slots=True)
class Said:
    """One verdict. ``score`` is the label's place from 0, of a scale its number; ``confidence`` is from 0 to 1."""

    label: str | None
    reason: str | None = None
    score: float | None = None
    confidence: float | None = None
    request: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all askings about a text come to. ``flipped``: they did not give the same label; None where it was asked
    about once, or has fewer than two labels."""

    label: str | None
    reason: str | None
    score: float | None
    confidence: float | None
    flipped: bool | None


def read_label(answer: str, labels: Sequence[str]) -> tuple[str | None, str | None]:
    """The label that an answer ends with, or the rule by which it has none. Linear in the answer."""
    lines = [line.strip() for line in answer.splitlines() if line.strip()]
    if not lines:
        return None, EMPTY
    by_text = {label.casefold(): label for label in labels}
    said = [found.group(1) for line in lines if len(line) <= _LONGEST and (found := _VERDICT.match(line))]
    named = {label for text in said if (label := _label(text, by_text)) is not None}
    if len(named) > 1:
        return None, TWO_LABELS
    last = lines[-1][-_LONGEST:] if len(lines[-1]) <= _LONGEST else ""
    verdict = _VERDICT.match(last)
    text = verdict.group(1) if verdict else last
    label = _label(text, by_text)
    if label is not None:
        return (None, TWO_LABELS) if named and label not in named else (label, None)
    words = {word.strip(_AROUND) for word in re.split(r"[\s,;/|]+", text.casefold())}
    several = words & by_text.keys()
    return None, TWO_LABELS if len(several) > 1 else NO_LABEL


def _label(text: str, by_text: dict[str, str]) -> str | None:
    """The label that a text is, as it stands or without what writers put around one."""
    whole = text.strip().casefold()
    return by_text.get(whole) or by_text.get(_bare(whole))


def _bare(text: str) -> str:
    """A text without what stands around it; a number keeps its sign."""
    start = len(text) - len(text.lstrip(_AROUND))
    if text[start : start + 1].isdigit():
        start -= len(text[:start]) - len(text[:start].rstrip(_SIGNS))
        if text[start] == "<" and ">" in text[start:]:  # a bracket, not a sign
            start += 1
    return text[start:].rstrip(_AROUND)


def score_of(label: str | None, labels: Sequence[str], ordered: bool) -> float | None:
    """The number of a label: its place, worst first, or of a scale itself."""
    if label is None:
        return None
    return float(label) if ordered else float(labels.index(label))


def together(said: Sequence[Said], labels: Sequence[str], *, ordered: bool) -> Verdict:
    """Several verdicts on one text as one: the commonest label, of a scale the middle one and the mean number. Where
    fewer than half of the askings gave a label, there is none."""
    given = [one.label for one in said if one.label is not None]
    if not given:
        return Verdict(None, said[0].reason if said else NO_LABEL, None, None, None)
    flipped = len(set(given)) > 1 if len(given) > 1 else None
    if 2 * len(given) < len(said):
        return Verdict(None, next(one.reason for one in said if one.label is None), None, None, flipped)
    if len(said) == 1:
        return Verdict(given[0], None, said[0].score, said[0].confidence, None)
    scores = [float(one.score) for one in said if one.score is not None]
    score = sum(scores) / len(scores) if scores else None
    counts = Counter(given).most_common()
    if ordered:
        label = sorted(given, key=float)[(len(given) - 1) // 2]
    elif len(counts) > 1 and counts[0][1] == counts[1][1]:
        return Verdict(None, SPLIT, None, None, flipped)
    else:
        label, score = counts[0][0], score_of(counts[0][0], labels, ordered)
    return Verdict(label, None, score, given.count(label) / len(said), flipped)
