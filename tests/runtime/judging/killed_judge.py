"""Judge steps that are killed by SIGKILL once their model gave so many answers: one reads answers, one compares two.

python -m tests.runtime.judging.killed_judge FOLDER ANSWERS
"""

from __future__ import annotations

import sys
from pathlib import Path

from runtime.asking import Request
from tests.runtime.generating.killed_process import run_killed

SEEDS = [{"instruction": f"Ask {n}", "input": f"in {n % 3}", "output": f"out {n}"} for n in range(8)]
SPEC = """
model one { recorded = seeds   item = instruction   answer = output   prompt = instruction }
model two { recorded = seeds   item = instruction   answer = input    prompt = instruction }
judge kind   { labels = [rude, polite]   using = model(tiny) }
judge better { pairwise = ties   using = model(tiny) }
eval arena {
  models = [one, two]
  data   = start
  metric nice = rate(kind == polite)
  metric wins = win_rate(better, two)
}
"""


def opinion(request: Request) -> str:
    """Something of the request alone, and now and then nothing."""
    drawn = int(request.hash[:6], 16)
    if drawn % 7 == 0:
        return "I cannot say."
    labels = ("A", "B", "tie") if "Answer A:" in str(request.messages[-1]["content"]) else ("rude", "polite")
    return f"VERDICT: {labels[drawn % len(labels)]}"


if __name__ == "__main__":
    run_killed(Path(sys.argv[1]), int(sys.argv[2]), SPEC, opinion)
