"""Which of the answers that are measured people labelled themselves.

A model refuses in canned words, so the words alone do not tell its answers apart: two hundred refusals may be thirty
texts. A labelled answer is known again by its row, where the labelled rows are those of the eval; by what it answers,
where that is known of both; and by its words alone where nothing else is known. Some µs an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from runtime.agreement.corrected import FEWEST


class Pair(NamedTuple):
    """What people and a judge said of one text, its hash, what it answers, where that is known, and its row."""

    human: str
    judge: str
    text: str
    asked: str | None = None
    row: str | None = None


class Given(NamedTuple):
    """One time that a text was answered: what was asked, where that is known, and the row."""

    asked: str | None = None
    row: str | None = None


def of_own(labelled: Sequence[Pair], given: Mapping[str, Sequence[Given]]) -> list[Pair]:
    """The labelled rows that are among the answers, where they are enough different ones to correct by.

    ``given`` is how each text was answered. An answer is a labelled one where it is of the same row, or where what it
    was asked holds what the labelled one was asked (a template may say more), as far as both are known: a stock answer
    to another question may be right there and wrong here. No text counts more often than it was answered. Answers are
    different ones by their row or by text and question; where neither is known, by their text.
    """
    by_text: dict[str, list[int]] = {}
    for at, pair in enumerate(labelled):
        if pair.text in given:
            by_text.setdefault(pair.text, []).append(at)
    own: dict[int, tuple[str | None, ...]] = {}
    for text, places in by_text.items():
        own |= _known_again([(at, labelled[at]) for at in places], list(given[text]))
    return [labelled[at] for at in sorted(own)] if len(set(own.values())) >= FEWEST else []


def _known_again(pairs: list[tuple[int, Pair]], left: list[Given]) -> dict[int, tuple[str | None, ...]]:
    """Of labelled rows with one text those that were given, by their place, with what tells them from others. The
    surest match comes first, and of questions the longest, so that no row takes what is another one's."""
    found: dict[int, tuple[str | None, ...]] = {}
    for of in (attrgetter("row"), attrgetter("asked")):
        there: dict[str | None, list[int]] = {}
        for place, one in reversed(list(enumerate(left))):
            there.setdefault(of(one), []).append(place)
        taken = set()
        for at, pair in pairs:
            if of(pair) is not None and there.get(of(pair)):
                taken.add(there[of(pair)].pop())
                found[at] = (pair.text, of(pair))
        left = [one for place, one in enumerate(left) if place not in taken]
        pairs = [(at, pair) for at, pair in pairs if at not in found]
    longest = sorted(pairs, key=lambda one: -len(one[1].asked or ""))
    for order, holds, told in ((longest, _holds, True), (pairs, _may_be, False)):
        for at, pair in order:
            place = next((n for n, one in enumerate(left) if at not in found and holds(pair, one)), None)
            if place is not None:
                del left[place]
                found[at] = (pair.text, pair.asked if told else None)
    return found


def _holds(pair: Pair, one: Given) -> bool:
    return pair.asked is not None and one.asked is not None and pair.asked in one.asked


def _may_be(pair: Pair, one: Given) -> bool:
    return pair.asked is None or one.asked is None
