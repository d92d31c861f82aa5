"""Where reports of a run may go, and what stands beside them on the streams of a CI."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sft.cli import main
from sft.reports.forms import FORMS
from spec_lang.github import Defused, commanding, defused, defused_stream
from tests.sft.test_reports import MIXED

SPEC = """\
edition 2026

source qs {
  path    = "q.jsonl"
  licence = "MIT"
  origin  = human
}

source an {
  path    = "a.jsonl"
  licence = "MIT"
  origin  = model
}

task questions { from = qs }

model large { recorded = an   item = question   answer = ans }

eval math {
  models   = [large]
  data     = questions
  expected = answer
  metric right = exact_match()
}

gate release { require math.right(large) >= 50% at 95% }
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spec whose run an error stops that names values of rows, which are commands of a workflow."""
    monkeypatch.chdir(tmp_path)
    forged = "\\n::error title=pwn::{0}\\n##[error]{0}"
    asked = [{"question": forged.format(n), "answer": "1"} for n in range(5)]
    answered = [{"question": forged.format(n + 50), "ans": "1"} for n in range(5)]
    for name, rows in (("q.jsonl", asked), ("a.jsonl", answered)):
        (tmp_path / name).write_text("".join(json.dumps(row).replace("\\\\n", "\\n") + "\n" for row in rows))
    (tmp_path / "s.sft").write_text(SPEC)
    (tmp_path / "out").mkdir()
    (tmp_path / "alias.xml").symlink_to("s.sft")
    (tmp_path / "notes.md").write_text("## What we did\n")
    return tmp_path


@pytest.mark.parametrize("option", ["--junit", "--sarif", "--markdown"])
@pytest.mark.parametrize("place", ["s.sft", "./out/../s.sft", "alias.xml", "q.jsonl", "notes.md", "out", "new.sft"])
def test_a_report_takes_the_place_of_nothing_but_a_report(
    spec: Path, option: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in spec.iterdir() if path.is_file()}

    before = files()
    old = Path("old.xml")
    first = ["--junit", str(old)] if option != "--junit" else []
    assert main(["run", "s.sft", *first, option, place]) == 1
    told = capsys.readouterr().err
    assert "SFT0913" in told and "…" not in told  # nothing ran
    assert files() == before and not old.exists()


def test_earlier_reports_stay_where_another_one_is_refused(spec: Path) -> None:
    (spec / "old.xml").write_text("<testsuites/>")
    assert main(["run", "s.sft", "--junit", "old.xml", "--markdown", "s.sft"]) == 1
    assert (spec / "old.xml").read_text() == "<testsuites/>"


@pytest.mark.parametrize("form", ["junit", "sarif", "markdown"])
def test_reports_take_the_place_of_their_like(spec: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    (spec / "old").write_text(FORMS[form](MIXED), encoding="utf-8")
    assert main(["run", "nowhere.sft", f"--{form}", "old"]) == 1
    assert "SFT0912" in (spec / "old").read_text(encoding="utf-8") and "SFT0913" not in capsys.readouterr().err


def test_no_row_forges_an_annotation_on_standard_error(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "s.sft", "--plain", "--github"]) == 1
    told = capsys.readouterr()
    assert "## [error]5" in told.err and "##[" not in told.err
    assert not any(line.lstrip().startswith("::") for line in told.err.splitlines())
    assert told.out.startswith("::error file=s.sft")
    assert not isinstance(sys.stderr, Defused)
    assert main(["run", "s.sft", "--plain", "--github", "--format", "json"]) == 1
    (command,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("::")]
    assert command.startswith("::error file=s.sft")  # our own is still one


def test_a_run_over_recorded_answers_loads_no_torch(spec: Path) -> None:
    (spec / "a.jsonl").write_text((spec / "q.jsonl").read_text().replace('"answer"', '"ans"'))
    program = "import sys; from sft.cli import main; main(['run', 's.sft']); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.stdout.endswith("False\n") and "math.right(large)" in done.stdout, done.stderr


def test_a_report_of_a_store_elsewhere_names_the_spec_where_one_stands(
    spec: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [{"question": f"{n}", "answer": "1", "ans": str(min(n, 1))} for n in range(5)]
    for name in ("q.jsonl", "a.jsonl"):
        (spec / name).write_text("".join(json.dumps(row) + "\n" for row in answers))
    store = str(tmp_path_factory.mktemp("elsewhere") / "store")
    main(["run", "s.sft", "--store", store, "--github"])
    of_run = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::warning file=s.sft,line=26,")]
    main(["show", "last", "verdicts", "--store", store, "--format", "github"])
    assert capsys.readouterr().out.splitlines() == of_run != []


def test_text_that_a_runner_takes_for_commands_is_broken() -> None:
    assert defused("a ##[error]x ##[") == "a ## [error]x ## ["
    assert defused("::a::\n \t::b::\r::c::\n\n::d\nx ::e:: : ::") == ": :a::\n \t: :b::\r: :c::\n\n: :d\nx ::e:: : ::"


def test_a_command_in_pieces_is_broken_too(capsys: pytest.CaptureFixture[str]) -> None:
    stream = defused_stream(sys.stderr)
    for piece in ("#", "#", "[x]\n:", ":y::", "\nx"):
        stream.write(piece)
    assert commanding(stream) is sys.stderr
    assert capsys.readouterr().err == "## [x]\n: :y::\nx"
