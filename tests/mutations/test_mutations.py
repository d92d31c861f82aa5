"""No mistake that can be known before a run reaches the run, and the message stands where the mistake is.

Hundreds of specs with one mistake each, made from specs without mistakes. How each is known to be wrong stands with its
generator. A mutant counts as rejected by an error of its own: that a spec uses blocks which no step runs yet (SFT0202)
rejects none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from compiler.compile import check
from spec_lang.diagnostics import Diagnostic, Severity
from spec_lang.source import SourceFile
from tests.mutations.broken_meaning import broken_meaning
from tests.mutations.broken_syntax import broken_syntax
from tests.mutations.broken_values import broken_values
from tests.mutations.misspellings import misspellings
from tests.mutations.mutant import Mutant, Original
from tests.mutations.originals import originals

_MOST_ERRORS = 2
_A_GROUP = 16  # mutants of one group that are run: more of the same teach nothing and take time


def errors(original: Original, text: str) -> list[Diagnostic]:
    _, found = check(SourceFile(original.file.path, text), original.world)
    return [item for item in found if item.severity is Severity.ERROR and item.code != "SFT0202"]


def mutants() -> Iterator[Mutant]:
    """All of them; of equal mistakes in two specs (the specs share most of their lines) one, and spread over a
    group."""
    seen: set[tuple[str, str]] = set()
    groups: dict[str, list[Mutant]] = {}
    for original in originals():
        for make in (misspellings, broken_syntax, broken_values, broken_meaning):
            for item in make(original):
                if (item.group, item.line) not in seen:
                    seen.add((item.group, item.line))
                    groups.setdefault(item.group, []).append(item)
    for group in groups.values():
        step = max(1, -(-len(group) // _A_GROUP))
        yield from group[::step]


@dataclass(frozen=True)
class Outcome:
    mutant: Mutant
    found: tuple[Diagnostic, ...]

    @property
    def rejected(self) -> bool:
        return bool(self.found)

    @property
    def on_the_line(self) -> bool:
        first = self.found[0].primary if self.found else None
        return first is not None and self.mutant.text.count("\n", 0, first.span.start) + 1 in self.mutant.lines

    @property
    def suggested(self) -> bool:
        """Whether the first thing that the first error's help names is the word that was meant."""
        named = re.search(r"`+ ?([^`]*?) ?`+", self.found[0].help or "") if self.found else None
        return named is not None and named[1] == self.mutant.meant

    @property
    def alone(self) -> bool:
        return len(self.found) <= _MOST_ERRORS

    def __str__(self) -> str:
        shown = "".join(f"\n      {item.code} {item.message} | {item.help}" for item in self.found[:4])
        return f"{self.mutant.group}, {self.mutant.what}{shown or ' was accepted'}"


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [Outcome(item, tuple(errors(item.original, item.text))) for item in mutants()]


def table(outcomes: list[Outcome]) -> str:
    """By group: how many, and how many of them miss what."""
    rows: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        row = rows.setdefault(outcome.mutant.group, Counter())
        row.update(["all"])
        row.update([] if outcome.rejected else ["accepted"])
        row.update([] if outcome.on_the_line else ["elsewhere"])
        row.update([] if outcome.suggested or outcome.mutant.meant is None else ["not named"])
        row.update([] if outcome.alone else ["more errors"])
    heads = ("all", "accepted", "elsewhere", "not named", "more errors")
    lines = [f"{'':34}" + "".join(f"{head:>12}" for head in heads)]
    for group in sorted(rows):
        lines.append(f"{group:34}" + "".join(f"{rows[group][head] or '':>12}" for head in heads))
    return "\n".join(lines)


def report(missed: list[Outcome], outcomes: list[Outcome]) -> str:
    return "\n".join((f"{len(missed)} of {len(outcomes)}", table(outcomes), *map(str, missed[:60])))


@pytest.mark.parametrize("original", originals(), ids=lambda original: original.name)
def test_the_originals_have_no_mistake(original: Original) -> None:
    assert errors(original, original.text) == []


def test_there_are_hundreds_of_them_of_every_group(outcomes: list[Outcome]) -> None:
    assert len(outcomes) >= 500
    assert sum(outcome.mutant.meant is not None for outcome in outcomes) >= 150
    assert len({outcome.mutant.group for outcome in outcomes}) >= 40
    assert all(outcome.mutant.text != outcome.mutant.original.text for outcome in outcomes)


def test_all_are_rejected(outcomes: list[Outcome]) -> None:
    missed = [outcome for outcome in outcomes if not outcome.rejected]
    assert not missed, report(missed, outcomes)


def test_the_first_error_stands_on_the_line_of_the_mistake(outcomes: list[Outcome]) -> None:
    missed = [outcome for outcome in outcomes if not outcome.on_the_line]
    assert len(missed) <= 0.05 * len(outcomes), report(missed, outcomes)


def test_a_misspelt_word_is_named_first(outcomes: list[Outcome]) -> None:
    misspelt = [outcome for outcome in outcomes if outcome.mutant.meant is not None]
    missed = [outcome for outcome in misspelt if not outcome.suggested]
    assert len(missed) <= 0.1 * len(misspelt), report(missed, misspelt)


def test_one_mistake_makes_no_cascade(outcomes: list[Outcome]) -> None:
    """At most two errors, in all but a few: a brace missing in the middle of nested blocks changes what is in which."""
    missed = [outcome for outcome in outcomes if not outcome.alone]
    assert len(missed) <= 0.01 * len(outcomes), report(missed, outcomes)
