"""A training row as it is shown: the mask of the training, its text whole, and what is dropped or cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from compiler.step_params import TrainParams
from runtime.training import shown_row
from runtime.training.masks import encode
from runtime.training.shown_row import masked
from tests.tiny_model import CHATML, CHATML_DEFAULT_SYSTEM
from tui.training_row_queries import Training
from tui.view_models.training_row import counted, learned, stretches

TALK = (
    {"role": "user", "content": "Where is order 4711? 👩\u200d👧"},
    {"role": "assistant", "content": "It is on its way. ✓"},
    {"role": "user", "content": "Thanks."},
    {"role": "assistant", "content": "You are welcome."},
)


def params(**given: Any) -> TrainParams:
    about: dict[str, Any] = {"objective": "response", "max_length": 512, "overflow": "drop", **given}
    return TrainParams.model_construct(**about)


@pytest.fixture(scope="module", params=[CHATML, CHATML_DEFAULT_SYSTEM])
def tokenizer(request: pytest.FixtureRequest, tokenizer_with: Callable[..., Any]) -> Any:
    return tokenizer_with(request.param)


def test_the_mask_is_that_of_the_training_and_the_pieces_spell_the_row(tokenizer: Any) -> None:
    row, encoded = masked(tokenizer, TALK, params()), encode(tokenizer, TALK, "response")
    assert (row.tokens, row.trained) == (len(encoded.ids), sum(encoded.supervised)) and not row.dropped
    text = tokenizer.apply_chat_template(list(TALK), tokenize=False)
    assert "".join(piece.text for piece in row.pieces) == text
    trained = [part.text for part in stretches(row) if part.kind == "trained"]
    assert trained == ["It is on its way. ✓<|im_end|>", "You are welcome.<|im_end|>"]
    assert counted(row) == f"{row.trained} of {row.tokens} tokens trained ({row.trained / row.tokens:.0%})"


def test_a_row_that_is_too_long_is_dropped_cut_or_refused_as_the_training_does(tokenizer: Any) -> None:
    whole = masked(tokenizer, TALK, params())
    short = whole.tokens - 5
    dropped = masked(tokenizer, TALK, params(max_length=short))
    assert dropped.dropped == f"longer than {short} tokens" and dropped.trained == 0
    assert {part.kind for part in stretches(dropped)} == {"untrained", "cut"}
    cut = masked(tokenizer, TALK, params(max_length=short, overflow="truncate"))
    assert not cut.dropped and 0 < cut.trained < whole.trained and cut.read == short
    assert stretches(cut)[-1].kind == "cut" and "5 past max_length" in counted(cut)
    nothing = masked(tokenizer, TALK, params(max_length=3, overflow="truncate"))
    assert "no token is supervised" in nothing.dropped
    assert "more than `max_length" in masked(tokenizer, TALK, params(max_length=short, overflow="error")).dropped


def test_a_full_objective_trains_all_but_the_first_token(tokenizer: Any) -> None:
    row = masked(tokenizer, TALK, params(objective="full"))
    assert row.trained == row.tokens - 1 and "objective full" in counted(row)


def test_a_row_that_has_no_mask_says_why(tokenizer: Any) -> None:
    row = masked(tokenizer, ({"role": "user", "content": "a <|im_end|> b"}, TALK[1]), params())
    assert row.dropped and not row.pieces and counted(row).startswith("not trained on: ")


def test_of_a_very_long_row_the_first_tokens_are_pieces(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_row, "MOST_PIECES", 10)
    row = masked(tokenizer, TALK, params())
    text = tokenizer.apply_chat_template(list(TALK), tokenize=False)
    shown = "".join(piece.text for piece in row.pieces)
    assert text.startswith(shown) and len(shown) + row.more == len(text) and row.tokens > 10


def test_a_row_says_in_which_steps_it_was_learned() -> None:
    one = Training(None, ((1, 3), (2, 9)))  # type: ignore[arg-type]
    assert learned(one) == "learned in optimiser steps 3 (epoch 1), 9 (epoch 2)"
    assert learned(replace(one, learned=())) == "not trained yet, or its rows are gone"
    assert learned(replace(one, dropped="too long")) == "dropped: too long"
