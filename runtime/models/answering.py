"""A loaded model as the predict step asks it: it writes an answer, or it chooses one of the options of the row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from compiler.step_params import Choose, Greedy, PredictParams, Sample
from runtime.models.local_chooser import Choice, LocalChooser
from runtime.models.local_generator import LocalGenerator
from runtime.models.protocols import Completion, Prompt, Question

OnBatch = Callable[[Sequence[Completion]], None]


class Asker(Protocol):
    """``between`` is called before every piece of work and may raise; ``way`` tells how the last call went."""

    between: Callable[[], None]

    @property
    def way(self) -> str: ...

    def check(self, question: Question) -> None:
        """Raises Unanswerable for a question that cannot be put to the model, DiagnosticError SFT0550."""

    def answer(self, prompts: Sequence[Prompt], on_batch: OnBatch) -> None:
        """Answers of questions that were checked, as they are complete and in any order."""


@dataclass
class Writing:
    """Answers that the model writes."""

    generator: LocalGenerator
    decode: Greedy | Sample
    between: Callable[[], None] = lambda: None

    @property
    def way(self) -> str:
        return self.generator.way

    def check(self, question: Question) -> None:
        self.generator.encode(question.prompt.messages, self.decode.max_new_tokens)

    def answer(self, prompts: Sequence[Prompt], on_batch: OnBatch) -> None:
        self.generator.between_steps = self.between
        self.generator.generate(prompts, self.decode, on_batch)


@dataclass
class Choosing:
    """Answers that are the likeliest of the row's options."""

    chooser: LocalChooser
    between: Callable[[], None] = lambda: None
    _options: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False)

    @property
    def way(self) -> str:
        return self.chooser.reader.way

    def check(self, question: Question) -> None:
        self.chooser.encode(question.prompt.messages, question.options)
        self._options[question.prompt.row_id] = question.options

    def answer(self, prompts: Sequence[Prompt], on_batch: OnBatch) -> None:
        self.chooser.between_batches = self.between
        options: Mapping[str, tuple[str, ...]] = self._options
        self.chooser.choose([Choice(prompt, options[prompt.row_id]) for prompt in prompts], on_batch)


def asker_of(model: Any, tokenizer: Any, params: PredictParams) -> Asker:
    """How a loaded model is asked by these parameters."""
    if isinstance(params.decode, Choose):
        return Choosing(LocalChooser(model, tokenizer, params.prompt))
    return Writing(LocalGenerator(model, tokenizer, plain=params.prompt), params.decode)
