"""Blessed runs: the file that blessing writes, and gates that compare with it in a store that never saw the run."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from compiler.compile import compile_spec
from compiler.hashing import hash_text
from compiler.measure_params import Compared
from compiler.plan import Plan, Step, StepKind
from compiler.step_params import Blessed, GateParams, MeasureParams
from compiler.world import BaselineFacts, Problem
from runtime import run_record
from runtime.baselines import Baseline, bless, listed
from runtime.blessed_file import baseline_facts, read_document, short_id, text_of
from runtime.context import StepContext, StepResult, StopFlag
from runtime.events import EventWriter
from runtime.gating.blessed import BlessedRun
from runtime.gating.evidence import Evidence
from runtime.steps import gate
from runtime.store import Store, insert_rows
from spec_lang.diagnostics import DiagnosticError, Diagnostics
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART, changed

GATE = QUICKSTART[QUICKSTART.index("gate release") : QUICKSTART.index("lint levels")]
COMPARING = """gate release {
  baseline = blessed("main")
  require format.exact(tuned) no_worse_than baseline by 5pt at 95%
}

"""
IDS = [hash_text(f"item {number}") for number in range(60)]


@dataclass
class World(FakeWorld):
    """The fake world, with the baselines that lie in a folder."""

    folder: Path = Path()

    def baseline(self, name: str) -> BaselineFacts | Problem:
        return baseline_facts(self.folder, name)


def compiled(text: str, folder: Path) -> Plan:
    found = Diagnostics()
    plan = compile_spec(SourceFile("triage.sft", text), World(folder=folder), found)
    assert plan is not None, render_plain(found)
    return plan


def step_of(plan: Plan, kind: StepKind) -> Step:
    return next(step for step in plan.steps if step.kind is kind)


def write_answers(store: Store, measure: Step, right: float, ids: list[str] = IDS, seed: int = 1) -> None:
    """Item values of every cell and metric, about so many of them right."""
    assert isinstance(measure.params, MeasureParams)
    draw = random.Random(seed)
    rows = [
        (measure.hash, cell.model, cell.template, row_id, metric.name, float(draw.random() < right))
        for cell in measure.params.cells
        for metric in measure.params.metrics
        for row_id in ids
    ]
    with store.writing() as con:
        insert_rows(con, "item_metrics", ("step_hash", "model", "template", "row_id", "metric", "value"), rows)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the store of a finished run, `1-run`, of the quickstart."""
    folder = tmp_path_factory.mktemp("before")
    store = Store(folder / ".sft").create()
    plan = compiled(QUICKSTART, folder)
    for run in ("1-run", "2-run"):
        run_record.begin(store, run, plan, {}, {}, {}, {})
        with store.writing() as con:
            con.execute(
                "UPDATE runs SET status = 'done', verdict = 'pass', ended_at = TIMESTAMPTZ '2026-01-02 12:00:00+00' "
                "WHERE run_id = ?",
                [run],
            )
    write_answers(store, step_of(plan, StepKind.MEASURE), 0.9)
    blessed(folder, folder)
    return folder


def blessed(before: Path, folder: Path, name: str = "main", run: str = "1-run", replace: bool = False) -> Baseline:
    return bless(Store(before / ".sft"), run, name, folder, note=None, replace=replace, anyway=False)


def gated(text: str, folder: Path, right: float, ids: list[str] = IDS, seed: int = 1) -> StepResult:
    """Compile a spec beside the baselines of a folder, and decide its gate in a new store."""
    plan = compiled(text, folder)
    store = Store(folder / f"store {len(list(folder.iterdir()))}").create()
    measure = step_of(plan, StepKind.MEASURE)
    write_answers(store, measure, right, ids, seed)
    step = step_of(plan, StepKind.GATE)
    events = EventWriter(folder / "events.jsonl")
    inputs: Mapping[str, Path] = {"format": folder}
    return gate.run(StepContext(step, "run", folder, inputs, {"format": measure}, folder, store, events, StopFlag()))


def copied(before: Path, folder: Path) -> Path:
    """The file of the baseline in another folder: what a clone has."""
    path = folder / "baselines" / "main.json"
    path.parent.mkdir()
    path.write_bytes((before / "baselines" / "main.json").read_bytes())
    return path


def comparing(old: str = "", new: str = "") -> str:
    """The spec whose gate compares with the baseline, with one piece of it replaced."""
    text = changed(GATE, COMPARING)
    return changed(old, new, text) if old else text


