"""Scores after resolution: a number a row each, and the thresholds on them."""

from __future__ import annotations

from msgspec import Struct

from compiler.known import Known
from compiler.resolved import Predicate, Top
from compiler.schema.calls import ReadCall
from compiler.schema.score import Score
from compiler.typed import Typed


class Scorer(Struct, frozen=True, eq=False):
    """A number of a row: a call of the table of scorers, or a typed expression over the columns.

    ``model`` is the full name of the model or train that a call names, which is looked up when all of them are known
    (a train may itself learn from a task). ``text`` is what a call measures, where it takes a column, ``judge`` the
    full name of a judge.
    """

    call: ReadCall | None
    typed: Typed | None
    model: str | None = None
    text: Typed | None = None
    judge: str | None = None

    @property
    def reads_conversations(self) -> bool:
        return self.call is not None and self.call.form.name in ("ifd", "perplexity", "reward", "judge")


class ResolvedScore(Struct, frozen=True, eq=False):
    """A score over the columns of one task's rows."""

    block: Score
    scores: Known[Scorer]
    rules: tuple[Predicate | Top | None, ...]

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def models(self) -> tuple[str, ...]:
        """Full names of the models and trains that it needs, each once, in the order of the names of the scores: that
        of the fields means nothing."""
        named = (self.scores.get(name) for name in sorted(self.scores.names))
        return tuple(dict.fromkeys(scorer.model for scorer in named if scorer is not None and scorer.model is not None))

    @property
    def judges(self) -> tuple[str, ...]:
        """Full names of the judges that it needs, in the same order."""
        named = (self.scores.get(name) for name in sorted(self.scores.names))
        return tuple(dict.fromkeys(scorer.judge for scorer in named if scorer is not None and scorer.judge is not None))
