"""Judge steps that were killed go on with the next question, and come to the same verdicts."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests import forks
from tests.runtime.generating.generated_project import GeneratedProject
from tests.runtime.judging.killed_judge import SEEDS, SPEC, opinion

ANSWERS = 16  # among those about two answers, behind those about one
SAID = "SELECT step_hash, row_id, sample, repeat, label, reason, request_hash FROM judgements ORDER BY ALL"
VALUES = "SELECT model, metric, row_id, value, reason FROM item_metrics ORDER BY ALL"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> GeneratedProject:
    """A run that nothing stopped."""
    with pytest.MonkeyPatch.context() as patch:
        project = GeneratedProject(tmp_path_factory.mktemp("whole"), patch)
        project.seeds(SEEDS)
        assert project.run(SPEC, opinion).status == "done"
        return project


def test_a_judge_that_was_killed_asks_nothing_twice(
    whole: GeneratedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = GeneratedProject(tmp_path, monkeypatch)
    project.seeds(SEEDS)
    process = forks.start("tests.runtime.judging.killed_judge", str(tmp_path), str(ANSWERS))
    _, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, err
    kept = {row[0] for row in project.store.query("SELECT request_hash FROM requests")}
    assert 0 < len(kept) <= ANSWERS
    assert project.run(SPEC, opinion).status == "done"
    asked = [request.hash for request in project.asked]
    assert kept.isdisjoint(asked) and len(set(asked)) == len(asked)
    assert kept.union(asked) == {request.hash for request in whole.asked}
    assert project.store.query(SAID) == whole.store.query(SAID)
    assert project.store.query(VALUES) == whole.store.query(VALUES)
