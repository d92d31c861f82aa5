"""What the compiler is told of sources: the same by Python and by the engine, and what is wrong with a path."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from compiler.world import Problem, SourceFacts
from runtime import file_facts, json_lists, source_facts
from runtime.source_facts import read_source_facts
from tests.runtime.data.hostile import HOSTILE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SFT_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "tickets.jsonl").write_bytes(b'{"a": 1}\n{"a": "x", "b": [1]}\n{"a"\n\n')
    return tmp_path


def problem(folder: Path, path: str) -> Problem:
    found = read_source_facts(folder, path)
    assert isinstance(found, Problem)
    return found


def test_types_over_all_rows(folder: Path) -> None:
    facts = read_source_facts(folder, "tickets.jsonl")
    assert isinstance(facts, SourceFacts)
    assert (facts.format, facts.columns, facts.rows, facts.unreadable) == ("jsonl", {"a": "text", "b": "list"}, 2, 1)
    assert [name for name, _ in facts.files] == ["tickets.jsonl"]


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("ticket.jsonl", "SFT0401", "did you mean `tickets.jsonl`?"),
        ("nowhere/tickets.jsonl", "SFT0401", "there is no folder `nowhere`"),
        ("zzz*.jsonl", "SFT0401", "data files there: `damaged.jsonl.gz`"),
        ("empty", "SFT0402", "a source is `.jsonl`"),
        ("mixed", "SFT0403", 'each with a pattern: `path = "mixed/*.jsonl"`'),
        ("notes.txt", "SFT0403", "`.jsonl`, `.json`, `.csv`, `.tsv` or `.parquet`"),
        ("empty.jsonl", "SFT0404", "at least one row"),
        ("utf16.jsonl", "SFT0406", "save it as UTF-8"),
        ("object.json", "SFT0407", "`[{…}, {…}]`"),
        ("nested.json", "SFT0407", "`jq -c '.data[]' nested.json > rows.jsonl`"),
        ("https://huggingface.co/datasets/x/*.jsonl", "SFT0401", "download it"),
        ("hf:org/rows", "SFT0401", "download it"),
        ("damaged.jsonl.gz", "SFT0407", ""),
    ],
)
def test_what_is_wrong_with_a_path(folder: Path, path: str, code: str, words: str) -> None:
    (folder / "notes.txt").write_text("hello")
    for name in ("empty/README.md", "mixed/a.jsonl", "mixed/b.csv"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("{}")
    (folder / "empty.jsonl").write_bytes(b"")
    (folder / "nested.json").write_text('{\n  "version": "1",\n  "data": [\n    {"a": 1}\n  ]\n}\n')
    (folder / "utf16.jsonl").write_text('{"a": 1}', encoding="utf-16")
    (folder / "object.json").write_text('{\n "a": 1\n}')
    (folder / "damaged.jsonl.gz").write_bytes(b"\x1f\x8b not gzip")
    found = problem(folder, path)
    assert found.code == code
    assert words in (found.help or "")


def test_no_readable_row_names_the_first_reason(folder: Path) -> None:
    (folder / "bad.jsonl").write_text("\n[1]\n{\n")
    assert "line 2: not an object but a list" in problem(folder, "bad.jsonl").message


def test_objects_a_line_under_the_name_json(folder: Path) -> None:
    (folder / "lines.json").write_text('{"a": 1}\n{"a": 2}\n')
    facts = read_source_facts(folder, "lines.json")
    assert isinstance(facts, SourceFacts)
    assert (facts.format, facts.rows) == ("jsonl", 2)


def test_globs_are_one_source_of_one_format(folder: Path) -> None:
    (folder / "more.jsonl").write_text('{"a": true, "c": null}\n')
    facts = read_source_facts(folder, "*.jsonl")
    assert isinstance(facts, SourceFacts)
    assert [name for name, _ in facts.files] == ["more.jsonl", "tickets.jsonl"]
    assert facts.columns == {"a": "text", "c": "null", "b": "list"}
    (folder / "other.csv").write_text("a\n1\n")
    assert problem(folder, "*.*").code == "SFT0403"


def test_a_folder_is_its_data_files_in_the_order_of_their_names(folder: Path) -> None:
    for name in ("d/b.jsonl", "d/a.jsonl.gz", "d/c.jsonl.zst", "d/README.md", "d/.hidden.jsonl", "d/below/z.jsonl"):
        (folder / name).parent.mkdir(exist_ok=True)
        packed = {".gz": gzip.compress, ".zst": zstd.compress}.get(Path(name).suffix, bytes)
        (folder / name).write_bytes(packed(b'{"a": 1}\n' * 3))
    facts = read_source_facts(folder, "d")
    assert isinstance(facts, SourceFacts)
    assert ([name for name, _ in facts.files], facts.rows) == (["d/a.jsonl.gz", "d/b.jsonl", "d/c.jsonl.zst"], 9)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.tsv", "a.jsonl.gz", "a.jsonl.zst", "a.csv.zst"])
def test_python_and_the_engine_find_the_same(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Any] = [{"t": text, "n": i, "f": i / 2, "o": {"x": text}} for i, text in enumerate(HOSTILE)]
    texts = {
        "a.jsonl": "\n".join(map(json.dumps, rows)) + "\n{\n",
        "a.json": json.dumps([*rows, None]),
        "a.csv": 'id,"t"\n1,x\n2,"y\n\nz"\n3\n',
        "a.tsv": 'id\t"t"\n1\tx, "y"\n2\t"y\n\nz"\n3\n',
    }
    text = texts.get(name) or texts[Path(name).stem]
    packed = {".gz": gzip.compress, ".zst": zstd.compress}.get(Path(name).suffix, bytes)
    (folder / name).write_bytes(packed(text.encode()))
    by_python = read_source_facts(folder, name, folder / "one")
    monkeypatch.setattr(json_lists, "SMALL", 0)
    assert read_source_facts(folder, name, folder / "two") == by_python
    assert isinstance(by_python, SourceFacts)
    assert by_python.unreadable == 1


@pytest.mark.parametrize("by", ["python", "engine"])
@pytest.mark.parametrize(
    ("files", "mixed", "rounded"),
    [
        ({"a.jsonl": '{"a": "x"}\n{"a": ["x"]}\n{"a": null}\n'}, {"a": ("text", "list")}, ()),
        ({"a.jsonl": '{"a": {}}\n', "b.jsonl": '{"a": 1}\n'}, {"a": ("number", "json")}, ()),
        ({"a.jsonl": '{"a": "x"}\n{"a": [1]}\n', "b.jsonl": '{"a": {}}\n'}, {"a": ("text", "list", "json")}, ()),
        ({"a.jsonl": '{"a": {}}\n{"a": [1]}\n'}, {}, ()),
        ({"a.jsonl": '{"a": "x"}\n{"a": 1}\n{"a": true}\n'}, {}, ()),
        ({"a.jsonl": '{"a": 2.5}\n{"a": -9007199254740992}\n{"a": null}\n'}, {}, ("a",)),
        ({"a.jsonl": '{"a": 2.5}\n{"a": 9007199254740991}\n'}, {}, ()),
        ({"a.jsonl": '{"a": 2}\n{"a": 9223372036854775807}\n'}, {}, ()),
        ({"a.jsonl": '{"a": 2}\n{"a": 9223372036854775808}\n'}, {}, ("a",)),
        ({"a.jsonl": '{"a": 2}\n{"a": 123456789012345678901234567890123456789012345}\n'}, {}, ("a",)),
        ({"a.jsonl": '{"a": 2.5}\n{"a": 1e300}\n'}, {}, ()),
        ({"a.jsonl": '{"a": 9007199254740993}\n', "b.jsonl": '{"a": 2.5}\n'}, {}, ("a",)),
        ({"a.jsonl": '{"a": 9007199254740993}\n{"a": 2.5}\n{"a": "x"}\n'}, {}, ()),
        ({"a.csv": "a,b\n9007199254740993,1\n2.5,9007199254740993\n"}, {}, ("a",)),
    ],
)
def test_columns_that_differ_or_lose_digits(
    folder: Path, files: dict[str, str], mixed: Any, rounded: Any, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files.items():
        (folder / "d").mkdir(exist_ok=True)
        (folder / "d" / name).write_text(text)
    if by == "engine":
        monkeypatch.setattr(json_lists, "SMALL", 0)
    facts = read_source_facts(folder, "d")
    assert isinstance(facts, SourceFacts)
    assert (facts.mixed, facts.rounded) == (mixed, rounded)


def test_facts_are_kept_by_content(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_source_facts(folder, "tickets.jsonl")
    monkeypatch.setattr(file_facts, "facts_of", None)
    (folder / "tickets.jsonl").rename(folder / "renamed.jsonl")
    again = read_source_facts(folder, "renamed.jsonl")
    assert isinstance(first, SourceFacts) and isinstance(again, SourceFacts)
    assert again.columns == first.columns


@pytest.mark.parametrize(("name", "text"), [("a.jsonl", '{"a": 1}\n'), ("a.json", '[{"a": 1}]'), ("a.csv", "a\n1\n")])
def test_small_files_are_read_without_the_engine(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    code = (
        "import sys; from pathlib import Path; from runtime.source_facts import read_source_facts; "
        f"facts = read_source_facts(Path({str(folder)!r}), {name!r}); assert facts.rows == 1; "
        "print(sorted({'duckdb', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    root = Path(source_facts.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("small", [True, False])
def test_fields_that_are_values_are_refused(folder: Path, small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not small:
        monkeypatch.setattr(json_lists, "SMALL", 0)
    (folder / "wide.jsonl").write_text("".join(f'{{"id-{number}": 1}}\n' for number in range(2001)))
    assert problem(folder, "wide.jsonl").code == "SFT0410"


@pytest.mark.parametrize("path", ["x" * 5000, "a\0b.jsonl", "\ud800.jsonl", "*\0", "[", "~", "//"])
def test_odd_paths_are_problems_and_no_crash(folder: Path, path: str) -> None:
    assert problem(folder, path).code in {"SFT0401", "SFT0402", "SFT0407"}


def test_damaged_archives_are_problems(folder: Path) -> None:
    packed = gzip.compress(b'{"a": 1}\n' * 50_000)
    (folder / "cut.jsonl.gz").write_bytes(packed[:-20])
    (folder / "bits.jsonl.gz").write_bytes(packed[:40] + b"\xff" * 40 + packed[80:])
    assert problem(folder, "cut.jsonl.gz").code == "SFT0407"
    assert problem(folder, "bits.jsonl.gz").code == "SFT0407"
    packed = zstd.compress(b"".join(b'{"a": %d}\n' % number for number in range(50_000)))
    (folder / "cut.jsonl.zst").write_bytes(packed[:-20])
    (folder / "bits.csv.zst").write_bytes(packed[:40] + b"\xff" * 40 + packed[80:])
    assert problem(folder, "cut.jsonl.zst").code == "SFT0407"
    assert problem(folder, "bits.csv.zst").code == "SFT0407"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[\n{"a": 1},\n{"a": 2}\n]\n', "SFT0407"),  # only the last object stands on a line that is JSON
        ('[{"a": 1},\n {"a": 2}]\n', "SFT0407"),
        ('\ufeff\n [ {"a": 1},\n{"a": 2}\n]', "SFT0407"),
        ('[{"a": 1}, {"a": 2}]\n', "SFT0405"),  # no line is an object
    ],
)
def test_a_list_under_the_name_of_json_lines_is_refused(folder: Path, text: str, code: str) -> None:
    (folder / "list.jsonl").write_text(text, encoding="utf-8")
    found = problem(folder, "list.jsonl")
    assert found.code == code and "`.json` file: rename it" in (found.help or "")
    (folder / "list.json").write_text(text, encoding="utf-8")
    facts = read_source_facts(folder, "list.json")
    assert isinstance(facts, SourceFacts) and (facts.rows, facts.unreadable) == (2, 0)


def test_a_list_on_a_line_of_its_own_is_a_line_that_cannot_be_read(folder: Path) -> None:
    (folder / "odd.jsonl").write_text('[1, 2]\n{"a": 1}\n')
    facts = read_source_facts(folder, "odd.jsonl")
    assert isinstance(facts, SourceFacts) and (facts.rows, facts.unreadable) == (1, 1)


def test_rows_that_are_no_lines_are_not_called_so(folder: Path) -> None:
    (folder / "numbers.json").write_text("[1, 2]")
    assert "the first: row 1: not an object but a number" in problem(folder, "numbers.json").message
