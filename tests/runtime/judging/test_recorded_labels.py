"""Labels of a judge that stand in a column: how they are written, and what is said where none of them is meant."""

from __future__ import annotations

import json
from pathlib import Path

from compiler.compile import check
from sft.project import open_store, run
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

SPEC = """edition 2026
source rows { path = "rows.jsonl"   licence = "CC0-1.0"   origin = human }
judge refusals {
  labels = [complied, refused]
  using  = recorded(said)
  calibrate { rows = rows   output = a   label = label }
}
"""


def test_a_column_of_other_labels_says_what_it_holds(tmp_path: Path) -> None:
    labels = ["1_full", "1_full", "2 none", "fair"]
    rows = [{"a": f"answer {n}", "said": text, "label": "refused"} for n, text in enumerate(labels)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "x.sft").write_text(SPEC)
    assert run(tmp_path / "x.sft").status == "failed"
    found = open_store(tmp_path).query("SELECT code, help FROM findings WHERE severity = 'error'")
    told = "recorded labels are read as they stand: write `labels = [`1_full`, `2 none`, `fair`]`, worst first"
    assert found == [("SFT0590", told)]
    labels = told.split("write `")[1].split("`, worst")[0]
    (tmp_path / "x.sft").write_text(
        SPEC.replace("labels = [complied, refused]", labels).replace("= label }", "= said }")
    )
    assert run(tmp_path / "x.sft").status == "done"


def test_a_label_in_quotes_is_mended_to_backticks() -> None:
    _, found = check(SourceFile("x.sft", SPEC.replace("refused]", '"2_full"]')), FakeWorld())
    wrong = next(item for item in found if item.code == "SFT0208")
    assert wrong.help == "a label like this stands in backticks"
    assert [edit.text for edit in wrong.fix] == ["`2_full`"]
