"""A project with a tiny model whose answers come from a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.generating.specs import Project, new_project
from tests.tiny_model import build_tiny_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny") / "tiny")


@pytest.fixture
def project(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return new_project(tmp_path, tiny, monkeypatch)
