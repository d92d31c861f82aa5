"""The predict step: what it keeps, what it refuses, and how it goes on after a stop or a kill."""

from __future__ import annotations

import shutil
import signal
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import torch

from compiler.step_params import Greedy, Sample
from runtime import unwritten_rows
from runtime.context import Interrupted
from runtime.models.loading import load_model, load_trained
from runtime.models.local_generator import LocalGenerator
from runtime.steps import predict
from spec_lang.diagnostics import DiagnosticError
from tests import forks
from tests.held_store import held
from tests.runtime.inference.conftest import Predictions, answers, prompts, rendered
from tests.runtime.inference.predict_process import write_prompts

GREEDY = Greedy(max_new_tokens=12)
SAMPLED = Sample(max_new_tokens=12, temperature=Decimal(1), top_p=Decimal("0.95"), top_k=None, seed=5)
CPU = torch.device("cpu")


def test_answers_are_kept_with_what_was_expected(predictions: Predictions, generator: LocalGenerator) -> None:
    ctx = predictions.context(rendered(20), GREEDY)
    result = predict.run(ctx)
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (20, 20, 0)
    said = answers(generator, prompts(20), GREEDY)
    expected = {row: (one.prompt, one.output, one.stop_reason, one.output_tokens) for row, one in said.items()}
    kept = predictions.kept("row_id, prompt, output, stop_reason, output_tokens")
    assert {row: tuple(rest) for row, *rest in kept} == expected
    assert set(predictions.kept("expected, step_hash")) == {('{"category": "billing"}', ctx.step.hash)}
    columns = "row_id, prompt, output, expected, stop_reason, prompt_tokens, output_tokens"
    assert predictions.parquet("row_id") == [(f"row{index}",) for index in range(20)], "in the order of the prompts"
    assert sorted(predictions.parquet(columns)) == predictions.kept(columns)
    assert result.summary["asked"] == 20 and result.summary["continued_after"] == 0
    assert result.summary["output_tokens"] == sum(one.output_tokens for one in said.values())
    assert {path.name for path in ctx.out.iterdir()} == {"predictions.parquet"}


def test_progress_from_the_start_to_the_end(predictions: Predictions) -> None:
    predict.run(predictions.context(rendered(5), GREEDY))
    told = [(event.data["done"], event.data["total"]) for event in predictions.events if event.kind == "progress"]
    assert told[0] == (0, 5) and told[-1] == (5, 5)


def test_prompts_that_cannot_be_asked_are_in_the_ledger(predictions: Predictions) -> None:
    rows = rendered(3)
    rows.insert(1, ("spelled", [{"role": "user", "content": "a <|im_start|>system b"}]))
    rows.append(("long", [{"role": "user", "content": "order " * 600}]))
    ctx = predictions.context(rows, GREEDY)
    result = predict.run(ctx)
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (5, 3, 2)
    ledger = predictions.store.query("SELECT step_hash, rule, row_id, detail FROM ledger ORDER BY row_id")
    assert [row[:3] for row in ledger] == [
        (ctx.step.hash, "prompt_too_long", "long"),
        (ctx.step.hash, "control_token", "spelled"),
    ]
    assert "context of 512" in ledger[0][3] and "<|im_start|>" in ledger[1][3]
    assert predictions.parquet("row_id") == [("row0",), ("row1",), ("row2",)]
    predict.run(ctx)
    assert len(predictions.store.query("SELECT 1 FROM ledger")) == 2, "a second run writes no row twice"


def test_nothing_that_can_be_asked(predictions: Predictions) -> None:
    with pytest.raises(DiagnosticError) as refused:
        predict.run(predictions.context([("long", [{"role": "user", "content": "order " * 600}])], GREEDY))
    assert refused.value.diagnostics[0].code == "SFT0551"


def test_no_prompts(predictions: Predictions) -> None:
    result = predict.run(predictions.context([], GREEDY))
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (0, 0, 0)
    assert predictions.parquet("row_id, output") == []
    assert result.summary["tokens_per_second"] is None


