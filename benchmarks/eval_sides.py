"""The two sides of ``benchmarks/eval.py``, each in a process of its own: a job in, times and answers out, as JSON.

``eval_sides.py ours|lm-eval JOB RESULT``; lm-eval's side runs under ``.venv-bench``. Loading and one warm-up item are
not timed; everything from text to text is, this project's packing of weights and the proof of its fast pass included.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

Answers = list[Any]  # a text an item, or [log-likelihood, is greedy] an option


def timed(answer: Callable[[Sequence[Any]], Answers], items: Sequence[Any], repeat: int) -> dict[str, Any]:
    """Seconds and processor seconds of ``repeat`` passes over all items, after a warm-up on one; and the answers."""
    answer(items[:1])
    seconds, busy, answers = [], [], Answers()
    for _ in range(repeat):
        began, worked = time.perf_counter(), time.process_time()
        answers = answer(items)
        seconds.append(time.perf_counter() - began)
        busy.append(time.process_time() - worked)
    return {"seconds": seconds, "busy": busy, "answers": answers}


def run_lm_eval(job: dict[str, Any]) -> dict[str, Any]:
    """``HFLM.loglikelihood`` and ``HFLM.generate_until`` as tasks of these kinds call them."""
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(job["threads"])
    model = HFLM(
        pretrained=job["folder"],
        device="cpu",
        dtype=job["dtype"],
        batch_size=job["batch_size"],
        softmax_dtype=job.get("softmax_dtype"),
    )
    settings = {"until": [job["end_of_turn"]], "max_gen_toks": job["new_tokens"], "do_sample": False}

    def choose(items: Sequence[dict[str, Any]]) -> Answers:
        pairs = [(item["text"], " " + option) for item in items for option in item["options"]]
        asked = [Instance("loglikelihood", {}, pair, at) for at, pair in enumerate(pairs)]
        found = iter(model.loglikelihood(asked, disable_tqdm=True))
        return [[next(found) for _ in item["options"]] for item in items]

    def write(items: Sequence[dict[str, Any]]) -> Answers:
        asked = [Instance("generate_until", {}, (item["text"], settings), at) for at, item in enumerate(items)]
        return list(model.generate_until(asked, disable_tqdm=True))

    return timed(choose if job["chooses"] else write, job["items"], job["repeat"])


def run_ours(job: dict[str, Any]) -> dict[str, Any]:
    """``LocalChooser.choose`` and ``LocalGenerator.generate``, what the predict step calls; new ones each time."""
    import torch

    from compiler.step_params import Greedy, PlainPrompt
    from runtime.models.loading import load_model, load_tokenizer
    from runtime.models.local_chooser import Choice, LocalChooser
    from runtime.models.local_generator import LocalGenerator
    from runtime.models.protocols import Completion, Prompt

    torch.set_num_threads(job["threads"])
    folder = Path(job["folder"])
    model = load_model(folder, getattr(torch, job["dtype"]), torch.device("cpu"))
    tokenizer = load_tokenizer(folder)
    plain = PlainPrompt(before_answer=" ", between_turns="\n\n")

    def prompts(items: Sequence[dict[str, Any]]) -> list[Prompt]:
        return [Prompt(str(at), tuple(item["messages"])) for at, item in enumerate(items)]

    def choose(items: Sequence[dict[str, Any]]) -> Answers:
        done: list[Completion] = []
        asked = [Choice(prompt, tuple(item["options"])) for prompt, item in zip(prompts(items), items, strict=True)]
        LocalChooser(model, tokenizer, plain).choose(asked, done.extend)
        options = {one.row_id: one.options or () for one in done}
        return [[[o.log_likelihood, o.greedy] for o in options[choice.prompt.row_id]] for choice in asked]

    def write(items: Sequence[dict[str, Any]]) -> Answers:
        done: list[Completion] = []
        asked = prompts(items)
        LocalGenerator(model, tokenizer).generate(asked, Greedy(max_new_tokens=job["new_tokens"]), done.extend)
        texts = {one.row_id: one.output for one in done}
        return [texts[prompt.row_id] for prompt in asked]

    return timed(choose if job["chooses"] else write, job["items"], job["repeat"])


if __name__ == "__main__":
    side = {"ours": run_ours, "lm-eval": run_lm_eval}[sys.argv[1]]
    Path(sys.argv[3]).write_text(json.dumps(side(json.loads(Path(sys.argv[2]).read_text()))))
