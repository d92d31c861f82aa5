"""A project that has run once, for all tests that only look at it or work on a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.project import Project, make_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("main") / "project")
    done = project.process("run", "triage.sft", "--plain")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    copy = tmp_path / "copy"
    shutil.copytree(finished.root, copy)
    return Project(copy)
