"""Make the logs in ``made/`` with the real harnesses; see README.md. Scripted models answer 24 made-up questions."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MADE = HERE / "made"
QUESTIONS = [
    {"question": f"What is {n} + {n * 3 % 7}?", "answer": str(n + n * 3 % 7), "wrong": [str(n), str(n + 9)]}
    for n in range(1, 25)
]


def share(name: str, text: str) -> float:
    """A number from 0 to 1 that a model's name and a text give."""
    return int(hashlib.sha256(f"{name} {text}".encode()).hexdigest()[:8], 16) / (1 << 32)


def reply(name: str, prompt: str, right: float) -> str:
    """The right answer for a share of the prompts, with words around it that one filter takes away."""
    known = next(row for row in QUESTIONS if row["question"] in prompt)
    answer = known["answer"] if share(name, known["question"]) < right else "1000"
    return f"Let me add.\n#### {answer}" if share(name + "form", prompt) < 0.8 else f"It is {answer}"


# --- lm-eval ----------------------------------------------------------------------------------------

ADDING = """
task: adding
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{data}"}}}}
test_split: test
output_type: generate_until
doc_to_text: "Q: {{{{question}}}}\\nA:"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["\\n\\n"], max_gen_toks: 32, do_sample: false}}
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
filter_list:
  - name: strict-match
    filter:
      - {{function: regex, regex_pattern: "#### (\\\\-?[0-9]+)"}}
      - {{function: take_first}}
  - name: flexible-extract
    filter:
      - {{function: regex, group_select: -1, regex_pattern: "(\\\\-?[0-9]+)"}}
      - {{function: take_first}}
"""
CHOOSING = """
task: choosing
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{data}"}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: "{{{{[answer, wrong[0], wrong[1]]}}}}"
doc_to_target: 0
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
  - metric: acc_norm
    aggregation: mean
    higher_is_better: true
"""


def make_lm_eval() -> None:
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    class Scripted(LM):
        def __init__(self, name: str, right: float) -> None:
            super().__init__()
            self.name, self.right = name, right

        def generate_until(self, requests, disable_tqdm=False):  # type: ignore[no-untyped-def]
            return [reply(self.name, request.args[0], self.right) for request in requests]

        def loglikelihood(self, requests, disable_tqdm=False):  # type: ignore[no-untyped-def]
            return [(-8 * share(self.name, "".join(request.args)), False) for request in requests]

        def loglikelihood_rolling(self, requests, disable_tqdm=False):  # type: ignore[no-untyped-def]
            return [-1.0 for _ in requests]

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        data = folder / "questions.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in QUESTIONS))
        for name, text in (("adding", ADDING), ("choosing", CHOOSING)):
            (folder / f"{name}.yaml").write_text(text.format(data=data))
        tasks = TaskManager(include_path=str(folder), include_defaults=False)
        for name, right in (("a", 0.6), ("b", 0.85)):
            tracker = EvaluationTracker(output_path=str(folder / name))
            found = simple_evaluate(
                model=Scripted(name, right),
                tasks=["adding", "choosing"],
                task_manager=tasks,
                log_samples=True,
                bootstrap_iters=0,
                confirm_run_unsafe_code=False,
            )
            samples = found.pop("samples")
            tracker.save_results_aggregated(results=found, samples=samples)
            for task, rows in samples.items():
                tracker.save_results_samples(task_name=task, samples=rows)
            for path in (folder / name).rglob("samples_*.jsonl"):
                task = path.name.split("_")[1]
                shutil.copy(path, MADE / f"lm_eval_{task}_{name}.jsonl")
            results = next((folder / name).rglob("results_*.json"))
            scores = json.loads(results.read_text())
            (MADE / f"lm_eval_results_{name}.json").write_text(
                json.dumps(
                    {key: scores[key] for key in ("results", "n-shot", "higher_is_better", "n-samples")}, indent=1
                )
            )


# --- inspect ----------------------------------------------------------------------------------------


def make_inspect() -> None:
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import GenerateConfig, ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import match
    from inspect_ai.solver import generate

    samples = [
        Sample(input=row["question"], target=row["answer"], id=number, metadata={"size": len(row["answer"])})
        for number, row in enumerate(QUESTIONS, 1)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        for name, right, form, epochs in (("a", 0.6, "json", 1), ("b", 0.85, "eval", 1), ("epochs", 0.7, "eval", 2)):

            def said(messages, tools, choice, config, name=name, right=right):  # type: ignore[no-untyped-def]
                made = ModelOutput.from_content("mockllm/model", reply(name, messages[-1].text, right))
                made.usage = ModelUsage(input_tokens=8, output_tokens=8, total_tokens=16)  # counted, it would download
                return made

            config = GenerateConfig(temperature=0.0, max_tokens=32)
            logs = eval(
                Task(dataset=samples, solver=generate(), scorer=match(numeric=True), name="adding"),
                model=get_model("mockllm/model", custom_outputs=said, config=config),
                log_dir=f"{scratch}/{name}",
                log_format=form,
                epochs=epochs,
                display="none",
            )
            shutil.copy(str(logs[0].location).removeprefix("file://"), MADE / f"inspect_{name}.{form}")
    log = json.loads((MADE / "inspect_a.json").read_text())
    for name, change in (("old", {"version": 1}), ("cancelled", {"status": "cancelled"})):
        (MADE / f"inspect_{name}.json").write_text(json.dumps({**log, **change, "samples": log["samples"][:1]}))


if __name__ == "__main__":
    {"lm_eval": make_lm_eval, "inspect": make_inspect}[sys.argv[1]]()
