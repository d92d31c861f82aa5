"""`sft compare` from outside: buckets and items, two runs, what differs, exit codes, names that are wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime.baselines import bless
from runtime.store import Store
from sft.compare_page import page
from sft.comparing_models import Wanted, compare_models
from sft.project import open_store, run
from spec_lang.diagnostics import DiagnosticError
from tests.command import sft
from tests.two_models import exam, write

SPEC = exam("metric exact = exact_match()\n  metric length = characters()\n  slice short = characters(question) < 2")
# 40 questions: 30 right under both, 6 fixed, 2 regressed, 2 wrong under both; the last has no answer of `new`.
OLD = "r" * 30 + "w" * 6 + "r" * 2 + "w" * 2
NEW = "r" * 30 + "r" * 6 + "w" * 2 + "w" * 2


def written(folder: Path, spec: str = SPEC, prompts: Mapping[int, str] | None = None, whole: bool = True) -> Path:
    words = {"r": "yes", "w": "no \x1b[31m| `no`"}
    said: list[dict[str, Any]] = [
        {"question": str(n), "old": words[OLD[n]], "new": words[NEW[n]], "asked": (prompts or {}).get(n, f"Say {n}.")}
        for n in range(40)
    ]
    if not whole:
        said[39]["new"] = None
    return write(folder, spec, ({"question": str(n), "answer": "yes"} for n in range(40)), said)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs: the second has other prompts for two items, and one answer less."""
    folder = tmp_path_factory.mktemp("compare")
    assert run(written(folder)).status == "done"
    bless(open_store(folder), "last", "main", folder, note=None, replace=False, anyway=True)
    assert run(written(folder, prompts={3: "Say three.", 4: "Say four."}, whole=False)).status == "done"
    return folder


def record(first: str, second: str, *buckets: str, cwd: Path) -> dict[str, Any]:
    """What `--format json` prints of the metric `exact`, without starting Python once more."""
    wanted = Wanted(first, second, metric="exact", items=bool(buckets), buckets=buckets)
    found: dict[str, Any] = page(compare_models(wanted, open_store(cwd))).data["comparisons"][0]
    return json.loads(json.dumps(found))


def test_two_models_of_a_run_item_by_item(project: Path) -> None:
    exact = record("main:old", "main:new", "regressed", cwd=project)
    assert exact["buckets"] == {"regressed": 2, "fixed": 6, "failing": 2, "passing": 30}
    assert (exact["outcome"], exact["differs"], exact["change"]["n"]) == ("no difference shown", [], 40)
    assert exact["change"]["estimate"] == pytest.approx(0.1)
    # scipy: binomtest(2, 8).pvalue - binom.pmf(2, 8, 0.5)
    assert exact["change"]["p_value"] == pytest.approx(0.2890625 - 0.109375)
    assert sorted(item["texts"]["asked"] for item in exact["items"]) == ["Say 36.", "Say 37."]
    assert [(one["value"], one["change"]["n"]) for one in exact["slices"]] == [("false", 30), ("(small: true)", 10)]


def test_text_shows_both_answers_and_no_control_character(project: Path) -> None:
    done = sft("compare", "main:old", "main:new", "--items", "--limit", "1", cwd=project)
    assert done.returncode == 0
    assert "2 regressed, 6 fixed, 2 failing, 30 passing" in " ".join(done.stdout.split())
    assert "main:new: no ␛[31m| `no`" in " ".join(done.stdout.split())
    assert "\x1b" not in done.stdout
    markdown = sft("compare", "main:old", "main:new", "--items", "--limit", "1", "--format", "markdown", cwd=project)
    assert "no ␛\\[31m\\| \\`no\\`" in markdown.stdout


def test_the_model_of_one_run_against_that_of_another(project: Path) -> None:
    done = sft("compare", "main:old", "old", "--metric", "exact", cwd=project)
    assert done.returncode == 3
    assert "prompt: 2 items were asked otherwise" in " ".join(done.stdout.split())
    exact = record("main:new", "last:new", "incomparable", cwd=project)
    assert exact["outcome"] == "inconclusive" and exact["buckets"]["incomparable"] == 1
    assert [item["reason"] for item in exact["items"]] == ["not answered by last:new"]


def test_a_run_against_itself_shows_no_difference(project: Path) -> None:
    for one in compare_models(Wanted("main:old", "main:old"), open_store(project)):
        assert one.result.outcome == "no difference shown"
        assert one.result.change is not None and one.result.change.p_value == 1


def test_another_normaliser_measures_something_else(project: Path) -> None:
    spec = written(project, SPEC.replace("exact_match()", "exact_match(normalise = text)"))
    assert run(spec).status == "done"
    found = record("main:old", "old", cwd=project)
    assert found["outcome"] == "inconclusive"
    assert found["differs"] == ["metric: exact_match(normalise = none) against exact_match(normalise = text)"]


