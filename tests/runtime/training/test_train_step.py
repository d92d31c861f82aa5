"""The train step as a whole: what it learns, records and drops, and that a kill changes no bit."""

from __future__ import annotations

import json
import shutil
import signal
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from compiler.step_params import Lora
from runtime.context import Interrupted, StepContext
from runtime.events import EventTail
from runtime.steps.train import run
from runtime.store import Store
from spec_lang.diagnostics import DiagnosticError
from tests import forks
from tests.held_store import held
from tests.runtime.training.conftest import Trainings, params, ticket
from tests.tiny_model import CHATML_DEFAULT_SYSTEM, build_tiny_model

ROWS = [(f"r{index}", ticket(index)) for index in range(20)]
VALIDATION = [(f"v{index}", ticket(index + 100)) for index in range(4)]


def weights(out: Path) -> dict[str, Any]:
    (file,) = out.rglob("*.safetensors")
    return load_file(file)


def same_bits(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all((one[name] == other[name]).all() for name in one)


def test_learns_and_records(trainings: Trainings) -> None:
    ctx = trainings.context(params(), ROWS, VALIDATION)
    result = run(ctx)
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (20, 20, 0)
    assert result.summary["validation_loss"] < result.summary["first_validation_loss"] - 1
    assert result.summary["forward"] == "shared"
    assert sorted(path.name for path in ctx.out.iterdir()) == ["adapter", "trained.json"]
    assert sorted(path.name for path in (ctx.out / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert str(trainings.root) not in (ctx.out / "adapter" / "adapter_config.json").read_text()
    steps = trainings.store.query("SELECT step, loss, validation_loss, tokens FROM train_steps ORDER BY step")
    assert [step for step, *_ in steps] == list(range(11))
    assert [step for step, _, validation, _ in steps if validation is not None] == [0, 5, 10]
    assert sum(tokens for *_, tokens in steps) == result.summary["tokens"]
    events = [event for event in EventTail(trainings.root / "events.jsonl").read() if event.kind == "train_step"]
    assert [event.data["at_step"] for event in events] == list(range(11))


def test_first_loss_is_that_of_an_independent_computation(trainings: Trainings, tiny: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    result = run(trainings.context(params(batch=len(ROWS), epochs=1), ROWS))
    model, tokenizer = AutoModelForCausalLM.from_pretrained(tiny), AutoTokenizer.from_pretrained(tiny)
    total, count = 0.0, 0
    for _, messages in ROWS:
        head = tokenizer.apply_chat_template(messages[:2], add_generation_prompt=True, tokenize=False)
        answer = messages[2]["content"] + "<|im_end|>"
        ids = torch.tensor([tokenizer.encode(head + answer + "\n", add_special_tokens=False)])
        first = len(tokenizer.encode(head, add_special_tokens=False))
        labels = ids.clone()
        labels[0, :first] = -100
        labels[0, -1] = -100  # the line break after end-of-turn
        on = int((labels != -100).sum())
        with torch.no_grad():
            total += float(model(input_ids=ids, labels=labels).loss) * on
        count += on
    assert result.summary["first_loss"] == pytest.approx(total / count, abs=1e-4)


def test_trained_artifacts_load(trainings: Trainings, tiny: Path) -> None:
    import torch

    from runtime.models.loading import load_model, load_trained

    ctx = trainings.context(params(), ROWS)
    run(ctx)
    merged = load_trained(tiny, ctx.out, torch.float32, torch.device("cpu"))
    base = load_model(tiny, torch.float32, torch.device("cpu"))
    name = "model.layers.0.mlp.up_proj.weight"
    assert not torch.equal(merged.state_dict()[name], base.state_dict()[name])
    full = trainings.context(params(adapter=None, learning_rate=Decimal("0.001")), ROWS)
    for path in (full.out / "adapter").iterdir():
        path.unlink()
    (full.out / "adapter").rmdir()
    summary = run(full).summary
    assert summary["last_loss"] < summary["first_loss"]
    again = load_trained(tiny, full.out, torch.float32, torch.device("cpu"))
    assert not torch.equal(again.state_dict()[name], base.state_dict()[name])
    assert not torch.equal(again.state_dict()["model.norm.weight"], base.state_dict()["model.norm.weight"])


def test_seed_decides_everything(tmp_path: Path, tiny: Path) -> None:
    def train(name: str, seed: int) -> dict[str, Any]:
        root = tmp_path / name
        root.mkdir()
        ctx = Trainings(root, tiny, Store(root / ".sft").create()).context(params(seed=seed, epochs=1), ROWS)
        run(ctx)
        return weights(ctx.out)

    first = train("a", 1)
    assert same_bits(first, train("b", 1))
    assert not same_bits(first, train("c", 2))


@pytest.mark.parametrize("full", [False, True])
def test_bf16(trainings: Trainings, full: bool) -> None:
    adapter = {"adapter": None, "learning_rate": Decimal("0.001")} if full else {}
    summary = run(trainings.context(params(precision="bf16", **adapter), ROWS, VALIDATION)).summary
    assert summary["precision"] == "bfloat16" and summary["forward"] == ("plain" if full else "shared")
    assert summary["validation_loss"] < summary["first_validation_loss"]


def test_drops_are_in_the_ledger(trainings: Trainings) -> None:
    rows = [*ROWS, ("long", ticket(3, extra=" again" * 300)), ("hostile", ticket(4, extra="<|im_start|>"))]
    ctx = trainings.context(params(epochs=1), rows)
    for _ in range(2):  # a second attempt does not double them
        result = run(ctx)
        assert (result.rows_in, result.rows_out, result.rows_dropped) == (22, 20, 2)
    found = trainings.store.query("SELECT row_id, rule, detail FROM ledger ORDER BY row_id")
    assert [(row_id, rule) for row_id, rule, _ in found] == [("hostile", "control_token"), ("long", "overflow")]
    assert "<|im_start|>" in found[0][2]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"max_length": 10_000}, "SFT0522"),
        ({"adapter": Lora(rank=2, alpha=Decimal(4), dropout=Decimal(0), targets=("c_attn",))}, "SFT0523"),
        ({"learning_rate": Decimal(10) ** 30, "max_grad_norm": Decimal(0)}, "SFT0524"),
        ({"max_length": 5}, "SFT0521"),
    ],
)
def test_mistakes_are_findings(trainings: Trainings, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        run(trainings.context(params(**changes), ROWS))
    assert caught.value.diagnostics[0].code == code and caught.value.diagnostics[0].help


def test_a_stop_saves_and_the_next_run_continues(trainings: Trainings) -> None:
    whole = trainings.context(params(adapter=Lora(rank=4, alpha=Decimal(8), dropout=Decimal("0.2"), targets=())), ROWS)
    whole.stop.requested = True
    with pytest.raises(Interrupted):
        run(whole)
    assert trainings.store.query("SELECT max(step) FROM train_steps")[0][0] == 1
    whole.stop.requested = False
    result = run(whole)
    assert result.summary["steps"] == 10
    interrupted = weights(whole.out)
    (whole.out / "adapter" / "adapter_model.safetensors").unlink()
    run(whole)
    assert same_bits(interrupted, weights(whole.out)), "dropout's generator continues too"


def test_dropped_validation_rows_are_in_the_ledger(trainings: Trainings) -> None:
    long = ("v-long", ticket(3, extra=" again" * 300))
    ctx = trainings.context(params(epochs=1), ROWS, [*VALIDATION, long])
    result = run(ctx)
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (21, 20, 1)
    assert trainings.store.query("SELECT row_id, rule FROM ledger") == [("v-long", "validation:overflow")]
    assert result.summary["validation_rows"] == 4
    assert not any("validation" in note for note in notes(trainings))


def test_no_validation_row_left_is_told(trainings: Trainings) -> None:
    ctx = trainings.context(params(epochs=1), ROWS, [("v-long", ticket(3, extra=" again" * 300))])
    assert run(ctx).summary["validation_loss"] is None
    assert any("all 1 validation rows were dropped; the first: longer than 256" in note for note in notes(trainings))


def notes(trainings: Trainings) -> list[str]:
    return [event.data["text"] for event in EventTail(trainings.root / "events.jsonl").read() if event.kind == "note"]


def steps_taken(trainings: Trainings) -> int:
    return sum(event.kind == "train_step" for event in EventTail(trainings.root / "events.jsonl").read())


def test_a_training_that_ended_is_not_done_again(trainings: Trainings) -> None:
    rows = [*ROWS, ("long", ticket(3, extra=" again" * 300))]
    ctx = trainings.context(params(), rows, VALIDATION)
    first = run(ctx)  # the scheduler is killed here, before it recorded or published anything
    taken, made = steps_taken(trainings), weights(ctx.out)
    ledger = trainings.store.query("SELECT * FROM ledger")
    (ctx.out / "checkpoint-00000008").mkdir()  # killed between the result and the clearing
    assert run(ctx) == first
    assert steps_taken(trainings) == taken and same_bits(made, weights(ctx.out))
    assert trainings.store.query("SELECT * FROM ledger") == ledger and len(ledger) == 1
    assert not list(ctx.out.glob("checkpoint-*"))


@pytest.mark.parametrize("damage", ["torn", "weights", "ledger"])
def test_a_result_that_is_not_whole_is_not_believed(trainings: Trainings, damage: str) -> None:
    ctx = trainings.context(params(epochs=1), [*ROWS, ("long", ticket(3, extra=" again" * 300))])
    first = run(ctx)
    taken = steps_taken(trainings)
    if damage == "torn":
        (ctx.out / "trained.json").write_text('{"step_hash": ')
    elif damage == "weights":
        shutil.rmtree(ctx.out / "adapter")
    else:
        trainings.store.write(lambda con: con.execute("DELETE FROM ledger"))
    again = run(ctx)
    assert steps_taken(trainings) == 2 * taken and again.summary["last_loss"] == first.summary["last_loss"]
    assert len(trainings.store.query("SELECT * FROM ledger")) == 1


def held_from_step(ctx: StepContext, step: int, stack: Any) -> None:
    """The store is taken by another process when a training reports ``step``."""

    def take(event: Any) -> None:
        if event.kind == "train_step" and event.data["at_step"] == step:
            stack.enter_context(held(ctx.store.database))

    ctx.events.listeners.append(take)


def test_a_held_store_costs_no_training(trainings: Trainings, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import ExitStack

    from runtime.training import recorder

    monkeypatch.setattr(recorder, "COMMIT_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "HELD_PAUSE", 0.0)
    ctx = replace(trainings.context(params(), ROWS), store=replace(trainings.store, patience=0.02))
    with ExitStack() as stack:
        held_from_step(ctx, 4, stack)
        with pytest.raises(DiagnosticError) as caught:
            run(ctx)
        assert caught.value.diagnostics[0].code == "SFT0901"
    ctx.events.listeners.clear()
    assert sum("its measurements are kept" in note for note in notes(trainings)) == 1
    assert trainings.store.query("SELECT max(step) FROM train_steps") == [(3,)]
    assert len(json.loads((ctx.out / "unwritten.json").read_text())) == 7
    taken = steps_taken(trainings)
    result = run(ctx)
    assert steps_taken(trainings) == taken and result.summary["steps"] == 10
    assert trainings.store.query("SELECT step FROM train_steps ORDER BY step") == [(at,) for at in range(11)]
    assert sorted(path.name for path in ctx.out.iterdir()) == ["adapter", "trained.json"]


def test_a_stop_under_a_held_store_loses_no_measurement(trainings: Trainings, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import ExitStack

    from runtime.training import recorder

    monkeypatch.setattr(recorder, "COMMIT_SECONDS", 1e9)  # a slow machine would write step 0 before the store is held
    ctx = replace(trainings.context(params(), ROWS), store=replace(trainings.store, patience=0.02))
    ctx.stop.requested = True
    with ExitStack() as stack:
        held_from_step(ctx, 1, stack)
        with pytest.raises(Interrupted):
            run(ctx)
    ctx.events.listeners.clear()
    ctx.stop.requested = False
    assert trainings.store.query("SELECT step FROM train_steps") == []
    run(ctx)
    assert trainings.store.query("SELECT step FROM train_steps ORDER BY step") == [(at,) for at in range(11)]


def with_facts(ctx: StepContext, folder: Path) -> StepContext:
    """The step with the hashes of its model's files as they are now."""
    from runtime.models.model_facts import model_facts

    facts = model_facts(str(folder), None, folder)
    content = {name: getattr(facts, name) for name in ("weights", "tokenizer", "chat_template")}
    local = {**ctx.step.local, "weights": str(folder)}
    return replace(ctx, step=ctx.step.model_copy(update={"content": content, "local": local}))


def edit_template(folder: Path) -> None:
    from runtime.models.chat_template import template_in_folder

    (folder / "chat_template.jinja").write_text((template_in_folder(folder) or "") + "{# edited #}")


@pytest.mark.parametrize("at", ["start", "end"])
def test_a_model_that_changed_is_not_stored(trainings: Trainings, tiny: Path, at: str) -> None:
    folder = trainings.root / "model"
    shutil.copytree(tiny, folder)
    ctx = with_facts(trainings.context(params(epochs=1), ROWS), folder)
    if at == "start":
        edit_template(folder)
    else:
        ctx.events.listeners.append(lambda event: edit_template(folder) if event.kind == "train_step" else None)
    with pytest.raises(DiagnosticError) as caught:
        run(ctx)
    found = caught.value.diagnostics[0]
    assert found.code == "SFT0526" and "the chat template of" in found.message and "run again" in (found.help or "")
    assert list(ctx.out.iterdir()) == []
    assert (steps_taken(trainings) == 0) == (at == "start")


def test_a_model_that_did_not_change_is_trained(trainings: Trainings, tiny: Path) -> None:
    assert run(with_facts(trainings.context(params(epochs=1), ROWS), tiny)).summary["steps"] == 5


def test_the_mask_is_proven_for_the_planned_model_only(trainings: Trainings, tiny: Path) -> None:
    from runtime.training.preflight import prove_masks

    folder = trainings.root / "model"
    shutil.copytree(tiny, folder)
    step = with_facts(trainings.context(params(), ROWS), folder).step
    assert prove_masks(step, trainings.root) is not None
    edit_template(folder)
    with pytest.raises(DiagnosticError) as caught:
        prove_masks(step, trainings.root)
    assert caught.value.diagnostics[0].code == "SFT0526"


def train_in_child(root: Path, model: Path, killed_at: int) -> int:
    """The exit code of a process of its own, which dies of SIGKILL after step ``killed_at`` (-1: never)."""
    process = forks.start("tests.runtime.training.killed_training", str(root), str(model), str(killed_at))
    _, err = process.communicate()
    assert "Traceback" not in err, err
    assert process.returncode is not None
    return process.returncode


def test_killed_and_continued_is_bit_for_bit_uninterrupted(tmp_path: Path) -> None:
    """A real process dies of SIGKILL in mid-training and a second one continues; another run is left alone."""
    model = build_tiny_model(tmp_path / "m", chat_template=CHATML_DEFAULT_SYSTEM)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    killed.mkdir()
    whole.mkdir()
    assert train_in_child(killed, model, 7) == -signal.SIGKILL
    assert [path.name for path in (killed / "out").iterdir()] == ["checkpoint-00000006"]
    assert train_in_child(killed, model, -1) == 0
    run(Trainings(whole, model, Store(whole / ".sft").create()).context(params(epochs=3), ROWS, VALIDATION))
    assert same_bits(weights(killed / "out"), weights(whole / "out"))
    query = "SELECT step, loss, validation_loss, learning_rate, grad_norm, tokens FROM train_steps ORDER BY step"
    records = [Store(root / ".sft").query(query) for root in (killed, whole)]
    assert records[0] == records[1] and len(records[0]) == 16, "killed in the second of three epochs"
