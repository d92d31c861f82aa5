"""What a generate step is told: who writes what from which rows, how, and where it ends."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from compiler.answer_params import Greedy, PlainPrompt, Sample
from compiler.asking_params import AskingBudget
from compiler.params_base import GrownParams, Number, Params
from compiler.respond_params import Backtranslate, Respond, Rewrite


class SelfInstruct(Params):
    """New instructions from old ones (Wang et al. 2022, arXiv:2212.10560); the fields are those of the spec.

    ``instruction``, ``input`` and ``output`` are columns; where there is none for inputs, tasks have none.
    """

    method: Literal["self_instruct"] = "self_instruct"
    target: int
    human_examples: int
    machine_examples: int
    instances: int
    new_tasks: int
    prompts: int
    patience: int
    instruction: str
    input: str | None
    output: str
    shortest: int
    longest: int
    blacklist: tuple[str, ...]
    truncated: Literal["discard", "last"]
    classification: bool
    instance_tokens: int

    @property
    def writes(self) -> tuple[str, ...]:
        return tuple(name for name in (self.instruction, self.input, self.output) if name is not None)


Method: TypeAlias = Annotated[SelfInstruct | Respond | Backtranslate | Rewrite, Field(discriminator="method")]


class Novelty(Params):
    """Accepted is what compares with ``limit`` by ``op`` in its highest ROUGE-L F1 against all rows before it."""

    measure: Literal["rouge_l"] = "rouge_l"
    column: str
    op: Literal["<", "<=", ">", ">="]
    limit: Number


class GenerateParams(GrownParams):
    """Rows that a model writes. Input roles: ``rows`` (what they are written from, of which ``part`` counts), ``model``
    (a train step, for a trained one), and those that the method names. ``columns`` are those of the rows, in order.

    Content: ``weights``, ``tokenizer``, ``chat_template`` of the underlying model; of a plain prompt no template.
    What the rows pass afterwards (`filters`, `scores`) are steps of their own, which ask nothing again.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"prompt"})

    kind: Literal["generate"] = "generate"
    method: Method
    part: str | None
    columns: tuple[str, ...]
    decode: Greedy | Sample
    precision: Literal["auto", "fp32", "bf16"]
    novelty: Novelty | None
    budget: AskingBudget
    prompt: PlainPrompt | None = None
