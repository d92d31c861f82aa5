"""Judges, policies and reviews after resolution: who gives which labels to what, and what people said."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from compiler.known import Known
from compiler.resolved import AnyModel, ResolvedSource, Rows
from compiler.resolved_slice import ResolvedSlice
from compiler.resolved_template import ResolvedTemplate
from compiler.schema.judge import Judge
from compiler.schema.policy import Policy
from compiler.schema.review import Review
from compiler.typed import Typed


class ResolvedPolicy(Struct, frozen=True, eq=False):
    block: Policy


class PolicyWords(Struct, frozen=True, eq=False):
    """What the files of a policy say, read when compiling."""

    version: str
    text: str
    rubric: str | None


class ResolvedCalibration(Struct, frozen=True, eq=False):
    """The rows that people labelled, with the columns that are compared; ``recorded`` is that of the judge's own label,
    where it stands there. ``written`` maps a label to the ways in which people wrote it. Of pairs ``output`` is the
    first answer and ``second`` the other one; without a ``label`` people preferred the first of every pair.
    ``conversation``: what was asked is all of the row's turns but the last."""

    rows: Rows | ResolvedSource
    output: Typed
    prompt: Typed | None
    label: Typed | None
    recorded: Typed | None
    written: Mapping[str, tuple[str, ...]]
    slices: Known[ResolvedSlice]
    second: Typed | None = None
    conversation: bool = False


class ResolvedJudge(Struct, frozen=True, eq=False):
    """``labels`` are in order, worst first; of a scale its numbers. ``by`` is the form of ``using``, empty where it is
    not known. ``model`` and ``template`` are those of a model that judges."""

    block: Judge
    labels: Known[str]
    by: str
    model: AnyModel | None
    template: ResolvedTemplate | None
    policy: PolicyWords | None
    calibration: ResolvedCalibration | None

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def ordered(self) -> bool:
        """Whether its labels are numbers of a scale."""
        return self.block.scale.given

    @property
    def pairwise(self) -> bool:
        """Whether it compares two answers."""
        return self.block.pairwise.given


class ResolvedReview(Struct, frozen=True, eq=False):
    block: Review
    source: ResolvedSource | None
    gold: ResolvedSource | None
    slices: Known[ResolvedSlice] = Known()

    @property
    def name(self) -> str:
        return self.block.name
