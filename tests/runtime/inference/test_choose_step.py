"""The predict step when a model chooses: what is kept of every option, and how it goes on after a stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from compiler.step_params import Choose
from runtime import unwritten_rows
from runtime.context import Interrupted, StepContext
from runtime.inference import likelihood
from runtime.models import local_chooser
from runtime.models.local_chooser import Choice, LocalChooser
from runtime.models.local_generator import LocalGenerator
from runtime.steps import predict
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.inference.conftest import Predictions, prompts, rendered
from tests.runtime.inference.predict_process import write_prompts

OPTIONS = ("billing", "shipping", "the account of Jürgen", "☃")


def choosing(predictions: Predictions, rows: list[tuple[str, Any]], options: tuple[str, ...] = OPTIONS) -> StepContext:
    ctx = predictions.context(rows, Choose())
    write_prompts(predictions.root / "prompts", rows, options)
    return ctx


def test_every_option_is_kept_with_its_numbers(predictions: Predictions, generator: LocalGenerator) -> None:
    ctx = choosing(predictions, rendered(9))
    result = predict.run(ctx)
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (9, 9, 0)
    assert result.summary["decoding"] == "shared prefixes, packed"
    done: list[Any] = []
    chooser = LocalChooser(generator.model, generator.tokenizer)
    chooser.choose([Choice(prompt, OPTIONS) for prompt in prompts(9)], done.extend)
    for row_id, output, reason, kept in predictions.kept("row_id, output, stop_reason, options"):
        (answer,) = (one for one in done if one.row_id == row_id)
        assert (output, reason) == (answer.output, "chosen")
        for option, scored in zip(json.loads(kept), answer.options, strict=True):
            assert option["log_likelihood"] == pytest.approx(scored.log_likelihood, abs=1e-4)
            assert option["unconditional"] == pytest.approx(scored.unconditional, abs=1e-4)
            assert (option["text"], option["greedy"], option["tokens"]) == (scored.text, scored.greedy, scored.tokens)
            assert (option["characters"], option["bytes"]) == (len(scored.text), len(scored.text.encode()))
    columns = "row_id, prompt, output, expected, stop_reason, prompt_tokens, output_tokens, options"
    assert sorted(predictions.parquet(columns)) == predictions.kept(columns)


def test_questions_that_cannot_be_asked_are_in_the_ledger(predictions: Predictions) -> None:
    rows = [*rendered(2), ("long", [{"role": "user", "content": "order " * 600}])]
    result = predict.run(choosing(predictions, rows))
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (3, 2, 1)
    assert predictions.store.query("SELECT rule, row_id FROM ledger") == [("prompt_too_long", "long")]
    with pytest.raises(DiagnosticError) as refused:
        predict.run(choosing(predictions, rendered(2), ("a<|im_end|>", "b")))
    assert refused.value.diagnostics[0].code == "SFT0551"


def test_a_stop_keeps_what_is_answered_and_the_rest_is_as_if_uninterrupted(
    make_predictions: Callable[..., Predictions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_chooser, "_TOGETHER", 4)
    monkeypatch.setitem(likelihood.TOKENS_PER_BATCH, "cpu", 128)
    monkeypatch.setattr(unwritten_rows, "KEEP_SECONDS", 0.0)
    stopped, whole = make_predictions("stopped"), make_predictions("whole")
    ctx = choosing(stopped, rendered(14))

    def stop(event: Any) -> None:
        ctx.stop.requested = event.kind == "progress" and event.data["done"] >= 4

    ctx.events.listeners.append(stop)
    with pytest.raises(Interrupted):
        predict.run(ctx)
    first = stopped.kept("row_id, made_at")
    assert 4 <= len(first) < 14 and not (ctx.out / "predictions.parquet").exists()
    again = predict.run(choosing(stopped, rendered(14)))
    assert again.summary["continued_after"] == len(first) and again.summary["asked"] == 14 - len(first)
    assert set(first) <= set(stopped.kept("row_id, made_at")), "an answer that was kept is not made again"
    predict.run(choosing(whole, rendered(14)))
    assert stopped.parquet("* EXCLUDE (options)") == whole.parquet("* EXCLUDE (options)")
    pairs = zip(stopped.parquet("options"), whole.parquet("options"), strict=True)
    for (one,), (other,) in pairs:
        for option, same in zip(json.loads(one), json.loads(other), strict=True):
            assert option["log_likelihood"] == pytest.approx(same["log_likelihood"], abs=1e-4)
