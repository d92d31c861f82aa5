"""Which of two answers is better: every pair is judged in both orders, and what turns with the order is a tie.

Models that judge prefer what stands first, or last, more often than chance (Zheng et al. 2023, arXiv 2306.05685,
section 3.3; they count a win only where it is one in both orders, and so do we). So a pair has a winner where both
orders name the same one. Where they differ it is a tie, and counted as turned: how often is how much the order decides.
Where either order has no verdict the pair has none. Equal answers are a tie, and nobody is asked.

A model is asked twice a pair. A rule reads both answers at once, and has no order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from compiler.judge_params import JudgeSpec, ModelJudge, RuleJudge
from compiler.judge_rules import LOST, PAIR_LABELS, TIE, WON
from runtime.judging.pair_wording import EQUAL, A, B, Pair, answers_of, pair_messages
from runtime.judging.verdict import TRUNCATED, read_label

if TYPE_CHECKING:
    from runtime.asking.asker import Asker

SAME_ANSWER, ORDER = "same_answer", "order"  # why a tie is one, where the judge did not say so
_OF_FIRST = {A: WON, B: LOST, EQUAL: TIE}
_OF_SECOND = {A: LOST, B: WON, EQUAL: TIE}


@dataclass(frozen=True, slots=True)
class SaidOfPair:
    """One asking. ``label`` is of the first answer of the pair, wherever it was shown."""

    label: str | None
    reason: str | None = None
    request: str | None = None


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """``said`` has one entry an asking: in the order of the pair, and with the answers swapped; one alone of a rule,
    none of equal answers. ``turned``: the orders came to different labels; None where not both have one."""

    label: str | None
    reason: str | None
    turned: bool | None
    said: tuple[SaidOfPair, ...]

    @property
    def score(self) -> float | None:
        """The label's place: 0 for a defeat, 1 for a tie, 2 for a win."""
        return None if self.label is None else float(PAIR_LABELS.index(self.label))

    @property
    def share(self) -> float | None:
        """What of a win it is: 0, a half, or 1."""
        return None if self.score is None else self.score / 2


class PairJudge(Protocol):
    def compare(self, pairs: Sequence[Pair]) -> list[PairVerdict]:
        """One verdict a pair, in their order. Raises what asking raises; never for what a text or an answer holds."""
        ...


def pair_judge_of(spec: JudgeSpec, *, asker: Asker | None = None, scratch: Path | None = None) -> PairJudge:
    """The judge of a pairwise spec: ``asker`` is needed for a model, ``scratch`` (a folder) for rules."""
    if isinstance(spec.using, RuleJudge):
        assert scratch is not None
        return _Rules(spec.using, scratch)
    assert isinstance(spec.using, ModelJudge) and asker is not None
    return _Model(spec, spec.using, asker)


def combined(straight: SaidOfPair, swapped: SaidOfPair) -> PairVerdict:
    """What both orders come to together."""
    said = (straight, swapped)
    if straight.label is None or swapped.label is None:
        return PairVerdict(None, straight.reason if straight.label is None else swapped.reason, None, said)
    if straight.label == swapped.label:
        return PairVerdict(straight.label, None, False, said)
    return PairVerdict(TIE, ORDER, True, said)


@dataclass(frozen=True)
class _Rules:
    using: RuleJudge
    scratch: Path

    def compare(self, pairs: Sequence[Pair]) -> list[PairVerdict]:
        from runtime.relational import engine

        label = self.using.label
        with engine(self.scratch) as db:
            db.execute('CREATE TABLE pairs (place INTEGER, "first" VARCHAR, "second" VARCHAR)')
            db.append("pairs", [(place, pair.first, pair.second) for place, pair in enumerate(pairs)])
            found = db.rows(f"SELECT ({label.sql}) FROM pairs ORDER BY place", list(label.params))
        return [PairVerdict(row[0], None, None, (SaidOfPair(row[0]),)) for row in found]


@dataclass(frozen=True)
class _Model:
    spec: JudgeSpec
    using: ModelJudge
    asker: Asker

    def compare(self, pairs: Sequence[Pair]) -> list[PairVerdict]:
        differ = [place for place, pair in enumerate(pairs) if pair.first != pair.second]
        asked = [
            self.asker.request(pair_messages(self.spec, pairs[place], swapped=swapped), self.using.decode)  # type: ignore[arg-type]
            for place in differ
            for swapped in (False, True)
        ]
        results = self.asker.ask(asked)
        verdicts = [PairVerdict(TIE, SAME_ANSWER, None, ())] * len(pairs)
        for at, place in enumerate(differ):
            two = zip(asked[2 * at : 2 * at + 2], results[2 * at : 2 * at + 2], (_OF_FIRST, _OF_SECOND), strict=True)
            verdicts[place] = combined(*(self._read(request.hash, result, of) for request, result, of in two))
        return verdicts

    def _read(self, request: str, result: Any, of: dict[str, str]) -> SaidOfPair:
        """What a model's answer, or its absence, says of the first answer of the pair."""
        if not hasattr(result, "text"):
            return SaidOfPair(None, result.reason, request)
        if result.stop_reason == "length":  # a verdict may stand where the reasoning was cut off
            return SaidOfPair(None, TRUNCATED, request)
        label, reason = read_label(result.text, answers_of(self.spec))
        return SaidOfPair(None if label is None else of[label], reason, request)
