"""The file `sft.lock`: what is written is read, small changes are small, and what is broken is said and not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.lock import FilePin, ModelPin, Pins, PolicyPin
from compiler.row_drift import Group, Prints
from runtime.lock_file import lock_text, read_lock, write_lock
from spec_lang.diagnostics import DiagnosticError

letters = st.text("ABCabc019-_", min_size=4, max_size=4)
prints = st.builds(
    lambda size, groups: Prints(size, tuple(groups)),
    st.sampled_from([1, 64]),
    st.lists(st.builds(Group, letters, st.integers(1, 300)), max_size=200),
)
text = st.text(max_size=12)
pins = st.builds(
    Pins,
    st.dictionaries(text, st.builds(FilePin, text, st.integers(0), text, st.none() | prints), max_size=3),
    st.dictionaries(text, st.builds(ModelPin, text, text, text, text), max_size=2),
    st.dictionaries(text, st.builds(PolicyPin, text, text, st.none() | text), max_size=2),
    st.integers(0, 3000),
    text,
)


@given(st.dictionaries(text, pins, max_size=3))
def test_what_is_written_is_read(sections: dict[str, Pins]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sft.lock"
        write_lock(path, sections)
        assert read_lock(path) == sections
        assert [entry.name for entry in Path(folder).iterdir()] == ["sft.lock"]


def test_without_a_file_there_is_no_lock(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "sft.lock") is None


def section(prints: list[str]) -> dict[str, Pins]:
    groups = Prints(1, tuple(map(Group, prints)))
    return {"a.sft": Pins({"rows.jsonl": FilePin("h", len(prints), "rows", groups)}, {}, {}, 2026, "1")}


def test_an_inserted_row_is_a_small_change_for_version_control() -> None:
    rows = [f"{number:04d}"[::-1] for number in range(2000)]
    before, after = lock_text(section(rows)).splitlines(), lock_text(section(["new_", *rows])).splitlines()
    assert len(before) > 100
    assert len({*before} ^ {*after}) <= 6  # the hash is the same here; the count and one or two lines of prints


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "SFT0754", "line 1"),
        (b"\xff\xfe", "SFT0754", "UTF-8"),
        (b"[]", "SFT0754", "wrong kind"),
        (b"{}", "SFT0754", "format"),
        (b'{"format": 1, "specs": {"a.sft": {}}}', "SFT0754", "files"),
        (b'{"format": 99, "specs": {}}', "SFT0754", "newer version"),
        (b'{"format": 1, "specs": {"a.sft": 3}}', "SFT0754", "wrong kind"),
        (b'{\n "format": 1,\n<<<<<<< HEAD\n "specs": {}\n=======\n "specs": {}\n>>>>>>> other\n}', "SFT0755", "line 3"),
    ],
)
def test_a_broken_lock_is_an_error_that_says_where(tmp_path: Path, content: bytes, code: str, words: str) -> None:
    path = tmp_path / "sft.lock"
    path.write_bytes(content)
    with pytest.raises(DiagnosticError) as raised:
        read_lock(path)
    (finding,) = raised.value.diagnostics
    assert finding.code == code and words in finding.message + (finding.help or "")


def test_a_lock_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as raised:
        write_lock(tmp_path / "nowhere" / "sft.lock", {})
    assert raised.value.diagnostics[0].code == "SFT0913"
