"""A loop from its spec to its verdict, with real training and sampling of a small model: what a guard stops."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from runtime.blessing import document
from runtime.scheduler import RunOutcome
from runtime.store import Store
from sft.exporting import Wanted, export
from sft.exporting_evals import export_evaluation
from sft.project import compile, run
from sft.show import show
from spec_lang.diagnostics import Diagnostic, DiagnosticError
from tui import round_queries

EXAMPLE = Path(__file__).parents[2] / "examples" / "star"
SPEC = """\
edition 2026
model blank { weights = "./model" }
source lessons  { path = "lessons.jsonl"    licence = "CC0-1.0"   origin = human }
source problems { path = "problems.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{digits}"   assistant = "{ordered}" }
filter anything { keep characters(ordered) >= 1 }
task lesson {
  from = lessons   templates = [plain]
  split { key = digits   train = 60%   watched = 20%   test = 20% }
}
task problem { from = problems  templates = [plain] }
train taught {
  model = blank   data = lesson.train   adapter = none   epochs = 4   learning_rate = 0.003
  max_length = 64tok   overflow = error
}
loop echo {
  rounds = 2
  generate attempts {
    method  = respond { samples = 1 }
    prompts = problem
    model   = previous
    decode  = sample { max_new_tokens = 6 }
    filters = [anything]
  }
  train student {
    model = taught   restart = taught   data = mix { real = lesson.train   new = attempts }
    adapter = none   max_length = 64tok   overflow = error
  }
  eval progress {
    models = [student]   data = lesson.watched   decode = greedy { max_new_tokens = 6 }
    metric right = exact_match()
  }
  guard lineage_depth <= LIMIT
  guard real_share >= 1%
}
eval final {
  models = [taught, echo]   data = lesson.test   decode = greedy { max_new_tokens = 6 }
  metric right = exact_match()
}
eval apart {
  models = [taught]   data = lesson.test   decode = greedy { max_new_tokens = 6 }
  metric long = characters()
}
gate release { require final.right(echo) >= 0% }
"""


def written(folder: Path, limit: int) -> Path:
    spec = folder / f"at_most_{limit}.sft"
    spec.write_text(SPEC.replace("LIMIT", str(limit)), encoding="utf-8")
    return spec


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loop")
    shutil.copytree(EXAMPLE / "model", folder / "model")
    for name, rows in (("lessons", 60), ("problems", 12)):
        lines = (EXAMPLE / "data" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / f"{name}.jsonl").write_text("".join(lines[:rows]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def first(project: Path) -> RunOutcome:
    """A run whose second round is stopped."""
    return run(written(project, 1))


def of_the_loop(outcome: RunOutcome) -> list[Diagnostic]:
    """What the loop found. Answers of so small a model may be cut off, or not, as the processor has it (SFT0572)."""
    return [item for item in outcome.findings if item.code != "SFT0572"]


def statuses(store: Store, run_id: str) -> dict[str, tuple[str, str | None]]:
    rows = store.query("SELECT step_id, status, reason FROM steps WHERE run_id = ?", [run_id])
    return {row[0]: (row[1], row[2]) for row in rows}


def test_a_guard_in_the_second_round_leaves_the_model_of_the_first(project: Path, first: RunOutcome) -> None:
    outcome = first
    store = Store(project / ".sft")
    assert (outcome.status, outcome.verdict) == ("done", "pass")
    assert [(item.code, item.severity) for item in of_the_loop(outcome)] == [("SFT0570", "warning")]
    found = statuses(store, outcome.run_id)
    line = SPEC.splitlines().index("  guard lineage_depth <= LIMIT") + 1
    told = "round 2 of echo stopped: guard lineage_depth <= 1: it is 2, of "
    skipped = {name: reason for name, (status, reason) in found.items() if status == "skipped"}
    assert {"train:echo.2.student", "measure:echo.2.progress", "round:echo.2"} <= skipped.keys()
    (reason,) = {reason for reason in skipped.values() if reason}
    assert reason.startswith(told) and reason.endswith(f"rows, line {line}")
    assert found["select:echo"][0] == found["measure:final"][0] == found["gate:release"][0] == "done"
    (loop,) = round_queries.loops(store, outcome.run_id)
    assert (loop.chosen, [one.state for one in loop.rounds]) == (1, ["trained", "stopped"])
    page = show(store, outcome.run_id, "rounds", "text")
    assert "stands for round 1, by the last completed round" in page and "lineage_depth" in page and "SFT0570" in page


def test_a_later_run_of_the_same_plan_skips_the_same_for_the_same_reason(project: Path, first: RunOutcome) -> None:
    again = run(written(project, 1))
    store = Store(project / ".sft")
    assert (again.computed, again.verdict, len(of_the_loop(again))) == (0, "pass", 1)
    old, new = (statuses(store, one.run_id) for one in (first, again))
    assert {name: reason for name, (status, reason) in old.items() if status == "skipped"} == {
        name: reason for name, (status, reason) in new.items() if status == "skipped"
    }
    from sft.planning import compare

    plan, _ = compile(written(project, 1))
    assert plan is not None
    states = {change.step_id: change.state for change in compare(plan, store).changes}
    assert states["train:echo.2.student"] == "skipped" and states["select:echo"] == "cached"


@pytest.mark.usefixtures("first")
def test_a_loop_that_is_stopped_before_it_trains_has_no_model_and_never_passes(project: Path) -> None:
    """The steps of the first round are in the store by now: what a guard stops is skipped all the same."""
    outcome = run(written(project, 0))
    store = Store(project / ".sft")
    found = statuses(store, outcome.run_id)
    assert (outcome.status, outcome.verdict) == ("done", "inconclusive")
    assert found["train:echo.1.student"][0] == found["select:echo"][0] == found["measure:final"][0] == "skipped"
    assert found["measure:apart"][0] in ("done", "cached")
    verdict, reason = store.query(
        "SELECT verdict, reason FROM gates WHERE step_hash = (SELECT step_hash FROM steps WHERE run_id = ? AND "
        "step_id = 'gate:release')",
        [outcome.run_id],
    )[0]
    assert verdict == "inconclusive" and "round 1 of echo stopped: guard lineage_depth <= 0" in reason
    data = json.loads(show(store, outcome.run_id, "rounds", "json"))
    assert data["loops"][0]["chosen"] is None and data["loops"][0]["rounds"][0]["state"] == "stopped"


@pytest.mark.usefixtures("first")
def test_what_a_run_skipped_is_nothing_of_it(project: Path, tmp_path: Path) -> None:
    """An earlier run made the same steps: they are in the store, and no figure, model or baseline of this run."""
    spec, store = written(project, 0), Store(project / ".sft")
    spec.write_text(
        spec.read_text(encoding="utf-8").replace("final.right(echo) >= 0%", "apart.long(taught) >= 0"), "utf-8"
    )
    outcome = run(spec)
    assert (outcome.status, outcome.verdict) == ("done", "inconclusive"), "its gate asks about something else"
    shown = json.loads(show(store, outcome.run_id, "metrics", "json"))
    assert {row["eval"] for row in shown["metrics"]} == {"apart"}
    assert document(store, "main", outcome.run_id, None)["evals"].keys() == {"apart"}
    for name in ("echo.1.student", "echo"):
        with pytest.raises(DiagnosticError, match=f"skipped `{name}`: round 1 of echo stopped") as caught:
            export(Wanted(name, tmp_path / "to", run=outcome.run_id), None, store)
        assert caught.value.diagnostics[0].code == "SFT0922"
    with pytest.raises(DiagnosticError, match="measured no eval that is called `final`"):
        export_evaluation("final", tmp_path / "to", store, run=outcome.run_id, replace=False)


@pytest.mark.usefixtures("first")
def test_a_round_that_accepts_nothing_ends_the_loop_with_a_reason(project: Path) -> None:
    spec, store = project / "nothing.sft", Store(project / ".sft")
    text = SPEC.replace("mix { real = lesson.train   new = attempts }", "attempts").replace(") >= 1 }", ") >= 999 }")
    spec.write_text(text.replace("  guard lineage_depth <= LIMIT\n  guard real_share >= 1%\n", ""), encoding="utf-8")
    outcome = run(spec)
    assert (outcome.status, outcome.verdict) == ("done", "inconclusive")
    assert [item.message for item in of_the_loop(outcome)] == ["round 1 of echo stopped: no row is left to train on"]
    found = statuses(store, outcome.run_id)
    assert found["train:echo.1.student"] == ("skipped", "round 1 of echo stopped: no row is left to train on")
    (loop,) = round_queries.loops(store, outcome.run_id)
    assert (loop.rounds[0].state, loop.rounds[0].reason) == ("stopped", "no row is left to train on")
    assert {one.name: (one.op, one.value) for one in loop.rounds[0].figures}["real_share"] == (None, None)
