"""What a score step is told: each score by an expression, or by what is asked of a model."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from compiler.params_base import Params, Sql


class ExpressionScore(Params):
    """A number by SQL over the columns of a row."""

    scorer: Literal["expression"] = "expression"
    name: str
    value: Sql


class LossScore(Params):
    """``perplexity``: exp of the answer's mean token loss after its prompt. ``ifd``: that loss with the prompt against
    the loss without it, as a ratio of losses or of perplexities. ``model`` counts the step's models from 0."""

    scorer: Literal["perplexity", "ifd"]
    name: str
    model: int
    ratio: Literal["loss", "perplexity"] | None


class RewardScore(Params):
    """The single output of a reward model over the conversation."""

    scorer: Literal["reward"] = "reward"
    name: str
    model: int


class ClassifierScore(Params):
    """The probability that a sequence classifier gives ``label`` for a text."""

    scorer: Literal["classifier"] = "classifier"
    name: str
    model: int
    text: Sql
    label: str


class JudgeScore(Params):
    """The label of the judge number ``judge`` of the step, counted from 0; of a scale its number."""

    scorer: Literal["judge"] = "judge"
    name: str
    judge: int


ScoreEntry: TypeAlias = Annotated[
    ExpressionScore | LossScore | RewardScore | ClassifierScore | JudgeScore, Field(discriminator="scorer")
]


class ScoreParams(Params):
    """Adds a column a score; drops nothing.

    Input roles: ``rows``; ``conversations`` (render, where a scorer reads them); ``model.N`` (a train step, where model
    N is a trained one), ``judge.N`` (judge). Content: ``weights.N``, ``tokenizer.N``, ``chat_template.N``.
    """

    kind: Literal["score"] = "score"
    scores: tuple[ScoreEntry, ...]
    precision: Literal["auto", "fp32", "bf16"]
