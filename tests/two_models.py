"""An eval of two models whose answers were recorded: the spec and its files. Its runs are real and take half a second.

``asked.jsonl`` has the questions with their answers, ``said.jsonl`` what ``old`` and ``new`` said to each of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def exam(measured: str = "metric exact = exact_match()", *, before: str = "", task: str = "", after: str = "") -> str:
    """The spec: entries of the eval, what stands before the sources, more fields of the task, what follows the eval."""
    return f"""edition 2026
{before}source asked {{ path = "asked.jsonl"   licence = "CC0-1.0"   origin = human }}
source said  {{ path = "said.jsonl"    licence = "CC0-1.0"   origin = model }}
task questions {{ from = asked{task} }}
model old {{ recorded = said   item = question   answer = old   prompt = asked }}
model new {{ recorded = said   item = question   answer = new   prompt = asked }}
eval exam {{
  models   = [old, new]
  data     = questions
  expected = answer
  {measured}
}}
{after}"""


def write(folder: Path, spec: str, asked: Iterable[Mapping[str, Any] | str], said: Iterable[Mapping[str, Any]]) -> Path:
    """``exam.sft`` and its files. A row that is a text is written as it stands."""
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / "exam.sft"
    path.write_text(spec, encoding="utf-8")
    for name, rows in (("asked", asked), ("said", said)):
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