def test_another_judge_under_the_same_name_measures_something_else(tmp_path: Path) -> None:
    judged = SPEC.replace("eval exam", "judge right { labels = [no, yes]   using = recorded(asked) }\neval exam")
    judged = judged.replace("exact_match()", "rate(right == yes)").replace("   prompt = asked", "")
    spec = written(tmp_path, judged, prompts=dict.fromkeys(range(40), "yes"))
    assert run(spec).status == "done"
    bless(open_store(tmp_path), "last", "main", tmp_path, note=None, replace=False, anyway=True)
    assert record("main:old", "old", cwd=tmp_path)["differs"] == []
    spec.write_text(judged.replace("recorded(asked)", "recorded(old)"))
    assert run(spec).status == "done"
    found = record("main:old", "old", cwd=tmp_path)
    assert found["outcome"] == "inconclusive" and found["differs"] == ["judge: another in column"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("old", "nwe"), "there is no model `nwe`"),
        (("old", "new", "--eval", "exma"), "did you mean `exam`?"),
        (("old", "new", "--metric", "exakt"), "did you mean `exact`?"),
        (("nowhere:old", "new"), "there is no run `nowhere`"),
        (("main", "new"), "there is no model `main`"),
    ],
)
def test_wrong_names_are_errors_with_a_way_out(project: Path, args: tuple[str, ...], words: str) -> None:
    names = {option.removeprefix("--"): value for option, value in zip(args[2::2], args[3::2], strict=True)}
    with pytest.raises(DiagnosticError) as caught:
        compare_models(Wanted(args[0], args[1], **names), open_store(project))
    found = caught.value.diagnostics[0]
    assert words in f"{found.message} {found.help}"


def test_a_baseline_is_written_beside_its_spec_and_nowhere_else(project: Path, tmp_path: Path) -> None:
    store = tmp_path / "elsewhere" / ".sft"
    shutil.copytree(project / ".sft", store)
    with Store(store).writing() as con:  # as on another machine, where that folder is none
        con.execute("UPDATE environment SET value = value || '/gone' WHERE key = 'spec:folder'")
    done = sft("bless", "last", "away", "--anyway", "--store", str(store), cwd=project)
    assert done.returncode == 1 and "the spec `exam.sft` is not beside the store" in done.stderr
    assert not (tmp_path / "elsewhere" / "baselines").exists()
    done = sft("bless", "last", "away", "--anyway", "--store", str(store), "--beside", str(tmp_path), cwd=project)
    assert done.returncode == 0 and (tmp_path / "baselines" / "away.json").is_file(), done.stderr


def test_a_recorded_row_is_traced_to_the_row_that_it_answers_and_back(project: Path) -> None:
    def traced(place: str) -> dict[str, dict[str, Any]]:
        told = sft("trace", place, "--run", "main", "--format", "json", cwd=project)
        return {step["step"]: step for step in json.loads(told.stdout)["steps"]}

    said, asked = traced("said.jsonl:35"), traced("asked.jsonl:35")
    step = "predict:exam.old.recorded"
    assert (said[step]["state"], said[step]["item"]["file"], said[step]["item"]["line"]) == (
        "answered",
        "asked.jsonl",
        35,
    )
    assert said[step]["answer"]["expected"] == "yes"
    assert {(one["model"], one["value"]) for one in said["measure:exam"]["metrics"] if one["metric"] == "exact"} == {
        ("old", 0.0),
        ("new", 1.0),
    }
    assert asked[step]["recorded"] == {**asked[step]["recorded"], "file": "said.jsonl", "line": 35}
    assert "item" not in asked[step] and "recorded" not in said[step]


def test_runs_of_recorded_answers_have_a_difference_too(project: Path) -> None:
    done = sft("diff", "main", "last", cwd=project)
    assert done.returncode == 2 and "exam.exact(new)" in done.stdout, done.stderr


def test_two_runs_differ_by_the_sets_and_sides_of_their_metrics(tmp_path: Path) -> None:
    spec = SPEC.replace("answer = new", "answer = new   scores { errors = errors }").replace("[old, new]", "[new]")
    spec = spec.replace("characters()\n", 'macro_f1()\n  metric errors = recorded("errors", better = lower)\n')
    runs = []
    for wrong in (4, 12):
        asked = [{"question": str(n), "answer": "yes" if n % 2 else "no"} for n in range(40)]
        said = [
            {
                **row,
                "new": ("no", "yes")[(n < wrong) ^ (n % 2)],
                "old": "",
                "asked": "?",
                "errors": n % 5 + (n < wrong) / 2,
            }
            for n, row in enumerate(asked)
        ]
        done = run(write(tmp_path, spec, asked, said))
        assert done.status == "done", done.findings
        runs.append(done.run_id)
    found = json.loads(sft("diff", *runs, "--format", "json", cwd=tmp_path).stdout)
    metrics = {pair["metric"]: pair for pair in found["metrics"]}
    whole = metrics["length"]
    change = whole["second"]["estimate"] - whole["first"]["estimate"]
    assert whole["paired"]["estimate"] == pytest.approx(change) and change < -0.1
    assert "bootstrap" in whole["paired"]["test"] and whole["paired"]["p_value"] < 0.05
    errors = metrics["errors"]["paired"]
    assert (errors["better"], errors["gained"], errors["lost"]) == ("lower", 8, 0) and errors["p_value"] < 0.05
    assert "0 answers better, 8 worse, p = " in " ".join(sft("diff", *runs, cwd=tmp_path).stdout.split())
