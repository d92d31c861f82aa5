"""A loop that is killed in its second round goes on there: what was trained is not trained again, what was asked is not
asked again, and everything comes out as it does of a run that nothing stopped."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from runtime.asking.kept import KeptRequests
from runtime.asking.request import Request, Result
from runtime.store import Store
from sft.project import run
from tests import forks

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "star"
SPEC = """\
edition 2026
model blank { weights = "./model" }
source problems { path = "problems.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{digits}"   assistant = "{ordered}" }
filter anything { keep characters(ordered) >= 1 }
task problem {
  from = problems   templates = [plain]
  split { key = digits   train = 50%   test = 50% }
}
loop echo {
  rounds = 2
  generate attempts {
    method  = respond { samples = 1 }
    prompts = problem.train
    model   = previous
    decode  = sample { max_new_tokens = 6 }
    filters = [anything]
  }
  train student {
    model = blank   data = mix { real = problem.train   new = attempts }
    adapter = none   epochs = 1   max_length = 64tok   overflow = drop
  }
  eval progress {
    models = [student]   data = problem.test   decode = greedy { max_new_tokens = 6 }
    metric right = exact_match()
    metric long  = characters()
  }
}
"""
CANDIDATES = "SELECT number, row_id, content, verdict, rule, requests FROM candidates ORDER BY step_hash, number"
VALUES = "SELECT step_hash, metric, row_id, value FROM item_metrics ORDER BY ALL"
MADE = ("train", "mix", "guard", "round", "select")
TRAINED = f"SELECT step_hash, rows_out FROM results WHERE kind IN {MADE} ORDER BY ALL"


def project(folder: Path) -> Path:
    shutil.copytree(EXAMPLE / "model", folder / "model")
    lines = (EXAMPLE / "data" / "problems.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "problems.jsonl").write_text("".join(lines[:24]), encoding="utf-8")
    (folder / "echo.sft").write_text(SPEC, encoding="utf-8")
    return folder / "echo.sft"


def test_a_loop_that_was_killed_in_its_second_round_goes_on_there(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, killed = (project(tmp_path_factory.mktemp(name)) for name in ("whole", "killed"))
    asked: list[str] = []
    keep = KeptRequests.keep

    def counted(self: KeptRequests, request: Request, result: Result) -> None:
        asked.append(request.hash)
        keep(self, request, result)

    monkeypatch.setattr(KeptRequests, "keep", counted)
    assert run(whole).status == "done"
    every = list(asked)
    assert len(set(every)) == len(every)

    answers = len(every) * 3 // 4  # the rounds ask equally much, so that this is in the second one
    process = forks.start("tests.e2e.killed_loop", str(killed), str(answers))
    _, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, err
    store = Store(killed.parent / ".sft")
    kept = {row[0] for row in store.query("SELECT request_hash FROM requests")}
    trained = store.query("SELECT step_hash FROM results WHERE kind = 'train'")
    assert len(kept) == answers and len(trained) == 1

    asked.clear()
    outcome = run(killed)
    assert outcome.status == "done"
    assert kept.isdisjoint(asked) and len(asked) == len(every) - answers
    assert kept.union(asked) == set(every)
    own = Store(whole.parent / ".sft")
    for query in (CANDIDATES, VALUES, TRAINED):
        assert store.query(query) == own.query(query), query
