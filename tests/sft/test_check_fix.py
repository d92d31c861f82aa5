"""`sft check --fix` and `sft explain`: what is written, what is shown, and when a file is left as it is."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from sft import explain_pages
from sft.cli import main
from sft.rewriting import rewrite
from spec_lang import codes
from spec_lang.diagnostics import DiagnosticError

ROOT = Path(__file__).parents[2]
RIGHT = """edition 2026

source tickets {
  path    = "tickets.jsonl"
  licence = "CC0-1.0"
  origin  = human
}

filter clean {
  keep words(message) in 3..80
}

task triage {
  from    = tickets
  filters = [clean]
}
"""
WRONG = (
    RIGHT.replace("licence", "licnce").replace("words(message) in", "words(mesage) ni").replace("= human", ": human")
)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tickets.jsonl").write_text('{"message": "Where is my order?"}\n')
    path = tmp_path / "triage.sft"
    path.write_text(WRONG)
    return path


def test_fix_mends_the_file_and_shows_how(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "triage.sft", "--fix"]) == 0
    shown = capsys.readouterr()
    assert spec.read_text() == RIGHT
    assert shown.out == ""
    assert "--- triage.sft\n+++ triage.sft\n" in shown.err
    assert '-  licnce = "CC0-1.0"\n' in shown.err and '+  licence = "CC0-1.0"\n' in shown.err
    assert shown.err.endswith("1 checked: 0 errors, 0 warnings\n")


def test_without_fix_it_says_how_many_can_be_mended(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "triage.sft"]) == 1
    assert capsys.readouterr().err.endswith("2 errors, 0 warnings; `--fix` mends 2\n")
    assert spec.read_text() == WRONG


def test_it_counts_no_fix_that_would_not_be_written(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The declaration may be the slip where all uses agree, so nothing is renamed."""
    spec.write_text(RIGHT.replace("filter clean", "filter claen").replace("[clean]", "[clean, clean]"))
    assert main(["check", "triage.sft"]) == 1
    assert "`--fix`" not in capsys.readouterr().err
    before = spec.read_text()
    assert main(["check", "triage.sft", "--fix"]) == 1
    assert spec.read_text() == before


def test_what_it_says_of_fixes_counts_the_files_that_were_named(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "parts.sft").write_text("edition 2026\nfilter clean { keep wrods(message) > 1 }\n")
    using = RIGHT.replace("edition 2026", 'edition 2026\nimport "./parts.sft" as parts').replace(
        "filters = [clean]", "filters = [clean, parts.clean]"
    )
    spec.write_text(using)
    assert main(["check", "triage.sft"]) == 1
    assert capsys.readouterr().err.endswith("1 checked: 1 error, 0 warnings\n")
    assert main(["check", "parts.sft"]) == 1
    assert "`--fix` mends 1" in capsys.readouterr().err


def test_diff_shows_and_writes_nothing(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "triage.sft", "--fix", "--diff"]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("--- triage.sft\n+++ triage.sft\n@@")
    assert spec.read_text() == WRONG
    assert main(["check", "triage.sft", "--fix", "--diff", "--format", "json"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and "+++" in shown.err


def test_diff_alone_is_refused(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "triage.sft", "--diff"]) == 1
    assert "SFT0920" in capsys.readouterr().err


def test_what_cannot_be_mended_is_reported_and_the_rest_is_written(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text(WRONG.replace('licnce = "CC0-1.0"\n', "").replace('  path    = "tickets.jsonl"\n', ""))
    assert main(["check", "triage.sft", "--fix", "--format", "json"]) == 1
    left = [json.loads(line)["code"] for line in capsys.readouterr().out.splitlines()]
    assert left and set(left) <= {"SFT0207"}
    assert "words(message) in" in spec.read_text() or "words(mesage) in" in spec.read_text()


def test_line_ends_byte_order_mark_mode_and_links_stay(spec: Path, tmp_path: Path) -> None:
    spec.write_bytes(b"\xef\xbb\xbf" + WRONG.replace("\n", "\r\n").encode())
    spec.chmod(0o640)
    link = tmp_path / "link.sft"
    link.symlink_to(spec.name)
    assert main(["check", str(link), "--fix"]) == 0
    assert spec.read_bytes() == b"\xef\xbb\xbf" + RIGHT.replace("\n", "\r\n").encode()
    assert stat.S_IMODE(spec.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.sft", "tickets.jsonl", "triage.sft"]


def test_a_sound_file_is_not_touched(spec: Path) -> None:
    spec.write_text(RIGHT)
    before = spec.stat()
    assert main(["check", "triage.sft", "--fix"]) == 0
    assert (spec.stat().st_mtime_ns, spec.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_file_that_changed_meanwhile_is_left(spec: Path, tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        rewrite(spec, b"what was read", "new")
    assert caught.value.diagnostics[0].code == "SFT0919"
    assert spec.read_text() == WRONG
    assert len(list(tmp_path.iterdir())) == 2


def test_a_missing_file_is_an_error_as_ever(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "nowhere.sft", "--fix"]) == 1
    assert "SFT0912" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_formats_go_to_standard_output_alone(form: str, spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "triage.sft", "--format", form]) == 1
    shown = capsys.readouterr()
    assert shown.err == "" and "SFT0107" in shown.out
    if form == "sarif":
        assert len(json.loads(shown.out)["runs"][0]["results"]) == 2
    else:
        assert len(shown.out.splitlines()) == 2


# --- explain ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SFT0204", "sft0204", "204", "unknown-field", "Unknown_Field", "unknown field"])
def test_a_code_is_found_by_any_spelling(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 0
    assert capsys.readouterr().out == codes.page("SFT0204")


def test_an_unknown_name_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "unknwn-field"]) == 1
    assert "did you mean `unknown-field`?" in capsys.readouterr().err
    assert main(["explain", "zzzzzzzz"]) == 1
    assert "`sft explain` lists all codes" in capsys.readouterr().err


def test_without_a_name_all_codes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    text = capsys.readouterr().out
    assert [line.split()[0] for line in text.splitlines() if line.startswith("  ")] == list(codes.pages())
    assert main(["explain", "--format", "json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [item["code"] for item in records] == list(codes.pages())
    assert {item["fix"] for item in records} == {True, False}
    assert main(["explain", "SFT0107", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["page"] == codes.page("SFT0107")


def test_the_index_of_diagnostics_is_up_to_date() -> None:
    """`python -m sft.explain_pages > docs/diagnostics.md` writes it."""
    assert (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8") == explain_pages.list_markdown()
