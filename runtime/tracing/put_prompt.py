"""A prompt as the text that its model got: through the chat template with the opening of the answer, or plain.

Made by the function that the predict step makes it with, from the turns in the store, so it is only told where the
model's tokenizer is on this machine and still the one that was asked. Of a server, and of answers that were made
elsewhere, nobody here knows the text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from compiler.plan import Step
from compiler.step_params import PredictParams, Recorded
from runtime.models.at_hand import NotAtHand, tokenizer_at_hand
from spec_lang.diagnostics import DiagnosticError


class Unknown(Exception):
    """Why the text cannot be told, in a sentence."""


def put_prompt(step: Step, spec_dir: Path, prompt: str) -> str:
    """What a predict step gave its model for a prompt as it is stored. Raises Unknown."""
    params = step.params
    assert isinstance(params, PredictParams)
    if isinstance(params.decode, Recorded):
        raise Unknown("its answers were made elsewhere, and how it was asked there is not known")
    if "served" in step.content:
        raise Unknown("a server was asked with these turns, and it has a chat template of its own")
    from runtime.models.prompt_tokens import PromptEncoder, Unanswerable, plain_text

    try:
        turns: list[Any] = json.loads(prompt)
        if params.prompt is not None:
            return plain_text(turns, params.prompt)
        return PromptEncoder(tokenizer_at_hand(step, spec_dir)).text(turns)
    except (NotAtHand, Unanswerable) as why:
        raise Unknown(str(why)) from why
    except DiagnosticError as error:
        raise Unknown(error.diagnostics[0].message) from error