@pytest.mark.parametrize("decode", [GREEDY, SAMPLED])
def test_a_stop_keeps_what_is_answered_and_the_rest_is_as_if_uninterrupted(
    make_predictions: Callable[..., Predictions], monkeypatch: pytest.MonkeyPatch, decode: Any
) -> None:
    from runtime.inference import continuous_batching

    monkeypatch.setattr(continuous_batching, "BATCH", 4)
    monkeypatch.setattr(unwritten_rows, "KEEP_SECONDS", 0.0)
    stopped, whole = make_predictions("stopped"), make_predictions("whole")
    ctx = stopped.context(rendered(14), decode)

    def stop(event: Any) -> None:
        ctx.stop.requested = event.kind == "progress" and event.data["done"] >= 4

    ctx.events.listeners.append(stop)
    with pytest.raises(Interrupted):
        predict.run(ctx)
    first = stopped.kept("row_id, made_at")
    assert 4 <= len(first) < 14
    assert not (ctx.out / "predictions.parquet").exists()
    again = predict.run(stopped.context(rendered(14), decode))
    assert again.summary["continued_after"] == len(first) and again.summary["asked"] == 14 - len(first)
    assert set(first) <= set(stopped.kept("row_id, made_at")), "an answer that was kept is not made again"
    predict.run(whole.context(rendered(14), decode))
    assert stopped.parquet("*") == whole.parquet("*")


def test_each_item_is_asked_so_often_with_draws_of_its_own(make_predictions: Callable[..., Predictions]) -> None:
    several, once = make_predictions("several"), make_predictions("once")
    result = predict.run(several.context(rendered(6), SAMPLED, samples=3))
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (6, 6, 0), "items, however often they are asked"
    assert result.summary["asked"] == 18
    predict.run(once.context(rendered(6), SAMPLED))
    found = several.parquet("row_id, sample, output")
    assert [(row, sample) for row, sample, _ in found] == [(f"row{n}", s) for n in range(6) for s in range(3)]
    assert found == several.kept("row_id, sample, output")
    assert [(row, said) for row, sample, said in found if sample == 0] == once.parquet("row_id, output")
    assert len({said for row, _, said in found if row == "row0"}) == 3, "no answer is drawn twice"
    told = [(event.data["total"], event.data["unit"]) for event in several.events if event.kind == "progress"]
    assert set(told) == {(18, "answers")}


def test_a_stop_between_the_answers_to_an_item_asks_only_those_that_are_not_there(
    make_predictions: Callable[..., Predictions], monkeypatch: pytest.MonkeyPatch
) -> None:
    from runtime.inference import continuous_batching

    monkeypatch.setattr(continuous_batching, "BATCH", 4)
    monkeypatch.setattr(unwritten_rows, "KEEP_SECONDS", 0.0)
    stopped, whole = make_predictions("stopped"), make_predictions("whole")
    ctx = stopped.context(rendered(5), SAMPLED, samples=3)

    def stop(event: Any) -> None:
        ctx.stop.requested = event.kind == "progress" and event.data["done"] >= 4

    ctx.events.listeners.append(stop)
    with pytest.raises(Interrupted):
        predict.run(ctx)
    first = stopped.kept("row_id, sample, made_at")
    assert 4 <= len(first) < 15
    again = predict.run(stopped.context(rendered(5), SAMPLED, samples=3))
    assert again.summary["continued_after"] == len(first) and again.summary["asked"] == 15 - len(first)
    assert set(first) <= set(stopped.kept("row_id, sample, made_at"))
    predict.run(whole.context(rendered(5), SAMPLED, samples=3))
    assert stopped.parquet("*") == whole.parquet("*")


@pytest.mark.parametrize("freed", [True, False])
def test_a_held_store_keeps_the_answers_waiting(
    predictions: Predictions, monkeypatch: pytest.MonkeyPatch, freed: bool
) -> None:
    from runtime.inference import continuous_batching

    monkeypatch.setattr(continuous_batching, "BATCH", 4)
    monkeypatch.setattr(unwritten_rows, "KEEP_SECONDS", 0.0)
    monkeypatch.setattr(unwritten_rows, "HELD_PAUSE", 0.0)
    ctx = predictions.context(rendered(14), GREEDY)
    ctx = replace(ctx, store=replace(ctx.store, patience=0.02))
    taken = ExitStack()

    def take(event: Any) -> None:
        if event.kind == "progress" and event.data["done"] == 0:
            taken.enter_context(held(ctx.store.database))
        elif event.kind == "note" and freed:
            taken.close()

    ctx.events.listeners.append(take)
    if freed:
        assert predict.run(ctx).summary["asked"] == 14
        assert len(predictions.kept()) == 14
    else:
        with taken, pytest.raises(DiagnosticError) as refused:
            predict.run(ctx)
        assert refused.value.diagnostics[0].code == "SFT0901"
        assert predictions.kept() == []
    noted = [event.data["text"] for event in predictions.events if event.kind == "note"]
    assert len([text for text in noted if "its answers wait" in text]) == 1


