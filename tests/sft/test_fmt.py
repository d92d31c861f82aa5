"""`sft fmt` from outside: what is written, what is told, and which exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sft.cli import main

WRITTEN = "edition 2026\nmodel m {\nweights='a'}\n".replace("'", '"')
CANONICAL = 'edition 2026\n\nmodel m {\n  weights = "a"\n}\n'
BROKEN = "edition 2026\nmodel m { weights = }\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "a.sft"
    path.write_text(WRITTEN)
    return path


def test_in_place_with_a_line_a_changed_file(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.chmod(0o640)
    assert main(["fmt", str(spec)]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"formatted {spec}\n")
    assert spec.read_text() == CANONICAL and spec.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in spec.parent.iterdir()] == ["a.sft"]
    assert main(["fmt", str(spec)]) == 0
    assert capsys.readouterr() == ("", "")


def test_check_names_the_files_and_writes_nothing(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = spec.with_name("good.sft")
    good.write_text(CANONICAL)
    assert main(["fmt", "--check", str(spec), str(good)]) == 1
    assert capsys.readouterr() == ("", f"not in canonical form: {spec}\n")
    assert spec.read_text() == WRITTEN
    assert main(["fmt", "--check", str(good)]) == 0


def test_diff_goes_to_standard_output(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--diff", str(spec)]) == 0
    out, err = capsys.readouterr()
    assert '-weights="a"}\n' in out and '+  weights = "a"\n' in out and err == ""
    assert spec.read_text() == WRITTEN


def test_a_broken_file_is_left_and_the_others_are_done(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = spec.with_name("broken.sft")
    broken.write_text(BROKEN)
    assert main(["fmt", str(broken), str(spec.with_name("none.sft")), str(spec)]) == 1
    err = capsys.readouterr().err
    assert "SFT0109" in err and "SFT0912" in err
    assert broken.read_text() == BROKEN and spec.read_text() == CANONICAL


def test_byte_order_mark_and_line_breaks_stay(spec: Path) -> None:
    spec.write_bytes(b"\xef\xbb\xbf" + WRITTEN.replace("\n", "\r\n").encode())
    assert main(["fmt", str(spec)]) == 0
    assert spec.read_bytes() == b"\xef\xbb\xbf" + CANONICAL.replace("\n", "\r\n").encode()
    assert main(["fmt", "--check", str(spec)]) == 0


def test_a_link_stays_a_link(spec: Path) -> None:
    link = spec.with_name("link.sft")
    link.symlink_to(spec)
    assert main(["fmt", str(link)]) == 0
    assert link.is_symlink() and spec.read_text() == CANONICAL


@pytest.mark.parametrize(("text", "code", "out"), [(WRITTEN, 0, CANONICAL), (BROKEN, 1, ""), ("\udcff", 1, "")])
def test_standard_input_to_standard_output_in_any_locale(text: str, code: int, out: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sft", "fmt", "-"],
        input=(text + "# é\n").encode("utf-8", "surrogateescape"),
        capture_output=True,
        env={
            "LC_ALL": "C",
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONUTF8": "0",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
    )
    assert done.returncode == code, done.stderr
    assert done.stdout.decode() == (out + "# é\n" if out else "")


def test_names_of_files_cannot_write_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a\x1b]0;x\x07.sft"
    path.write_text(WRITTEN)
    assert main(["fmt", "--check", "--diff", str(path)]) == 1
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err and "␛" in out and "␛" in err
