"""A wheel holds everything that the program reads at run time, and works outside the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("spec_lang", "compiler", "runtime", "tui", "sft")
DATA = ("*.lark", "*.sql", "*.md", "*.tcss", "*.sft", "*.jsonl", "*.yml", "*.json", "*.css", "*.html", "*.js", "*.zip")
DATA += ("py.typed",)
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources, with the setuptools that is installed, so offline and without a trace."""
    tree = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    out = tmp_path_factory.mktemp("wheels")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(out)], cwd=tree, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return next(out.glob("sft_lang-*.whl"))


def test_the_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for pattern in ("*.py", *DATA)
        for path in (ROOT / package).rglob(pattern)
    }
    assert not wanted - held
    for needed in ("spec_lang/sft.lark", "runtime/schema.sql", "tui/app.tcss", "sft/starter/tickets.jsonl"):
        assert needed in held
    assert any(name.endswith("licenses/LICENSE") for name in held)


def test_only_known_kinds_of_files_lie_in_the_packages() -> None:
    """A new kind of data file has to be added to the package data, or the wheel would lack it."""
    known = {".py", *(Path(pattern).suffix for pattern in DATA if pattern.startswith("*"))}
    strange = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in known and path.name != "py.typed"
    ]
    assert not strange


def test_an_unpacked_wheel_starts_a_project_that_checks_clean(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def sft(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sft", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    where = [sys.executable, "-c", "import sft; print(sft.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert found.startswith(str(site)), "this test has to look at the wheel and not at the checkout"
    started = sft("init", "project")
    assert started.returncode == 0, started.stderr
    assert {path.name for path in (tmp_path / "project").iterdir()} == {"triage.sft", "tickets.jsonl", ".gitignore"}
    checked = sft("check", "project/triage.sft")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_starting_a_project_twice_overwrites_nothing(tmp_path: Path) -> None:
    from sft.starter import write_starter
    from spec_lang.diagnostics import DiagnosticError

    spec = write_starter(tmp_path)[0]
    spec.write_text("mine", encoding="utf-8")
    with pytest.raises(DiagnosticError, match="nothing is overwritten"):
        write_starter(tmp_path)
    assert spec.read_text(encoding="utf-8") == "mine"
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8").splitlines()[-1] == ".sft/"


def test_starting_a_project_keeps_a_gitignore_that_is_there(tmp_path: Path) -> None:
    from sft.starter import write_starter

    (tmp_path / ".gitignore").write_text("data/\n", encoding="utf-8")
    written = write_starter(tmp_path)
    assert [path.name for path in written] == ["triage.sft", "tickets.jsonl"]
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "data/\n"


def test_constraints_pin_every_direct_dependency() -> None:
    import tomllib

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, exact, version = line.partition("==")
            assert exact, f"not an exact pin: {line}"
            pins[name.lower().replace("_", "-")] = version
    for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pins[requirement.name.lower()]), f"{text} excludes its own pin"
