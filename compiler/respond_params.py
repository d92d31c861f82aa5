"""What generating answers, instructions for texts and evolved instructions is told; part of a generate step's hash."""

from __future__ import annotations

from typing import ClassVar, Literal

from compiler.judge_params import JudgeSpec
from compiler.measure_params import Metric
from compiler.params_base import GrownParams, Number, Params
from compiler.render_params import RenderTemplate


class NamedJudge(Params):
    """A judge of answers, under the name that metrics call it by. A model that judges stands in the step under the role
    ``judge.`` and the place of the judge among all."""

    name: str
    judge: JudgeSpec


class Respond(GrownParams):
    """``samples`` answers to each prompt. Input role ``prompts`` has what is asked (render), ``hints`` the same rows
    with the expected answer in view, which are asked ``hint_samples`` times when no answer passed.

    ``column`` is the column of a row that an answer takes the place in; with ``conversation`` also the last turn of
    ``messages``. ``by`` is what the best is told by, the more the better unless ``lower``. ``hint_wording`` are the
    literal texts of the hint's template.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"judges"})

    method: Literal["respond"] = "respond"
    samples: int
    column: str
    conversation: bool
    verify: tuple[Metric, ...]
    take: Literal["all", "first", "best"]
    by: Metric | None = None
    lower: bool = False
    per_prompt: int | None = None
    hint_samples: int | None = None
    hint_wording: tuple[str, ...] = ()
    judges: tuple[NamedJudge, ...] = ()

    @property
    def writes(self) -> tuple[str, ...]:
        """The columns that are text in new rows, whatever they were."""
        return (self.column,)


class Backtranslate(Params):
    """The instruction that the text in ``text`` answers, written into ``column``. Input role ``prompts`` (render) has
    what is asked, where a template of the user's says it."""

    method: Literal["backtranslate"] = "backtranslate"
    text: str
    column: str
    max_words: int

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.column,)


class Rewrite(Params):
    """The instructions in ``column`` evolved ``rounds`` times, and answers to what came of them, which ``templates``
    ask for and which take the place of ``answer``."""

    method: Literal["rewrite"] = "rewrite"
    operations: tuple[Literal["constrain", "deepen", "concretise", "reason", "broaden"], ...]
    rounds: int
    column: str
    answer: str
    templates: tuple[RenderTemplate, ...]
    too_like: Number
    max_words: int

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.column, self.answer)
