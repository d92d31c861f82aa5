"""Logs that lm-eval and inspect_ai wrote themselves (see README.md), as rows and through an eval."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from compiler.world import Problem, SourceFacts
from runtime.logs import log_rows
from runtime.source_facts import read_source_facts
from runtime.store import Store
from sft.project import run
from spec_lang.diagnostics import DiagnosticError

if sys.version_info >= (3, 14):
    import zipfile
else:
    from backports.zstd import zipfile

MADE = Path(__file__).parent / "made"


def rows(name: str, format: str) -> list[dict[str, Any]]:
    found = [row for _, row in log_rows(MADE / name, format)]
    assert all(isinstance(row, dict) for row in found)
    return [row for row in found if isinstance(row, dict)]


def refusal(path: Path, format: str) -> tuple[str, str]:
    with pytest.raises(DiagnosticError) as caught:
        list(log_rows(path, format))
    found = caught.value.diagnostics[0]
    return found.code, f"{found.message}; {found.help}"


def test_samples_of_lm_eval_have_prompt_answer_target_and_scores() -> None:
    found = rows("lm_eval_adding_a.jsonl", "lm_eval")
    first = found[0]
    assert {name: first[name] for name in ("filter", "prompt", "answer", "target", "exact_match", "doc_id")} == {
        "filter": "strict-match",
        "prompt": "Q: What is 1 + 3?\nA:",
        "answer": "1000",
        "target": "4",
        "exact_match": 0.0,
        "doc_id": 0,
    }
    assert json.loads(first["decode"]) == {"until": ["\n\n"], "max_gen_toks": 32, "do_sample": False}
    assert [row["filter"] for row in found] == ["strict-match"] * 24 + ["flexible-extract"] * 24


def test_the_answer_to_a_choice_is_the_likeliest_one() -> None:
    for line, row in zip(
        (MADE / "lm_eval_choosing_a.jsonl").read_text().splitlines(),
        rows("lm_eval_choosing_a.jsonl", "lm_eval"),
        strict=True,
    ):
        sample = json.loads(line)
        likelihoods = [float(pair[0]) for pair in sample["filtered_resps"]]
        choice = likelihoods.index(max(likelihoods))
        assert row["answer"] == sample["arguments"][f"gen_args_{choice}"]["arg_1"]
        assert row["acc"] == float(choice == int(sample["target"]))


def test_the_same_item_has_the_same_hash_in_the_log_of_another_model() -> None:
    for task in ("adding", "choosing"):
        one, two = (rows(f"lm_eval_{task}_{name}.jsonl", "lm_eval") for name in "ab")
        assert {row["item"] for row in one} == {row["item"] for row in two}
    one, two = rows("inspect_a.json", "inspect"), rows("inspect_b.eval", "inspect")
    assert sorted(row["item"] for row in one) == sorted(row["item"] for row in two)


def test_samples_of_inspect_have_grades_as_true_and_false() -> None:
    for name in ("inspect_a.json", "inspect_b.eval"):
        found = rows(name, "inspect")
        assert len(found) == 24
        for row in found:
            assert row["prompt"].startswith("What is ")
            assert row["match"] is (row["answer"].split()[-1] == row["target"])
            assert json.loads(row["decode"]) == {"max_tokens": 32, "temperature": 0.0}
            assert row["metadata"] == {"size": len(row["target"])}
    assert [(row["id"], row["epoch"]) for row in rows("inspect_epochs.eval", "inspect")][:3] == [(1, 1), (2, 1), (3, 1)]


def changed(tmp_path: Path, change: Any, name: str = "inspect_a.json") -> Path:
    log = json.loads((MADE / name).read_text())
    log["samples"] = log["samples"][:3]
    log["results"]["total_samples"] = 3
    change(log)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(log))
    return path


def test_what_else_a_log_of_inspect_can_hold(tmp_path: Path) -> None:
    def change(log: dict[str, Any]) -> None:
        one, two, three = log["samples"]
        one["input"] = [
            {"id": "drawn", "role": "system", "content": "Add."},
            {"role": "user", "content": [{"text": "1+1"}]},
        ]
        one["error"] = {"message": "it broke"}
        two["scores"] = {"match": {"value": "P"}, "many": {"value": {"a": 1, "b": "C"}}, "answer": {"value": 2}}
        two["output"]["completion"] = "attachment://abc"
        two["attachments"] = {"abc": "a long text"}
        three["scores"] = None

    one, two, three = (row for _, row in log_rows(changed(tmp_path, change), "inspect") if isinstance(row, dict))
    assert one["prompt"] == '[{"role": "system", "content": "Add."}, {"role": "user", "content": "1+1"}]'
    assert (one["answer"], one["match"]) == (None, 0.0)
    assert (two["answer"], two["match"], two["many_a"], two["many_b"], two["score_answer"]) == (
        "a long text",
        0.5,
        1,
        True,
        2,
    )
    assert "match" not in three


def test_the_id_of_a_sample_may_have_a_slash_and_a_log_that_lacks_samples_is_refused(tmp_path: Path) -> None:
    whole = zipfile.ZipFile(MADE / "inspect_b.eval")
    for name, lacks in (("slashes", False), ("lacks", True)):
        members = [one for one in whole.namelist() if not (lacks and one.startswith("samples/1_"))]
        with zipfile.ZipFile(tmp_path / f"{name}.eval", "w") as written:
            for one in members:
                written.writestr(one.replace("samples/", "samples/HumanEval/"), whole.read(one))
    assert len(list(log_rows(tmp_path / "slashes.eval", "inspect"))) == 24
    code, words = refusal(tmp_path / "lacks.eval", "inspect")
    assert (code, "has 23 samples, and says that it has 24" in words) == ("SFT0481", True)


def test_a_log_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    code, words = refusal(MADE / "inspect_old.json", "inspect")
    assert code == "SFT0480"
    assert "is a log of version 1 (inspect_ai 0.3.285), and version 2 is known; read it with inspect_ai" in words


def test_an_evaluation_that_did_not_finish_is_refused() -> None:
    code, words = refusal(MADE / "inspect_cancelled.json", "inspect")
    assert code == "SFT0481" and "(`cancelled`); finish it with `inspect eval-retry`" in words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"question": "x"}\n', "line 1 has no `doc_id`"),
        ('{"results": {}, "config": {}}\n', "has the results of lm-eval, and not its samples"),
    ],
)
def test_other_files_are_no_log_of_lm_eval(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    code, told = refusal(tmp_path / "x.jsonl", "lm_eval")
    assert code == "SFT0480" and words in told and "--log_samples" in told


NO_LOGS = (b"{", b"[]", b'{"samples": []}', b"PK\x03\x04broken", b"\xff\xfe", b'{"eval": 1, "samples": 2}')


@pytest.mark.parametrize("data", NO_LOGS)
def test_damaged_logs_of_inspect_are_findings(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.eval").write_bytes(data)
    assert refusal(tmp_path / "x.eval", "inspect")[0] in ("SFT0407", "SFT0480")


def test_a_damaged_archive_is_a_finding_wherever_it_is_damaged(tmp_path: Path) -> None:
    whole = (MADE / "inspect_b.eval").read_bytes()
    path = tmp_path / "x.eval"
    for place in range(1000, len(whole), 4001):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            assert len(list(log_rows(path, "inspect"))) in range(25)
        except DiagnosticError as error:
            assert error.diagnostics[0].code in ("SFT0407", "SFT0480", "SFT0481")


def test_a_log_has_to_be_named_as_one_and_have_its_ending(tmp_path: Path) -> None:
    shutil.copy(MADE / "inspect_b.eval", tmp_path / "b.eval")
    found = read_source_facts(tmp_path, "b.eval", tmp_path / "cache")
    assert isinstance(found, Problem) and found.help == "add `format = inspect` to the source"
    found = read_source_facts(tmp_path, "b.eval", tmp_path / "cache", log="lm_eval")
    assert isinstance(found, Problem) and found.help == "such logs end in `.jsonl`"
    found = read_source_facts(tmp_path, "b.eval", tmp_path / "cache", log="inspect")
    assert isinstance(found, SourceFacts) and found.columns["match"] == "bool" and found.rows == 24


SPEC = """edition 2026
source run_a { path = "lm_eval_adding_a.jsonl"   format = lm_eval   licence = "CC0-1.0"   origin = model }
source run_b { path = "lm_eval_adding_b.jsonl"   format = lm_eval   licence = "CC0-1.0"   origin = model }
filter strict { keep filter == "strict-match" }
task a { from = run_a   filters = [strict] }
task b { from = run_b   filters = [strict] }
model base  { recorded = a }
model tuned { recorded = b }
eval adding {
  models = [base, tuned]
  data   = a
  metric exact = recorded("exact_match", values = binary)
}
"""


def test_two_logs_meet_in_an_eval_with_the_numbers_of_their_harness(tmp_path: Path) -> None:
    for name in "ab":
        shutil.copy(MADE / f"lm_eval_adding_{name}.jsonl", tmp_path)
    (tmp_path / "t.sft").write_text(SPEC)
    assert run(tmp_path / "t.sft").status == "done"
    found = dict(Store(tmp_path / ".sft").query("SELECT model, estimate FROM metrics WHERE template = '*'"))
    told = {}
    for model, name in (("base", "a"), ("tuned", "b")):
        results = json.loads((MADE / f"lm_eval_results_{name}.json").read_text())["results"]
        told[model] = results["adding"]["exact_match,strict-match"]
    assert found == told
    # The same items have the same ids in a run over the other log: what lets two runs be compared.
    ids = {row[0] for row in Store(tmp_path / ".sft").query("SELECT DISTINCT row_id FROM item_metrics")}
    (tmp_path / "t.sft").write_text(SPEC.replace("data   = a", "data   = b"))
    assert run(tmp_path / "t.sft").status == "done"
    assert {row[0] for row in Store(tmp_path / ".sft").query("SELECT DISTINCT row_id FROM item_metrics")} == ids