def test_a_clone_without_the_store_compares_with_the_blessed_run(before: Path, tmp_path: Path) -> None:
    copied(before, tmp_path)
    (found,) = gated(comparing(), tmp_path, 0.9).summary["requirements"]
    assert found["verdict"] == "pass"
    told = "against `tuned` of baseline `main` (run 1-run, 2026-01-02): 0 pt on 60 paired items"
    assert told in found["reason"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("max_new_tokens = 48", "max_new_tokens = 64", "under template `plain` (max_new_tokens 48 then, 64 now)"),
        ("exact_match()", 'exact_match(normalise = "text")', "computed `exact` otherwise (args.normalise none then"),
        ("A customer writes:", "A client writes:", "template `chatty` does not show what it showed in baseline `main`"),
        ("templates = [plain, chatty]", "templates = [plain]", "was also asked under template `chatty`"),
        ("epochs        = 1", "epochs        = 2", ""),
        ("metric json  = valid_json()", "metric json  = contains()", ""),
    ],
)
def test_what_was_done_otherwise_is_named(before: Path, tmp_path: Path, old: str, new: str, words: str) -> None:
    """What of it matters: another training is what is compared, and another metric is not looked at."""
    copied(before, tmp_path)
    differs = comparison_of(compiled(comparing(old, new), tmp_path)).differs
    assert bool(differs) == bool(words)
    assert any(words in item for item in differs) or not words


def comparison_of(plan: Plan) -> Blessed:
    params = step_of(plan, StepKind.GATE).params
    assert isinstance(params, GateParams)
    (requirement,) = params.requirements
    assert isinstance(requirement, Compared) and requirement.blessed is not None
    return requirement.blessed


def test_a_renamed_template_is_the_one_that_was_blessed(before: Path, tmp_path: Path) -> None:
    copied(before, tmp_path)
    assert QUICKSTART.count("chatty") > 1
    text = comparing().replace("chatty", "friendly")
    assert comparison_of(compiled(text, tmp_path)).differs == ()
    (found,) = gated(text, tmp_path, 0.9).summary["requirements"]
    assert found["verdict"] == "pass" and "0 pt on 60 paired items under 2 templates each" in found["reason"]


def test_other_items_are_named(before: Path) -> None:
    document = read_document(before, "main")
    assert isinstance(document, dict)
    ids = tuple(sorted([*IDS[:-3], hash_text("a new one")]))
    here = Evidence(Store(before), "hash", ("plain", "chatty"), ids, {}, MeasureParams(metrics=(), slices=(), cells=()))
    answers, against = BlessedRun(document).against(Blessed(name="main", model="tuned"), here, "format", "exact")
    assert np.isnan(answers).all(axis=1).sum() == 1 == np.isnan(answers).any(axis=1).sum()
    assert against.differs == (
        "baseline `main` is of other data (1 item was not asked in the baseline and "
        "3 items of the baseline are not here)",
    )
    same = BlessedRun(document).against(
        Blessed(name="main", model="tuned"), replace(here, row_ids=tuple(sorted(IDS))), "format", "exact"
    )
    assert same[1].differs == () and not np.isnan(same[0]).any()


def test_another_model_of_the_run_can_be_compared_with(before: Path, tmp_path: Path) -> None:
    copied(before, tmp_path)
    text = comparing('blessed("main")', 'blessed("main", model = smol)')
    assert comparison_of(compiled(text, tmp_path)) == Blessed(name="main", model="smol")


def test_blessing_again_writes_the_same_bytes(before: Path, tmp_path: Path) -> None:
    text = (before / "baselines" / "main.json").read_text(encoding="utf-8")
    assert blessed(before, tmp_path).path.read_text(encoding="utf-8") == text
    document = json.loads(text)
    assert list(document)[:4] == ["format", "content", "name", "run"]
    assert [line.split(" ")[0] for line in document["evals"]["format"]["values"]] == sorted(map(short_id, IDS))
    assert len(text) < 10_000 and len(text.splitlines()) > 60  # a line an item


