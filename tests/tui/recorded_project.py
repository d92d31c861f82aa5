"""A small spec that measures recorded answers, so that its runs are real and take half a second each.

``hold`` in its folder makes the measuring wait: a run that can be watched, stopped and killed where one wants it.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from runtime.events import EventTail
from runtime.store import Store

SPEC = """edition 2026
extension waiting { path = "./waiting.py" }
source asked { path = "asked.jsonl"   licence = "CC0-1.0"   origin = human }
source said  { path = "said.jsonl"    licence = "CC0-1.0"   origin = model }
filter clean { keep characters(question) in 1..40 because "a question has words" }
task questions { from = asked   filters = [clean] }
model old { recorded = said   item = question   answer = old   prompt = asked }
model new { recorded = said   item = question   answer = new   prompt = asked }
eval exam {
  models   = [old, new]
  data     = questions
  expected = answer
  metric exact = exact_match()
  metric held  = waited()
}
gate release {
  require exam.exact(new) >= 50% at 95%
  require exam.held(new) >= 1
}
"""
WAITING = '''
import time
from pathlib import Path

import sft

HOLD = Path(__file__).with_name("hold")

@sft.metric(higher_is_better=True)
def waited(output: str) -> float:
    """The characters of an answer, once nothing holds it."""
    while HOLD.exists():
        time.sleep(0.01)
    return float(len(output))
'''
ITEMS = 40


def write_project(folder: Path, wrong: int, spec: str = SPEC) -> Path:
    """The files; ``new`` answers the first ``wrong`` of 40 questions wrongly, ``old`` the first ten."""
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "exam.sft").write_text(spec, encoding="utf-8")
    (folder / "waiting.py").write_text(WAITING, encoding="utf-8")
    asked = [{"question": f"question {n}", "answer": "yes"} for n in range(ITEMS)]
    said = [
        {
            "question": f"question {n}",
            "old": "no" if n < 10 else "yes",
            "new": "no" if n < wrong else "yes",
            "asked": "?",
        }
        for n in range(ITEMS)
    ]
    for name, rows in (("asked", asked), ("said", said)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder / "exam.sft"


def wait_until_held(store: Store, run_id: str, seconds: float = 60.0) -> None:
    """Until a run measures."""
    tail = EventTail(store.root / "runs" / run_id / "events.jsonl")
    for _ in range(int(seconds / 0.01)):
        if any(event.kind == "step_started" and event.step == "measure:exam" for event in tail.read()):
            return
        time.sleep(0.01)
    raise AssertionError(f"run {run_id} did not come to its measuring")


def wait_until_ended(store: Store, run_id: str, seconds: float = 60.0) -> tuple[str, str | None]:
    """Until a run has ended; its status and verdict."""
    tail = EventTail(store.root / "runs" / run_id / "events.jsonl")
    for _ in range(int(seconds / 0.01)):
        if any(event.kind == "run_finished" for event in tail.read()):
            break
        time.sleep(0.01)
    rows = store.query("SELECT status, verdict FROM runs WHERE run_id = ?", [run_id])
    return rows[0][0], rows[0][1]
