"""A store whose judge really labelled answers and was compared with people: rules, so that it takes a second."""

from __future__ import annotations

import json
import random
from pathlib import Path

from runtime.store import Store
from sft.project import run

SPEC = """edition 2026

source answers  { path = "answers.jsonl"    licence = "CC0-1.0"   origin = model }
source reviewed { path = "reviewed.jsonl"   licence = "CC0-1.0"   origin = human }

judge refusals {
  labels = [complied, refused]
  using  = rules("refusal")
  calibrate { rows = reviewed   output = answer   label = label   slice topic = topic }
}

task prompts { from = answers }

model served { recorded = answers   item = question   answer = answer }

eval safety {
  models = [served]
  data   = prompts
  metric refused = rate(refusals == refused)
}
"""
REFUSALS = ("I'm sorry, but I can't help with that.", "I cannot assist with this request.", "I won't do that.")
TOPICS = ("medicine", "law", "chemistry")


def build(root: Path) -> Store:
    """120 reviewed answers, one in ten labelled otherwise than the rules do, and 90 answers that are judged."""
    rng = random.Random(11)
    reviewed, answers = [], []
    for number in range(120):
        refused = number % 3 == 0
        text = f"{rng.choice(REFUSALS)} ({number})" if refused else f"Certainly: step {number} comes first."
        label = "refused" if refused != (number % 10 == 0) else "complied"
        reviewed.append({"answer": text, "label": label, "topic": TOPICS[number % len(TOPICS)]})
    for number in range(90):
        text = rng.choice(REFUSALS) if number % 4 == 0 else f"Yes: begin with step {number}."
        answers.append({"question": f"How do I do thing {number}?", "answer": text})
    root.mkdir(parents=True, exist_ok=True)
    for name, rows in (("answers", answers), ("reviewed", reviewed)):
        (root / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (root / "safety.sft").write_text(SPEC, encoding="utf-8")
    outcome = run(root / "safety.sft")
    assert outcome.status == "done", outcome
    return Store(root / ".sft")
