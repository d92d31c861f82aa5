"""A small spec that measures recorded answers, so that its runs are real and take half a second each.

``hold`` in its folder makes the measuring wait: a run that can be watched, stopped and killed where one wants it.
"""

from __future__ import annotations

import time
from pathlib import Path

from runtime.events import EventTail
from runtime.store import Store
from tests.two_models import exam, write

SPEC = exam(
    "metric exact = exact_match()\n  metric held  = waited()",
    before='extension waiting { path = "./waiting.py" }\n'
    'filter clean { keep characters(question) in 1..40 because "a question has words" }\n',
    task="   filters = [clean]",
    after="gate release {\n  require exam.exact(new) >= 50% at 95%\n  require exam.held(new) >= 1\n}\n",
)
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
    path = write(folder, spec, asked, said)
    (folder / "waiting.py").write_text(WAITING, encoding="utf-8")
    return path


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
