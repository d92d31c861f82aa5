"""All 541 rows of IFEval from their published file to a verdict, with answers recorded elsewhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from runtime.ifeval.verdicts import verdicts
from runtime.store import Store
from sft.project import run

DATA = Path(__file__).parents[3] / "shared/data/ifeval/input_data.jsonl"
ANSWERS = ("An answer without much in it.", "# Two\n\n* *one*\n* **two**\n\nP.S. That is all, really.", '"A [name]."')
SPEC = """edition 2026
source instructions { path = "input_data.jsonl"   licence = "Apache-2.0"   origin = human }
source answers      { path = "answers.jsonl"   licence = "CC0-1.0"   origin = model }
task prompts { from = instructions }
model other { recorded = answers   item = key   answer = output }
eval ifeval {
  models = [other]
  data   = prompts
  metric strict  = ifeval(instruction_id_list, kwargs)
  metric loose   = ifeval(instruction_id_list, kwargs, mode = loose)
  metric strictly = ifeval_instructions(instruction_id_list, kwargs)
  metric loosely  = ifeval_instructions(instruction_id_list, kwargs, mode = loose)
}
"""


@pytest.mark.skipif(not DATA.exists(), reason="the published rows are not here")
def test_the_four_accuracies(tmp_path: Path) -> None:
    shutil.copy(DATA, tmp_path / "input_data.jsonl")
    rows = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    said = [{"key": row["key"], "output": ANSWERS[number % len(ANSWERS)]} for number, row in enumerate(rows)]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said), encoding="utf-8")
    (tmp_path / "ifeval.sft").write_text(SPEC, encoding="utf-8")
    run(tmp_path / "ifeval.sft")

    found = Store(tmp_path / ".sft").query(
        "SELECT metric, estimate, n, missing, unit, method FROM metrics WHERE slice = '*' AND template = '*'"
    )
    wanted = []
    for mode, item, whole in (("strict", "strict", "strictly"), ("loose", "loose", "loosely")):
        followed = [
            verdicts(one["output"], row["instruction_id_list"], row["kwargs"], mode).followed  # type: ignore[arg-type]
            for row, one in zip(rows, said, strict=True)
        ]
        flat = [verdict for one in followed for verdict in one]
        assert len(flat) == 834
        wanted.append((item, pytest.approx(sum(map(all, followed)) / 541), 541, 0, "share", "wilson"))
        wanted.append((whole, pytest.approx(sum(flat) / 834), 541, 0, "plain", "bca"))
    assert sorted(found) == sorted(wanted, key=lambda row: row[0])
