"""A small real project for end-to-end tests: spec, data with deliberate faults, a tiny random-weight model."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests import forks
from tests.command import sft
from tests.forks import Forked
from tests.tiny_model import build_tiny_model

SPEC = """\
edition 2026

model tiny { weights = "./tiny" }

source tickets {
  path    = "tickets.jsonl"
  licence = "CC0-1.0"
  origin  = human
  columns { instruction = message   output = label }
}

template plain {
  system    = "Sort the message."
  user      = "{instruction}"
  assistant = "{output}"
}

template chatty {
  user      = "A customer writes: {instruction}"
  assistant = "{output}"
}

filter clean {
  keep words(instruction) in 3..40          because "too short or too long to be a ticket"
  drop instruction matches r"(?i)lorem ipsum"
  dedup exact on instruction
  dedup near  on instruction at 90%
}

task triage {
  from      = tickets
  filters   = [clean]
  templates = [plain]
  split { key = instruction   train = 60%   validation = 10%   test = 30% }
}

train tuned {
  model         = tiny
  data          = triage.train
  validation    = triage.validation
  adapter       = lora { rank = 4 }
  epochs        = 2
  batch         = 4
  learning_rate = 1e-3
  max_length    = 128tok
  overflow      = drop
  seed          = 7
}

eval format {
  models    = [tiny, tuned]
  data      = triage.test
  templates = [plain, chatty]
  decode    = greedy { max_new_tokens = 6 }
  metric exact = exact_match()
  metric length = characters()
  slice category = json_field(output, "category")
}

gate release {
  require format.length(tuned) >= 0
  require format.exact(tuned) <= 100%
}
"""

FAULTS = {
    "unreadable": '{"message": "this line is cut, "label": ',
    "lorem": json.dumps({"message": "Lorem ipsum dolor sit amet, consectetur.", "label": "{}"}),
    "short": json.dumps({"message": "Help!", "label": "{}"}),
}


@dataclass(frozen=True)
class Project:
    """A folder with ``triage.sft``, ``tickets.jsonl`` and ``tiny/``."""

    root: Path

    @property
    def spec(self) -> Path:
        return self.root / "triage.sft"

    def edit(self, old: str, new: str, name: str = "triage.sft") -> None:
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, old
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def sft(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run ``sft`` in the project's folder, as a user would."""
        return sft(*args, cwd=self.root)

    def process(self, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """The same in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "sft", *args],
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, **environment},
        )

    def start(self, *args: str) -> Forked:
        """A process to be killed."""
        return forks.start("sft", *args, cwd=self.root)

    def begin(self, *args: str) -> subprocess.Popen[str]:
        """One that begins and ends with Python: see ``tests.forks``."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([sys.executable, "-m", "sft", *args], cwd=self.root, text=True, **pipes)


def make_project(root: Path, rows: int = 60) -> Project:
    """Write the project. Messages are random words, so that none is a near-duplicate by accident."""
    root.mkdir(parents=True, exist_ok=True)
    draw = random.Random(5)
    words = "refund parcel invoice login broken late wrong charge account email number street order".split()  # noqa: SIM905
    lines = []
    for number in range(rows):
        message = " ".join(draw.choice(words) for _ in range(draw.randint(6, 14))) + f" {number}"
        label = json.dumps({"category": draw.choice(["billing", "delivery"]), "urgent": draw.random() < 0.5})
        lines.append(json.dumps({"message": message, "label": label, "id": number}))
    lines[10:10] = [lines[3], FAULTS["unreadable"], FAULTS["lorem"], FAULTS["short"]]
    (root / "tickets.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (root / "triage.sft").write_text(SPEC, encoding="utf-8")
    build_tiny_model(root / "tiny")
    return Project(root)
