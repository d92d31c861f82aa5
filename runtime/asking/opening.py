"""From a step to a model that can be asked: which backend answers for it.

``backend_of`` is where a test puts a script in the place of the model (:mod:`runtime.asking.scripted`).
"""

from __future__ import annotations

from compiler.answer_params import Precision
from compiler.asking_params import AskingBudget
from compiler.step_params import PlainPrompt
from runtime.asking.asker import Asker
from runtime.asking.backend import Backend
from runtime.asking.local import LocalBackend
from runtime.asking.model import AskedModel, LocalModel, asked_model
from runtime.asking.served.backend import ServedBackend
from runtime.context import StepContext


def open_asking(
    ctx: StepContext,
    role: str = "",
    *,
    precision: Precision = "auto",
    plain: PlainPrompt | None = None,
    budget: AskingBudget | None = None,
    tells: bool = True,
) -> Asker:
    """The facade for the model that the step has under ``role`` (see :mod:`runtime.asking.model`).

    ``plain`` puts prompts without the chat template. ``tells`` is False for a step that reports its own progress. The
    model is loaded when something has to be asked that is not known. Costs nothing else, but for importing torch where
    ``precision`` is ``auto``: the hash of a request covers the dtype.
    """
    model = asked_model(ctx, role, precision, plain)
    return Asker(ctx, model.hash, backend_of(ctx, model), budget or AskingBudget(), tells)


def backend_of(ctx: StepContext, model: AskedModel) -> Backend:
    """What answers for a model; nothing is loaded yet."""
    if isinstance(model, LocalModel):
        return LocalBackend(ctx, model)
    return ServedBackend(ctx, model)
