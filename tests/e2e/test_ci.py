"""A pull request in a scratch repository: the commands of the workflow that ships, as they stand in it, run here.

What GitHub does between them (checkout, Python, caches, uploads) is not there, nor what installs. The spec is one
that is quick: a tiny model answers, and nothing is trained.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from sft.cli import main
from tests.sft.test_reports import commands
from tests.tiny_model import build_tiny_model

ROOT = Path(__file__).parent.parent.parent
SPEC = """\
edition 2026

model tiny { weights = "./tiny" }

source rows {
  path    = "sums.jsonl"
  licence = "CC0-1.0"
  origin  = human
}

filter clean {
  keep words(question) >= 1
}

template plain {
  user      = "{question}"
  assistant = "{answer}"
}

task sums {
  from      = rows
  filters   = [clean]
  templates = [plain]
  split { key = question   train = 20%   test = 80% }
}

eval short {
  models = [tiny]
  data   = sums.test
  decode = greedy { max_new_tokens = 4 }
  metric exact  = exact_match()
  metric length = characters()
  slice parity = kind
}

gate release {
  require short.length(tiny) <= 500
  require short.length(tiny) <= 400 each parity
}

lint levels {
  single_template_eval      = allow
  no_capability_requirement = allow
  point_estimates_only      = allow
}
"""


@dataclass
class Repository:
    """A checkout with a workflow, and what a step of it would have around it."""

    root: Path
    outside: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> Path:
        return self.outside / "summary.md"

    def edit(self, old: str, new: str) -> None:
        text = (self.root / "sums.sft").read_text()
        assert text.count(old) == 1, old
        (self.root / "sums.sft").write_text(text.replace(old, new))

    def git(self, *words: str) -> None:
        name = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *name, *words], cwd=self.root, check=True, capture_output=True)

    def workflow(self) -> Any:
        return yaml.safe_load((self.root / ".github/workflows/sft.yml").read_text())

    def steps(self) -> Iterator[tuple[str, str]]:
        """Names and commands of the steps that run something, but for the one that installs."""
        (job,) = self.workflow()["jobs"].values()
        for step in job["steps"]:
            if "run" in step and step["name"] != "Install":
                assert "${{" not in step["run"], "what an expression gives would be read as shell"
                yield step["name"], step["run"]

    def step(self, command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """As the runner does it for `shell: bash`."""
        self.summary.write_text("")
        given = {name: str(value) for name, value in self.workflow()["env"].items()}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
            cwd=self.root,
            env={**os.environ, **given, **self.env, **more},
            capture_output=True,
            text=True,
            timeout=300,
        )

    def line_of(self, text: str) -> str:
        lines = (self.root / "sums.sft").read_text().splitlines()
        return str(1 + next(number for number, line in enumerate(lines) if text in line))

    def junit(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Outcome and attributes of each case."""
        root = ElementTree.parse(self.root / "sft-reports/junit.xml").getroot()
        return {
            case.attrib["name"]: (next((c.tag for c in case if c.tag != "properties"), "pass"), case.attrib)
            for case in root.iter("testcase")
        }


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    outside = tmp_path_factory.mktemp("ci")
    root = outside / "repository"
    root.mkdir()
    rows = [{"question": f"{n} plus {n}", "answer": str(2 * n), "kind": "even" if n % 2 else "odd"} for n in range(80)]
    (root / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (root / "sums.sft").write_text(SPEC)
    (root / ".gitignore").write_text(".sft/\n")
    build_tiny_model(root / "tiny")
    (outside / "bin").mkdir()
    command = outside / "bin/sft"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sft "$@"\n')
    command.chmod(0o755)
    env = {
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(root),
        "GITHUB_STEP_SUMMARY": str(outside / "summary.md"),
    }
    made = Repository(root, outside, env)
    made.git("init")
    done = subprocess.run(["sft", "init", ".", "--ci"], cwd=root, env={**os.environ, **env}, capture_output=True)
    assert done.returncode == 0, done.stderr
    made.git("add", "-A")
    made.git("commit", "-m", "A spec and its workflow")
    return made


def test_a_pull_request_that_breaks_the_gate_is_stopped_and_told_why(repository: Repository) -> None:
    steps = dict(repository.steps())
    assert list(steps) == ["Check the specs", "Check their form", "Run to the verdict"]
    done = {name: repository.step(command) for name, command in steps.items()}
    assert [one.returncode for one in done.values()] == [0, 0, 0], [one.stderr for one in done.values()]
    assert commands(done["Run to the verdict"].stdout) == []
    assert {outcome for outcome, _ in repository.junit().values()} == {"pass"}

    repository.git("checkout", "-b", "stricter")
    repository.edit("<= 400 each", "<= 0 each")
    repository.git("commit", "-am", "Ask for more")
    assert [repository.step(steps[name]).returncode for name in ("Check the specs", "Check their form")] == [0, 0]
    stopped = repository.step(steps["Run to the verdict"])
    assert stopped.returncode == 2, stopped.stderr

    ((kind, place, message),) = commands(stopped.stdout)
    assert kind == "error" and place["file"] == "sums.sft" and place["line"] == repository.line_of("<= 0 each")
    assert place["title"] == "gate release: fail" and "parity = even: fail" in message

    cases = repository.junit()
    outcome, attributes = cases["short.length(tiny) <= 0 each parity"]
    assert outcome == "failure" and (attributes["file"], attributes["line"]) == ("sums.sft", place["line"])
    assert cases["short.length(tiny) <= 0 each parity [parity = odd]"][0] == "failure"
    assert cases["short.length(tiny) <= 500"][0] == "pass" and len(cases) == 4

    (result,) = json.loads((repository.root / "sft-reports/gates.sarif").read_text())["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]
    assert (region["artifactLocation"]["uri"], region["region"]) == ("sums.sft", {"startLine": int(place["line"])})

    summary = repository.summary.read_text()
    assert summary == (repository.root / "sft-reports/gates.md").read_text()
    assert (
        summary.startswith("## ✗ sums.sft: fail\n") and "| ✗ fail | short.length(tiny) \\<= 0 each parity |" in summary
    )
    later = repository.step("sft show last verdicts --format junit; sft show last verdicts --format github").stdout
    assert later.startswith((repository.root / "sft-reports/junit.xml").read_text())
    assert commands(later) == [(kind, place, message)]
    repository.git("checkout", "main")


def test_what_stops_a_run_is_told_at_its_line(repository: Repository) -> None:
    repository.edit("keep words(question) >= 1", "keep words(question) >= 100")
    steps = dict(repository.steps())
    stopped = repository.step(steps["Run to the verdict"])
    repository.git("checkout", "sums.sft")
    assert stopped.returncode == 1
    ((kind, place, message),) = commands(stopped.stdout)
    assert (kind, place["file"], place["line"]) == ("error", "sums.sft", "12") and "dropped every one" in message
    (outcome, attributes), *_ = repository.junit().values()
    assert outcome == "error" and attributes["line"] == "12"
    assert "sums.sft:12" in repository.summary.read_text()


def test_a_spec_that_does_not_compile_is_told_by_both_steps_and_leaves_a_report(repository: Repository) -> None:
    repository.edit("max_new_tokens = 4", "max_new_toknes = 4")
    steps = dict(repository.steps())
    checked, ran = (repository.step(steps[name]) for name in ("Check the specs", "Run to the verdict"))
    repository.git("checkout", "sums.sft")
    assert checked.returncode != 0 and ran.returncode == 1
    for done in (checked, ran):
        kinds = [(kind, place["file"], place["line"]) for kind, place, _ in commands(done.stdout)]
        assert kinds == [("error", "sums.sft", "30")]
    assert [outcome for outcome, _ in repository.junit().values()] == ["error"]


@pytest.fixture
def here(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """The repository as the place of commands that run in this process, which costs a tenth."""
    monkeypatch.chdir(repository.root)
    for name in ("GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY"):
        monkeypatch.setenv(name, repository.env[name])
    yield repository
    repository.git("checkout", "sums.sft")


def test_paths_are_from_the_root_of_the_checkout_wherever_the_command_is_given(
    here: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here.edit("<= 400 each", "<= 0 each")
    (here.root / "deeper").mkdir()
    monkeypatch.chdir(here.root / "deeper")
    assert main(["run", "../sums.sft", "--github", "--format", "json"]) == 2
    told = capsys.readouterr()
    assert json.loads(told.out)["verdict"] == "fail"
    ((_, place, _),) = commands("\n".join(line for line in told.err.splitlines() if line.startswith("::")))
    assert place["file"] == "sums.sft"


def test_a_run_without_a_gate_is_refused_where_a_gate_is_asked_for(
    here: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    only = ["run", "sums.sft", "--only", "measure:short", "--github", "--junit", "r.xml"]
    assert main(only) == 0
    assert [kind for kind, _, _ in commands(capsys.readouterr().out)] == ["warning"]
    assert main([*only, "--require-gate"]) == 1
    assert "SFT0931" in capsys.readouterr().err
    assert ElementTree.parse(here.root / "r.xml").getroot().get("errors") == "1"


@pytest.mark.parametrize(("option", "code"), [([], 3), (["fail"], 2), (["pass"], 0)])
def test_an_inconclusive_gate_ends_as_it_was_told_to_and_stays_inconclusive(
    here: Repository, option: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """None of 64 answers is right, which proves no share of less than 4.6%."""
    here.edit("short.length(tiny) <= 500", "short.exact(tiny) <= 1% at 95%")
    assert main(["run", "sums.sft", "--markdown", "r.md", *(["--inconclusive", *option] if option else [])]) == code
    assert "sums.sft: inconclusive" in (here.root / "r.md").read_text()
    assert "?  short.exact(tiny)" in capsys.readouterr().out
    assert main(["show", "verdicts", "--format", "markdown"]) == 0
    assert capsys.readouterr().out == (here.root / "r.md").read_text(), "a later report says what the run said"
    assert main(["show", "verdicts", "--format", "junit"]) == 0
    cases = capsys.readouterr().out
    assert {2: "<failure ", 3: "<error ", 0: "<skipped "}[code] in cases


def test_reports_are_not_left_from_an_earlier_run(here: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    (here.root / "old.xml").write_text("<testsuites/>")
    assert main(["run", "nowhere.sft", "--junit", "old.xml"]) == 1
    assert "SFT0912" in (here.root / "old.xml").read_text()
    for words, problem in (
        (["--junit", "sums.jsonl/old.xml"], "SFT0913"),
        (["--markdown", "tiny"], "SFT0913"),
        (["--junit", "a", "--sarif", "./a"], "SFT0920"),
    ):
        assert main(["run", "sums.sft", *words]) == 1
        assert problem in capsys.readouterr().err


def test_the_hooks_of_pre_commit_do_what_they_say(here: Repository) -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {(hook["files"], hook["language"]) for hook in hooks.values()} == {(r"\.sft$", "python")}
    check, form = ([*hooks[name]["entry"].split()[1:], "sums.sft"] for name in ("sft-check", "sft-fmt"))
    assert main(check) == 0
    here.edit("  origin  = human", "  origin=human")
    assert main(form) == 0 and (here.root / "sums.sft").read_text() == SPEC
