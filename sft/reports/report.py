"""A run's gates as a report says them: cases in the order of the spec with their places, and what stopped the run.

Every form (JUnit, SARIF, annotations, Markdown) is a pure function of a ``Report``, so none of them can say something
else than the others. What a case counts as is decided here, once: no worse than what it is a part of. A slice that
fails in a requirement that only came out inconclusive, or a requirement of an `any of` that another one of it met, is
told with its own verdict and does not turn a CI red that the exit code left green. In a strict gate what is
inconclusive counts as failed, as it does for the gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tui.view_models.verdicts import Requirement

GROUPS = ("any", "all")  # rules that hold other requirements
# How much an inconclusive gate counts: as nothing but itself (exit code 3), as passed, or as failed.
Taken = Literal["inconclusive", "pass", "fail"]
WORSE = ("pass", "inconclusive", "fail")  # each worse than the one before it


@dataclass(frozen=True)
class Place:
    """A line of a spec, from 1; the path is as a CI names it."""

    path: str
    line: int
    column: int | None = None


@dataclass(frozen=True)
class Case:
    """A requirement (with its slices) or a slice: its row, and the verdict that it counts as."""

    row: Requirement
    rule: str  # the kind of requirement: bound, no_worse_than, spread, …
    place: Place | None
    counts: str
    slices: tuple[Case, ...] = ()
    against: str = ""  # what it is compared with: another model, or a model of a blessed run

    @property
    def measured(self) -> bool:
        """Whether it has numbers of its own; a group has only the verdicts of what it holds."""
        return self.rule not in GROUPS

    @property
    def not_passed(self) -> tuple[Case, ...]:
        """Slices that did not pass, whatever they count as."""
        return tuple(part for part in self.slices if part.row.verdict != "pass")


@dataclass(frozen=True)
class GateReport:
    """One gate: its verdict, the seconds that deciding it took, and how many gates its held-out set has decided."""

    name: str
    verdict: str
    seconds: float
    looks: int | None
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Stop:
    """What kept a run from its end: a finding with code and place, or that it was interrupted."""

    code: str
    message: str
    help: str | None = None
    place: Place | None = None
    step: str | None = None


@dataclass(frozen=True)
class Report:
    """A run as its gates saw it. ``status`` is done, failed, interrupted, running or refused (it never began).

    ``verdict`` is that of all gates together, None where none was decided; ``taken`` is what an inconclusive one counts
    as here. ``seconds`` are those of the whole run.
    """

    spec: str
    status: str
    verdict: str | None = None
    run_id: str | None = None
    started_at: float | None = None  # seconds since 1970
    seconds: float | None = 0.0
    steps: int = 0
    cached: int = 0
    gated: bool = False  # whether the spec has a gate at all
    gates: tuple[GateReport, ...] = ()
    stops: tuple[Stop, ...] = ()
    taken: Taken = "inconclusive"

    @property
    def cases(self) -> tuple[Case, ...]:
        """The requirements of all gates."""
        return tuple(case for gate in self.gates for case in gate.cases)

    @property
    def headline(self) -> str:
        """How it went, in a few words; what decided nothing never reads as a pass."""
        if self.status == "refused":
            return "the run did not begin"
        if self.status == "failed":
            return "the run was stopped by an error"
        if self.status in ("interrupted", "running"):
            return f"the run {'was' if self.status == 'interrupted' else 'is'} {self.status}: no verdict"
        return self.verdict or self.nothing_decided

    @property
    def nothing_decided(self) -> str:
        """Why a run that is done has no verdict."""
        return "no gate was decided in this run" if self.gated else "no gate: nothing is required of this run"


def counted(verdict: str, within: str) -> str:
    """The verdict that a part counts as: its own, or that of the whole where that is better."""
    return min((verdict, within), key=WORSE.index)


def every_case(cases: Sequence[Case]) -> Iterator[Case]:
    """Requirements, each followed by its slices."""
    for case in cases:
        yield case
        yield from case.slices


def kind_of(counts: str, taken: Taken) -> str:
    """How a case shows in a CI: ``error`` for what failed or counts so, ``warning`` for inconclusive, else ``pass``."""
    if counts == "inconclusive":
        return "error" if taken == "fail" else "warning"
    return "error" if counts == "fail" else "pass"
