"""What asking a model is told: how its prompt is put, how its answer is made, and what is read off it afterwards."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from compiler.params_base import GrownParams, Number, Params
from compiler.recorded_params import Recorded

Precision: TypeAlias = Literal["auto", "fp32", "bf16"]


class Greedy(Params):
    method: Literal["greedy"] = "greedy"
    max_new_tokens: int


class Sample(Params):
    method: Literal["sample"] = "sample"
    max_new_tokens: int
    temperature: Number
    top_p: Number
    top_k: int | None
    seed: int


class Choose(Params):
    """The likeliest of the options that the rendered rows bring along."""

    method: Literal["choose"] = "choose"


Decode: TypeAlias = Annotated[Greedy | Sample | Choose | Recorded, Field(discriminator="method")]


class PlainPrompt(Params):
    """No chat template: the texts of the turns one after another, with these texts between them."""

    before_answer: str
    between_turns: str


class PredictParams(GrownParams):
    """One model on one rendered set, every item asked ``samples`` times. Input roles: ``prompts`` (render), ``model``
    (a train step, for a trained one).

    Content: ``weights``, ``tokenizer``, ``chat_template`` of the underlying model; of a plain prompt no template.
    ``prompt`` is None where the chat template is used.

    Where answers are ``Recorded`` nothing is asked. Input roles: ``rows`` (the data), ``answers`` (the recorded rows)
    and, where a template says what is expected, ``prompts``.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"prompt", "samples"})

    kind: Literal["predict"] = "predict"
    decode: Decode
    precision: Precision
    prompt: PlainPrompt | None = None
    samples: int = 1


class LikelihoodParams(Params):
    """What one model gives to texts that are there: log-likelihoods of the ``expected`` answers of a rendered set, or
    its divergence from a reference on its own ``output``.

    Input roles: ``prompts`` (render), ``model`` (a train step, for a trained one); for outputs also ``answers``
    (predict) and ``reference`` (a train step, for a trained one). Content: as of a predict step, and for outputs
    ``reference_weights`` and ``reference_tokenizer``.
    """

    kind: Literal["likelihood"] = "likelihood"
    of: Literal["expected", "output"]
    precision: Precision
    prompt: PlainPrompt | None = None
