"""The command line from outside: exit codes, what goes to which stream, words instead of tracebacks."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sft.cli import VERBS, build_parser
from tests.command import sft

KEYS = ["code", "name", "severity", "message", "path", "line", "column", "end_line", "end_column"]
KEYS += ["help", "fix", "related"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    done = sft("init", "p", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path / "p"


def test_checking_a_sound_spec_loads_what_it_needs_and_no_more(project: Path) -> None:
    """Imports are most of what it costs; what reads data is needed once a file, what explains mistakes then."""
    code = "import sys; from sft.cli import main; code = main(['check', 'triage.sft']); print(code, *sys.modules)"
    for wait in (
        2.1,
        0,
        0,
    ):  # files are remembered once they are two seconds old
        time.sleep(wait)
        done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    found, *loaded = done.stdout.split()
    needless = {"lark", "inspect", "dataclasses", "json", "shutil", "csv", "pydantic", "spec_lang.syntax_hints"}
    needless |= {"spec_lang.render", "runtime.file_facts", "sft.commands.run_command", "compiler.plan", "numpy"}
    assert found == "0" and not needless & set(loaded)


def test_without_a_command_it_shows_the_help(tmp_path: Path) -> None:
    done = sft(cwd=tmp_path)
    assert done.returncode == 0 and "exit codes" in done.stdout


def test_usage_errors_are_1_because_2_means_a_failed_gate(tmp_path: Path) -> None:
    done = sft("rnu", cwd=tmp_path)
    assert done.returncode == 1 and "invalid choice" in done.stderr


@pytest.mark.parametrize(
    ("args", "meant"),
    [
        (("chekc", "a.sft"), "`check`"),
        (("check", "a.sft", "--formt", "json"), "`--format`"),
        (("check", "a.sft", "--formt=json"), "`--format`"),
        (("check", "a.sft", "--format", "jsn"), "`json`"),
        (("show", "last", "verdict"), "`verdicts`"),
    ],
)
def test_misspelt_commands_options_and_words_get_a_suggestion(
    args: tuple[str, ...], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from sft.cli import main

    with pytest.raises(SystemExit) as left:
        main(args)
    told = capsys.readouterr().err
    assert left.value.code == 1 and f"did you mean {meant}?" in told and told.startswith("usage: sft ")


@pytest.mark.parametrize("named", [None, "", "0", "-3", "wide", " 57 ", "200"])
def test_help_is_as_wide_as_argparse_would_have_it(named: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    from sft.cli import columns

    monkeypatch.delenv("COLUMNS", raising=False) if named is None else monkeypatch.setenv("COLUMNS", named)
    assert columns() == shutil.get_terminal_size().columns


@pytest.mark.parametrize("verb", VERBS)
def test_a_command_alone_reads_and_helps_as_among_all(verb: str) -> None:
    """Of all commands only the one that was given is made."""
    alone, among = (build_parser(verbs).verbs[verb] for verbs in ((verb,), VERBS))
    assert alone.format_help() == among.format_help() and alone.prog == f"sft {verb}"


def test_what_is_like_nothing_gets_no_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    from sft.cli import main

    for args in (("check", "a.sft", "--zzzzzz"), ("qqqqqq",), ("run", "a.sft", "b.sft")):
        with pytest.raises(SystemExit):
            main(args)
        assert "did you mean" not in capsys.readouterr().err


def test_a_new_project_checks_clean_and_is_never_overwritten(project: Path) -> None:
    clean = sft("check", "triage.sft", cwd=project)
    assert clean.returncode == 0 and clean.stdout == ""
    again = sft("init", ".", cwd=project)
    assert again.returncode == 1 and "SFT0918" in again.stderr


def test_json_findings_are_one_object_a_line_on_standard_output(project: Path) -> None:
    spec = project / "triage.sft"
    spec.write_text(spec.read_text().replace("learning_rate", "lerning_rate"))
    done = sft("check", "triage.sft", "--format", "json", cwd=project)
    assert done.returncode == 1 and done.stderr == ""
    (finding,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert list(finding) == KEYS
    assert finding["name"] == "unknown-field" and "learning_rate" in finding["help"]
    text = spec.read_text().splitlines()[finding["line"] - 1]
    assert text[finding["column"] - 1 : finding["end_column"] - 1] == "lerning_rate"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("check", "nowhere.sft"), "SFT0912"),
        (("check", "."), "SFT0912"),
        (("run", "nowhere.sft"), "SFT0912"),
        (("show",), "SFT0902"),
        (("bless", "last", "main"), "SFT0902"),
        (("explain", "SFT9999"), "SFT0910"),
        (("tui",), "SFT0917"),
    ],
)
def test_mistakes_get_a_code_and_exit_1(project: Path, args: tuple[str, ...], code: str) -> None:
    done = sft(*args, cwd=project)
    assert done.returncode == 1 and code in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_a_misspelt_file_is_suggested(project: Path) -> None:
    assert "triage.sft" in sft("check", "triaeg.sft", cwd=project).stderr


def test_a_spec_that_is_not_utf8_is_refused(project: Path) -> None:
    (project / "latin.sft").write_bytes("edition 2026 # Müll".encode("latin-1"))
    assert "SFT0912" in sft("check", "latin.sft", cwd=project).stderr


def test_codes_and_names_are_explained(tmp_path: Path) -> None:
    by_code, by_name = sft("explain", "SFT0204", cwd=tmp_path), sft("explain", "unknown-field", cwd=tmp_path)
    assert by_code.returncode == 0 and by_code.stdout == by_name.stdout != ""


def test_escape_sequences_of_a_spec_never_reach_the_terminal(project: Path) -> None:
    spec = project / "triage.sft"
    spec.write_text(spec.read_text() + "\n\x1b]52;c;aGk=\x07 [red]boo\n")
    done = sft("check", "triage.sft", cwd=project)
    assert done.returncode == 1 and "\x1b" not in done.stderr and "\x07" not in done.stderr


def test_a_spec_that_asks_for_nothing_compiles_and_does_not_run(tmp_path: Path) -> None:
    spec = tmp_path / "empty.sft"
    spec.write_text("edition 2026\n")
    compiled, ran = (sft(verb, "empty.sft", cwd=tmp_path) for verb in ("compile", "run"))
    assert compiled.returncode == 0 and "0 steps" in compiled.stderr
    assert ran.returncode == 1 and "SFT0929" in ran.stderr


def test_the_command_that_goes_on_names_all_that_was_asked_for(tmp_path: Path) -> None:
    from sft.cli import build_parser
    from sft.commands.run_command import again_words

    words = [
        "run",
        "my spec.sft",
        "--set",
        "rounds=2",
        "--set",
        "name=a b",
        "--only",
        "train:x",
        "--store",
        "s",
        "--locked",
    ]
    told = again_words(build_parser().parse_args(words))
    assert sorted(told) == sorted(words[1:]) and told[0] == "my spec.sft"
    assert again_words(build_parser().parse_args(["run", "a.sft"])) == ["a.sft"]


def test_an_interrupt_before_the_command_has_begun_is_told_in_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sft import cli

    def interrupted(verbs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "build_parser", interrupted)
    assert cli.main(["run", "a.sft"]) == 130
    assert capsys.readouterr().err == "interrupted\n"
