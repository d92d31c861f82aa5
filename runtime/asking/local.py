"""Requests answered by weights on this machine: base weights, or what a train step made of them.

The model is loaded when the first request comes that is not known. The random numbers of a request are keyed by its
hash, so it is answered alike whatever it is batched with, whichever step asks and however often a run was killed. That
something cannot be put to the model (a control token in the text, no room in the context, turns that the chat template
refuses) is kept as answers are. Costs: loading (about 1.5 s for 135M parameters), then what decoding costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from runtime.asking.backend import OnResult
from runtime.asking.model import LocalModel
from runtime.asking.request import Answer, Request, Unanswered, Writing
from runtime.context import StepContext
from runtime.models.loaded import loaded
from runtime.models.protocols import Completion, Prompt
from runtime.models.unchanged import require_same
from runtime.unwritten_rows import KEEP_SECONDS
from spec_lang.diagnostics import DiagnosticError

if TYPE_CHECKING:
    from runtime.models.local_generator import LocalGenerator

_TOGETHER = 1024  # requests whose tokens are held at once; prompts that begin alike share what they begin with
_TEMPLATE_REFUSES = "SFT0550"


@dataclass
class LocalBackend:
    """See ``backend.Backend``."""

    ctx: StepContext
    model: LocalModel
    together: int = _TOGETHER
    keep_seconds: float = KEEP_SECONDS
    between: Callable[[], None] = lambda: None
    _generator: LocalGenerator | None = field(default=None, init=False)

    def answer(self, requests: Iterator[Request], on_result: OnResult) -> None:
        while taken := list(islice(requests, self.together)):
            by_decode: dict[Writing, list[Request]] = {}
            for request in taken:
                by_decode.setdefault(request.decode, []).append(request)
            for decode, group in by_decode.items():
                self._write(group, decode, on_result)

    def _write(self, requests: Sequence[Request], decode: Writing, on_result: OnResult) -> None:
        from runtime.models.prompt_tokens import Unanswerable

        generator = self._loaded()
        askable: dict[str, Request] = {}
        for request in requests:
            try:
                generator.encode(request.messages, decode.max_new_tokens)
                askable[request.hash] = request
            except Unanswerable as refused:
                on_result(request, Unanswered(refused.rule, str(refused), lasting=True))
            except DiagnosticError as error:
                first = error.diagnostics[0]
                if first.code != _TEMPLATE_REFUSES:
                    raise
                on_result(request, Unanswered("chat_template", first.message, lasting=True))

        def finished(done: Sequence[Completion]) -> None:
            for one in done:
                on_result(askable[one.row_id], _answer(one))

        generator.generate([Prompt(key, one.messages) for key, one in askable.items()], decode, finished)

    def _loaded(self) -> LocalGenerator:
        if self._generator is None:
            self.confirm()
            self._generator = self._load()
            self.confirm()  # what was loaded is what the hash names
        self._generator.between_steps = self.between
        return self._generator

    def _load(self) -> LocalGenerator:
        from runtime.models.local_generator import LocalGenerator

        asked = self.model
        model, tokenizer = loaded(
            asked.weights,
            asked.chat_template,
            self.ctx.spec_dir,
            trained=asked.trained,
            precision=asked.precision,
            plain=asked.plain,
            tell=self.ctx.note,
        )
        return LocalGenerator(model, tokenizer, plain=asked.plain)

    def confirm(self) -> None:
        """Raises DiagnosticError SFT0526 when the files of the model are not those of its hash."""
        require_same(self.model.hashed, self.model.weights, self.model.chat_template, self.ctx.spec_dir)

    def facts(self) -> dict[str, Any]:
        if self._generator is None:
            return {}
        return {
            "device": self._generator.model.device.type,
            "precision": str(self._generator.model.dtype).removeprefix("torch."),
            "decoding": self._generator.way or None,
        }

    def close(self) -> None:
        self._generator = None


def _answer(one: Completion) -> Answer:
    return Answer(one.output, one.stop_reason, one.prompt_tokens, one.output_tokens, one.seconds)
