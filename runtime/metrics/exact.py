"""Outputs that are the expected answer, or have it in them; and how long they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtime.metrics.answer import Answer, best
from runtime.metrics.json_values import INVALID, parsed, same
from runtime.metrics.squad import squad_form

_SHORT = 60


def exact_match(answer: Answer, *, normalise: str = "none") -> float | None:
    """1 when output and expected answer, or another accepted one, are equal.

    ``none`` ignores outer whitespace only; ``text`` also ignores case and how words are spaced; ``json``
    compares parsed JSON, in which the order of keys and the spelling of numbers do not matter, and is None where the
    expected answer is no JSON; ``squad`` leaves out case, punctuation and articles.
    """
    if normalise == "json":
        given = parsed(answer.output)
        return best(lambda text: None if (wanted := parsed(text)) is INVALID else float(same(given, wanted)), answer)
    form = NORMALISERS[normalise]
    output = form(answer.output)
    return best(lambda text: float(output == form(text)), answer)


def form_read(answer: Answer, *, normalise: str = "none") -> str:
    """What ``exact_match`` compares of an answer, where that is another thing than its text; of a short one, since a
    long one stands there anyway."""
    if normalise == "json":
        return "read no JSON" if parsed(answer.output) is INVALID else "read as JSON"
    given = NORMALISERS[normalise](answer.output)
    return f"read `{given}`" if given != answer.output.strip() and len(given) <= _SHORT else ""


def contains(answer: Answer) -> float | None:
    """1 when an accepted answer stands somewhere in the output; None where all are empty."""
    return best(lambda text: float(wanted in answer.output) if (wanted := text.strip()) else None, answer)


def words(answer: Answer) -> float:
    """Number of whitespace-separated words of the output."""
    return float(len(answer.output.split()))


def characters(answer: Answer) -> float:
    """Number of characters (Unicode code points) of the output."""
    return float(len(answer.output))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


NORMALISERS: Mapping[str, Callable[[str], str]] = {"none": str.strip, "text": _plain, "squad": squad_form}
