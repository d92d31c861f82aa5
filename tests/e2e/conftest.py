"""A project that has run once, for all tests that only look at it or work on a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.project import Project, make_project
from tests.made_once import made_once


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    def run(folder: Path) -> None:
        done = make_project(folder / "project").process("run", "triage.sft", "--plain")
        assert done.returncode == 0, done.stderr

    return Project(made_once(tmp_path_factory, "main", run) / "project")


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    copy = tmp_path / "copy"
    shutil.copytree(finished.root, copy)
    return Project(copy)