def test_another_note_is_not_called_another_run(before: Path, tmp_path: Path) -> None:
    store = Store(before / ".sft")

    def noted(note: str | None, replace: bool = False) -> str:
        done = bless(store, "1-run", "noted", tmp_path, note=note, replace=replace, anyway=False)
        [(kept,)] = store.query("SELECT note FROM baselines WHERE name = 'noted'")
        assert json.loads(done.path.read_text(encoding="utf-8"))["note"] == kept
        return str(kept)

    assert noted("of May") == "of May"
    with pytest.raises(DiagnosticError) as caught:
        noted("of June")
    (found,) = caught.value.diagnostics
    assert found.code == "SFT0916" and "is this run already, with another note: of May" in found.message
    assert noted(None) == "of May", "doing it again changes nothing"
    assert noted("of June", replace=True) == "of June"
    with store.writing() as con:
        con.execute("DELETE FROM baselines WHERE name = 'noted'")
    with pytest.raises(DiagnosticError, match="holds run 1-run"):
        bless(store, "2-run", "noted", tmp_path, note=None, replace=False, anyway=False)


def test_a_name_moves_only_when_asked(before: Path, tmp_path: Path) -> None:
    """Neither to another run, nor over a file that somebody changed."""
    path = copied(before, tmp_path)
    with pytest.raises(DiagnosticError) as caught:
        blessed(before, tmp_path, run="2-run")
    assert caught.value.diagnostics[0].code == "SFT0916"
    path.write_text("", encoding="utf-8")
    with pytest.raises(DiagnosticError) as caught:
        blessed(before, tmp_path)
    assert caught.value.diagnostics[0].code == "SFT0916"
    assert path.read_text(encoding="utf-8") == ""
    blessed(before, tmp_path, replace=True)
    found = read_document(tmp_path, "main")
    assert isinstance(found, dict) and found["run"] == "1-run"


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        (lambda text: text.replace(" 0 ", " 1 ", 1), "SFT0662"),
        (lambda text: text.replace('"run": "1-run"', '"run": "9-run"'), "SFT0662"),
        (lambda text: text[: len(text) // 2], "SFT0662"),
        (lambda text: "[]", "SFT0662"),
        (lambda text: "null", "SFT0662"),
        (lambda text: "\ud800", "SFT0662"),
        (lambda text: text.replace('"format": 1', '"format": 2', 1), "SFT0662"),
    ],
)
def test_a_file_that_was_changed_is_refused(before: Path, tmp_path: Path, spoilt: object, code: str) -> None:
    path = copied(before, tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_bytes(spoilt(text).encode("utf-8", "surrogatepass"))  # type: ignore[operator]
    found = baseline_facts(tmp_path, "main")
    assert isinstance(found, Problem) and found.code == code
    diagnostics = Diagnostics()
    assert compile_spec(SourceFile("triage.sft", comparing()), World(folder=tmp_path), diagnostics) is None
    assert [item.code for item in diagnostics] == [code]


def test_a_file_under_another_name_is_refused(before: Path, tmp_path: Path) -> None:
    path = copied(before, tmp_path)
    path.rename(path.with_name("other.json"))
    found = baseline_facts(tmp_path, "other")
    assert isinstance(found, Problem) and "is the file of baseline `main`" in found.message
    missing = baseline_facts(tmp_path, "othr")
    assert isinstance(missing, Problem) and missing.code == "SFT0661" and "`other`" in str(missing.help)
    assert isinstance(baseline_facts(tmp_path, "../../etc/passwd"), Problem)


def test_a_file_that_changed_after_the_plan_is_refused(before: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        BlessedRun.read(before, "main", "the hash of another content")
    assert caught.value.diagnostics[0].code == "SFT0662"


def test_the_content_of_the_file_is_in_the_hash_of_the_gate(before: Path, tmp_path: Path) -> None:
    path = copied(before, tmp_path)
    plan = compiled(comparing(), tmp_path)
    document = json.loads(path.read_text(encoding="utf-8"))
    del document["content"], document["format"]
    path.write_text(text_of(document | {"note": "another"}), encoding="utf-8")
    assert step_of(compiled(comparing(), tmp_path), StepKind.GATE).hash != step_of(plan, StepKind.GATE).hash


def test_the_list_names_files_and_what_only_the_store_knows(before: Path, tmp_path: Path) -> None:
    copied(before, tmp_path)
    (tmp_path / "baselines" / "broken.json").write_text("{", encoding="utf-8")
    found = {item.name: item for item in listed(Store(before / ".sft"), tmp_path)}
    assert (found["main"].run_id, found["main"].items, found["main"].in_store) == ("1-run", 60, True)
    assert found["broken"].problem is not None and not found["broken"].in_store
    alone = listed(None, tmp_path)
    assert [item.name for item in alone] == ["broken", "main"] and not alone[1].in_store
