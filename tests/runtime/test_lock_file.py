"""The file `sft.lock`: what is written is read, small changes are small, and what is broken is said and not guessed."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.lock import FilePin, ModelPin, Pins, PolicyPin
from compiler.row_drift import Group, Prints
from runtime.lock_file import lock_text, read_lock, update_lock, write_lock
from spec_lang.diagnostics import DiagnosticError

letters = st.text("ABCabc019-_", min_size=4, max_size=4)
prints = st.builds(
    lambda size, groups: Prints(size, tuple(groups)),
    st.sampled_from([1, 64]),
    st.lists(st.builds(Group, letters, st.integers(1, 300)), max_size=200),
)
text = st.text(max_size=12)
files = st.builds(
    lambda prints, rows, hash, source: FilePin(hash, prints.rows if prints else rows, source, prints),
    st.none() | prints,
    st.integers(0),
    text,
    text,
)
policies = st.builds(PolicyPin, text, text, st.none() | text)
past = st.lists(policies, min_size=1, max_size=3, unique_by=lambda pin: pin.version).map(
    lambda found: tuple(sorted(found, key=lambda pin: pin.version))
)
pins = st.builds(
    Pins,
    st.dictionaries(text, files, max_size=3),
    st.dictionaries(text, st.builds(ModelPin, text, text, text, text), max_size=2),
    st.dictionaries(text, policies, max_size=2),
    st.integers(0, 3000),
    text,
    st.dictionaries(text, past, max_size=2),
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
        (b"[]", "SFT0754", "it is not an object"),
        (b"{}", "SFT0754", "without `format`"),
        (b'{"format": 1, "specs": {"a.sft": {}}}', "SFT0754", "`a.sft` of `specs` is without `files`"),
        (b'{"format": 99, "specs": {}}', "SFT0754", "newer version"),
        (b'{"format": 1, "specs": {"a.sft": 3}}', "SFT0754", "`a.sft` of `specs` is not an object"),
        (b'{"format": -1, "specs": {}}', "SFT0754", "`format` is not a whole number from 1"),
        (b'{"format": true, "specs": {}}', "SFT0754", "`format` is not"),
        (b'{"format": 1, "specs": []}', "SFT0754", "`specs` is not an object"),
        (b"[" * 200_000, "SFT0754", "nested too deeply"),
        (b'{"format": ' + b"9" * 5000 + b"}", "SFT0754", "too long"),
        (b"{\r\n<<<<<<< HEAD\r\n=======\r\n>>>>>>> other\r\n}", "SFT0755", "line 2"),
        (b'{\r\n "format": 1,\r\n=======\r\n}', "SFT0755", "line 3"),
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


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("rows_a_print", "1", "not a whole number"),
        ("rows_a_print", 1.5, "not a whole number"),
        ("rows_a_print", [1], "not a whole number"),
        ("rows_a_print", None, "not a whole number"),
        ("rows_a_print", True, "not a whole number"),
        ("rows_a_print", 0, "not a whole number from 1"),
        ("rows_a_print", -4, "not a whole number from 1"),
        ("rows_a_print", 3, "not a power of two"),
        ("prints", "abcd abce", "not a list"),
        ("prints", {"abcd": 1}, "not a list"),
        ("prints", [3], "not a text"),
        ("prints", ["abc"], "not made of fingerprints: `abc`"),
        ("prints", ["abcd-3 abce"], "not made of fingerprints"),
        ("prints", ["abcd0 abce2"], "not made of fingerprints"),
        ("prints", ["abcd" + "9" * 300], "not made of fingerprints"),
        ("prints", ["abcd abce2"], "of 3 rows where `rows` is 2"),
        ("rows", "many", "`rows` of `rows.jsonl` of `files` of `a.sft` of `specs` is not a whole number"),
        ("rows", -1, "not a whole number"),
        ("hash", [1], "not a text"),
        ("source", [], "not a text"),
    ],
)
def test_an_entry_that_nobody_wrote_so_is_damage(tmp_path: Path, name: str, value: Any, words: str) -> None:
    path = tmp_path / "sft.lock"
    data = json.loads(lock_text(section(["abcd", "abce"])))
    data["specs"]["a.sft"]["files"]["rows.jsonl"][name] = value
    path.write_text(json.dumps(data))
    with pytest.raises(DiagnosticError) as raised:
        read_lock(path)
    (finding,) = raised.value.diagnostics
    assert finding.code == "SFT0754" and words in finding.message


@pytest.mark.parametrize("part", ["models", "policies", "earlier", "edition", "sft"])
@pytest.mark.parametrize("value", [[], {"a": {}}, {"a": []}, None, -1])
def test_no_entry_of_another_kind_is_taken(tmp_path: Path, part: str, value: Any) -> None:
    path = tmp_path / "sft.lock"
    data = json.loads(lock_text(section([])))
    data["specs"]["a.sft"][part] = value
    path.write_text(json.dumps(data))
    if part == "earlier" and value == {"a": {}}:
        pytest.skip("a policy without earlier versions")
    with pytest.raises(DiagnosticError) as raised:
        read_lock(path)
    assert raised.value.diagnostics[0].code == "SFT0754"


def test_a_link_stays_a_link_and_a_mode_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "kept" / "sft.lock", tmp_path / "sft.lock"
    target.parent.mkdir()
    target.write_text(lock_text({}))
    target.chmod(0o640)
    link.symlink_to(target)
    write_lock(link, section(["abcd"]))
    assert link.is_symlink() and read_lock(target) == section(["abcd"])
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_section_that_another_process_wrote_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "sft.lock"
    mine, theirs = section(["abcd"])["a.sft"], section(["wxyz"])["a.sft"]
    write_lock(path, {"b.sft": theirs})
    update_lock(path, "a.sft", None, mine)
    assert read_lock(path) == {"a.sft": mine, "b.sft": theirs}
    update_lock(path, "a.sft", None, mine)
    with pytest.raises(DiagnosticError) as raised:
        update_lock(path, "a.sft", None, theirs)
    assert raised.value.diagnostics[0].code == "SFT0913"
    update_lock(path, "a.sft", mine, theirs)
    assert read_lock(path) == {"a.sft": theirs, "b.sft": theirs}


def test_a_lock_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as raised:
        write_lock(tmp_path / "nowhere" / "sft.lock", {})
    assert raised.value.diagnostics[0].code == "SFT0913"