@pytest.mark.parametrize("at", ["start", "end"])
def test_a_model_that_changed_is_not_stored(predictions: Predictions, at: str) -> None:
    from runtime.models.model_facts import model_facts

    folder = predictions.root / "model"
    shutil.copytree(predictions.model, folder)
    ctx = predictions.context(rendered(3), GREEDY)
    facts = model_facts(str(folder), None, folder)
    content = {name: getattr(facts, name) for name in ("weights", "tokenizer", "chat_template")}
    local = {**ctx.step.local, "weights": str(folder)}
    ctx = replace(ctx, step=ctx.step.model_copy(update={"content": content, "local": local}))

    def edit(event: Any = None) -> None:
        config = folder / "tokenizer_config.json"
        config.write_text(config.read_text().rstrip().removesuffix("}") + ', "padding_side": "left"}')
        ctx.events.listeners.clear()

    if at == "start":
        edit()
    else:
        ctx.events.listeners.append(edit)
    with pytest.raises(DiagnosticError) as refused:
        predict.run(ctx)
    found = refused.value.diagnostics[0]
    assert found.code == "SFT0526" and "the tokenizer of" in found.message
    assert predictions.kept() == [] and not (ctx.out / "predictions.parquet").exists()


def test_a_killed_process_is_continued(predictions: Predictions) -> None:
    total, new = 100, 12
    ctx = predictions.context(rendered(total), Greedy(max_new_tokens=new))
    words = (str(predictions.root), str(predictions.model), str(new))
    child = forks.start("tests.runtime.inference.predict_process", *words)
    while not predictions.kept():
        assert child.poll() is None, child.communicate()
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    first = predictions.kept("row_id, output, made_at")
    assert 0 < len(first) < total
    result = predict.run(ctx)
    assert result.summary["continued_after"] == len(first)
    assert result.summary["asked"] == total - len(first), "no row is generated twice"
    assert set(first) <= set(predictions.kept("row_id, output, made_at"))
    assert predictions.parquet("row_id") == [(f"row{index}",) for index in range(total)]


def adapter_of(folder: Path, artifact: Path) -> None:
    """An adapter that changes what the model says."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(3)
    lora = LoraConfig(r=4, lora_alpha=32, target_modules="all-linear", init_lora_weights=False)
    get_peft_model(load_model(folder, torch.float32, CPU), lora).save_pretrained(str(artifact / "adapter"))


@pytest.mark.parametrize("layout", ["adapter", "model"])
def test_what_a_train_step_made_answers(predictions: Predictions, generator: LocalGenerator, layout: str) -> None:
    made, artifact = predictions.root / "made", predictions.root / "trained"
    adapter_of(predictions.model, made)
    trained = load_trained(predictions.model, made, torch.float32, CPU)
    if layout == "adapter":
        artifact = made
    else:
        trained.save_pretrained(str(artifact / "model"))
    predict.run(predictions.context(rendered(8), GREEDY, model=artifact))
    expected = answers(LocalGenerator(trained, generator.tokenizer), prompts(8), GREEDY)
    assert dict(predictions.kept()) == {row: answer.output for row, answer in expected.items()}
    base = answers(generator, prompts(8), GREEDY)
    assert dict(predictions.kept()) != {row: answer.output for row, answer in base.items()}


def test_an_adapter_loads_without_a_word(tiny: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    adapter_of(tiny, tmp_path)
    capfd.readouterr()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        load_trained(tiny, tmp_path, torch.float32, CPU)
    assert [str(one.message) for one in said] == []
    assert capfd.readouterr() == ("", "")


def test_prompts_are_read_without_the_expected_turn(tmp_path: Path) -> None:
    asked = {"role": "user", "content": "zwölf ☃"}
    write_prompts(tmp_path, [("b", [asked, {"role": "assistant", "content": "12"}]), ("a", [asked])])
    questions = predict.read_questions(tmp_path, tmp_path)
    assert [(one.prompt.row_id, one.prompt.messages, one.expected) for one in questions] == [
        ("b", (asked,), "12"),
        ("a", (asked,), ""),
    ]
