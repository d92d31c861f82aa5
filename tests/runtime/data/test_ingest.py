"""Ingest over real files: what is read, what is refused and why, and which id a row gets."""

import gzip
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.sql import lower
from compiler.world import Problem
from runtime.column_types import mixed
from runtime.json_lines import numbered_lines, row_of
from runtime.large_numbers import sizes_of
from runtime.relational import engine, parquet
from runtime.source_facts import read_source_facts
from runtime.source_rows import find_columns, load_rows
from spec_lang.diagnostics import DiagnosticError
from tests.compiler.expressions import sound
from tests.runtime.data.conftest import Bench
from tests.runtime.data.hostile import HOSTILE


def test_every_unreadable_line_is_in_the_ledger_with_its_number_and_reason(bench: Bench) -> None:
    bench.write("a.jsonl", b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a": 2\r\n   \n["x"]\n{"a": "\xff"}\n\n{"a": NaN}\n{"a": 3}')
    result = bench.ingest("a.jsonl")
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (6, 2, 4)
    assert [(row["__line"], row["a"]) for row in bench.rows("ingest:s")] == [(1, 1), (9, 3)]
    assert [(row["line"], row["detail"]) for row in bench.ledger("ingest:s")] == [
        (3, "not JSON: expecting ',' delimiter at column 8"),
        (5, "not an object but a list"),
        (6, "not UTF-8 at byte 8"),
        (8, "not readable: NaN is not a JSON value"),
    ]
    assert {row["rule"] for row in bench.ledger("ingest:s")} == {"unreadable"}
    source = bench.store.query("SELECT name, path, licence, origin, rows, unreadable FROM sources")
    assert source == [("s", "a.jsonl", "CC0-1.0", "human", 2, 4)]


def test_hostile_text_comes_out_as_it_went_in(bench: Bench) -> None:
    bench.write("it's [1].jsonl", [{"text": text, "nested": {"t": [text]}} for text in HOSTILE])
    bench.ingest("it's [1].jsonl")
    rows = bench.rows("ingest:s")
    assert [row["text"] for row in rows] == HOSTILE
    assert [json.loads(row["nested"]) for row in rows] == [{"t": [text]} for text in HOSTILE]
    stored = bench.store.query("SELECT content FROM examples ORDER BY line")
    assert [json.loads(content)["text"] for (content,) in stored] == HOSTILE


def test_hostile_column_names_are_only_names(bench: Bench) -> None:
    names = ['say "hi"', "a/b~c", "x'; DROP TABLE examples; --", "ü 😀", "$.a", " "]
    bench.write("a.jsonl", [dict.fromkeys(names, "v")])
    bench.ingest("a.jsonl")
    row = bench.rows("ingest:s")[0]
    assert {name: row[name] for name in names} == dict.fromkeys(names, "v")
    assert bench.store.query("SELECT count(*) FROM examples") == [(1,)]


def test_columns_have_the_type_of_all_their_values(bench: Bench) -> None:
    bench.write(
        "a.jsonl",
        [
            {"whole": 1, "part": 1, "big": 2**70, "flag": True, "mixed": 1, "list": [1, "a"],
             "obj": {"k": None}, "n": None},
            {"whole": -(2**63), "part": 2.5, "flag": None, "mixed": "x", "list": [], "obj": {}, "either": "s"},
            {"mixed": False, "either": [1]},
        ],
    )  # fmt: skip
    result = bench.ingest("a.jsonl")
    assert result.summary["columns"] == {
        "whole": "number", "part": "number", "big": "number", "flag": "bool", "mixed": "text", "list": "list",
        "obj": "json", "n": "null", "either": "json",
    }  # fmt: skip
    first, second, third = bench.rows("ingest:s", "* EXCLUDE (__row_id, __file, __line)")
    assert first == {
        "whole": 1, "part": 1.0, "big": float(2**70), "flag": True, "mixed": "1", "list": '[1,"a"]',
        "obj": '{"k":null}', "n": None, "either": None,
    }  # fmt: skip
    assert (second["whole"], second["part"], second["flag"], second["either"]) == (-(2**63), 2.5, None, "s")
    assert (third["mixed"], third["whole"], third["either"]) == ("false", None, "[1]")


def test_texts_beside_lists_and_objects_keep_their_text(bench: Bench) -> None:
    values = ['two\nlines "quoted"', ["x"], {"k": "v"}, 1.5, True, "[1]", "", None]
    texts = ['two\nlines "quoted"', '["x"]', '{"k":"v"}', "1.5", "true", "[1]", "", None]
    bench.write("a.jsonl", [{"whole": value, "in": {"it": value}} for value in values])
    result = bench.ingest("a.jsonl", columns={"inner": "in.it"})
    assert result.summary["columns"] == {"inner": "json", "whole": "json", "in": "json"}
    rows = bench.rows("ingest:s")
    assert [row["whole"] for row in rows] == [row["inner"] for row in rows] == texts


def test_functions_of_json_read_what_is_json_beside_texts(bench: Bench) -> None:
    bench.write("a.jsonl", [{"a": 'say "hi" {'}, {"a": {"k": "v"}}, {"a": [{"k": "w"}]}, {"a": None}])
    bench.ingest("a.jsonl")
    field = lower(sound('coalesce(json_field(a, "k"), json_field(a, "[0].k"))', {"a": "json"}))
    with engine(bench.root) as db:
        source = parquet(bench.out("ingest:s") / "rows.parquet")
        assert [value for (value,) in db.rows(f"SELECT {field.sql} FROM {source}", list(field.params))] == [
            None, "v", "w", None,
        ]  # fmt: skip


def test_an_id_comes_from_the_content_alone(bench: Bench) -> None:
    bench.write("a.jsonl", b'{"q": "x", "n": 1}\n{"q": "y"}\n{"n":1,"q":"x"}\n{"n": 1, "q": "x", "more": null}\n')
    bench.ingest("a.jsonl")
    ids = [row["__row_id"] for row in bench.rows("ingest:s")]
    assert [len(one) for one in ids] == [32, 32, 34, 34]
    assert ids[2:] == [f"{ids[0]}-2", f"{ids[0]}-3"]
    bench.write("b.jsonl", b'{"other": 5, "text": "z"}\n{"text": "y"}\n')
    bench.ingest("b.jsonl", columns={"q": "text"})
    assert bench.rows("ingest:s")[1]["__row_id"] == ids[1], "neither file, line nor the field's own name count"


def test_mapped_fields_take_the_name_of_the_spec(bench: Bench) -> None:
    bench.write("a.jsonl", [{"message": "m", "output": "hidden", "id": 7}])
    bench.ingest("a.jsonl", columns={"instruction": "message", "output": "id"})
    assert bench.rows("ingest:s", "* EXCLUDE (__row_id, __file, __line)") == [{"instruction": "m", "output": 7}]


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        (["Text", "text"], "`Text` and `text` differ only in case"),
        (["__row_id"], "that the runtime uses itself"),
        (["__id"], "that the runtime uses itself"),
        (["__Choices_0"], "that the runtime uses itself"),
        (["FileName"], "that the runtime uses itself"),
        ([""], "an empty name"),
    ],
)
def test_names_that_clash_are_refused(bench: Bench, fields: list[str], what: str) -> None:
    bench.write("a.jsonl", [dict.fromkeys(fields, 1)])
    with pytest.raises(DiagnosticError) as error:
        bench.ingest("a.jsonl")
    assert error.value.diagnostics[0].code == "SFT0409"
    assert what in error.value.diagnostics[0].message


def test_csv_by_its_records(bench: Bench) -> None:
    bench.write(
        "a.csv", b'\xef\xbb\xbfid,n,ok,text\r\n007,1,true,"a ""b""\r\nc"\r\n8,2.5,FALSE,\r\n9,1\r\n\r\n10,,,"it\'s"\r\n'
    )
    result = bench.ingest("a.csv", format="csv")
    assert result.summary["columns"] == {"id": "text", "n": "number", "ok": "bool", "text": "text"}
    assert [tuple(row.values())[2:] for row in bench.rows("ingest:s")] == [
        (2, "007", 1.0, True, 'a "b"\r\nc'),
        (4, "8", 2.5, False, None),
        (7, "10", None, None, "it's"),
    ]
    assert [(row["line"], row["detail"]) for row in bench.ledger("ingest:s")] == [
        (5, "2 fields where the header has 4")
    ]


def test_json_lists_and_packed_files(bench: Bench) -> None:
    rows = [{"a": text} for text in HOSTILE]
    bench.write("a.json", json.dumps([rows[0], 3, *rows[1:]], indent=2))
    bench.write("a.jsonl.gz", gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    result = bench.ingest("a.json", format="json")
    assert [(row["line"], row["detail"]) for row in bench.ledger("ingest:s")] == [(2, "not an object but a number")]
    listed = bench.rows("ingest:s", "__row_id, a")
    bench.ingest("a.jsonl.gz")
    assert result.rows_out == len(rows)
    assert bench.rows("ingest:s", "__row_id, a") == listed


def test_parquet_with_nested_and_typed_columns(bench: Bench) -> None:
    with engine(bench.root) as db:
        db.copy(
            "SELECT * FROM (VALUES (1::INTEGER, 1.5::DECIMAL(4,2), DATE '2024-01-02', [1,2], {'k': 'v'}, true, 'ü'), "
            "(2, NULL, NULL, NULL, NULL, NULL, NULL)) AS t(i, d, day, l, s, b, t)",
            bench.root / "a.parquet",
        )
    bench.ingest("a.parquet", format="parquet")
    assert bench.rows("ingest:s", "* EXCLUDE (__row_id, __file)")[0] == {
        "__line": 1, "i": 1, "d": 1.5, "day": "2024-01-02", "l": "[1,2]", "s": '{"k":"v"}', "b": True, "t": "ü",
    }  # fmt: skip
    facts = read_source_facts(bench.root, "a.parquet")
    assert facts.columns == {
        "i": "number",
        "d": "number",
        "day": "text",
        "l": "list",
        "s": "json",
        "b": "bool",
        "t": "text",
    }


def test_several_files_keep_their_order_and_names(bench: Bench) -> None:
    bench.write("d/2.jsonl", [{"a": "x"}, {"a": "y"}])
    bench.write("d/10.jsonl", [{"a": "x", "b": 1}])
    bench.ingest("d/10.jsonl", "d/2.jsonl")
    rows = bench.rows("ingest:s")
    assert [(row["__file"], row["__line"], row["a"], row["b"]) for row in rows] == [
        ("d/10.jsonl", 1, "x", 1), ("d/2.jsonl", 1, "x", None), ("d/2.jsonl", 2, "y", None),
    ]  # fmt: skip
    assert bench.store.query("SELECT path, rows FROM sources ORDER BY path") == [("d/10.jsonl", 1), ("d/2.jsonl", 2)]


def test_many_rows_keep_line_numbers_across_threads(bench: Bench) -> None:
    lines = [b"" if i % 1000 == 7 else json.dumps({"i": i + 1}).encode() for i in range(200_000)]
    bench.write("a.jsonl", b"\n".join(lines))
    result = bench.ingest("a.jsonl")
    assert result.rows_out == 199_800
    rows = bench.rows("ingest:s", "__line, i")
    assert all(row["__line"] == row["i"] for row in rows)
    assert [row["i"] for row in rows] == sorted(row["i"] for row in rows)


def test_a_row_longer_than_duckdbs_default_limit(bench: Bench) -> None:
    bench.write("a.jsonl", [{"a": "x" * 20_000_000}, {"a": "short"}])
    assert bench.ingest("a.jsonl").rows_out == 2


def test_running_twice_leaves_the_rows_of_one_run(bench: Bench) -> None:
    bench.write("a.jsonl", b'{"a": 1}\n{"a": \n')
    bench.ingest("a.jsonl")
    bench.ingest("a.jsonl")
    assert bench.store.query("SELECT count(*) FROM examples") == [(1,)]
    assert bench.store.query("SELECT count(*) FROM ledger") == [(1,)]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.jsonl", b"not json\n[1]\n", "SFT0405"),
        ("a.jsonl", b"\n \n", "SFT0404"),
        ("a.json", b'[{"a": 1},', "SFT0407"),
        ("a.csv", b"a,a\n1,2\n", "SFT0407"),
        ("a.parquet", b"PAR1 not really PAR1", "SFT0407"),
    ],
)
def test_files_without_a_row_are_refused(bench: Bench, name: str, data: bytes, code: str) -> None:
    bench.write(name, data)
    facts: Any = read_source_facts(bench.root, name)
    assert facts.code == code, "the compiler says so before the run"
    with pytest.raises(DiagnosticError) as error:
        bench.ingest(name, format=name.split(".")[1])
    assert error.value.diagnostics[0].code == code


def test_a_file_that_changed_since_the_plan_is_refused(bench: Bench) -> None:
    bench.write("a.jsonl", [{"a": 1}])
    bench.ingest("a.jsonl")
    step = bench.steps["ingest:s"]
    bench.write("a.jsonl", [{"a": 2}])
    with pytest.raises(DiagnosticError) as error:
        bench.run(step.params, "s", content=step.content, local=step.local)
    assert error.value.diagnostics[0].code == "SFT0408"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)
_LINES = (
    st.dictionaries(st.sampled_from("abc"), _VALUES, max_size=3).map(lambda row: json.dumps(row).encode())
    | st.dictionaries(st.sampled_from("ab"), _VALUES).map(lambda row: json.dumps(row, ensure_ascii=False).encode())
    | st.sampled_from(
        [b"", b" ", b"\r", b"{", b"}", b"[]", b"1", b"null", b'"x"', b'{"a":1,}', b'{"a":Infinity}', b'{"a":"\\udc00"}',
         b'{"a":1}{"b":2}', b'{"a":01}', b"{'a':1}", b'{"a":"\x01"}', b'{"a":"\xc3"}', b"// no", b'{"a":1}//', b"\x00",
         b'{"a":1e999}', b'{"a":-1.5E+310}', b'{"a":%s}' % (b"9" * 400),
         b'{"a":' * 201 + b"1" + b"}" * 201,
         b'{"a":-0.0}', b'{"c":1,"c":"x"}', b'{"a":.5}', b'{"a":+1}', b'{"a":nan}',
         b'{"a":"/*"}/**/', b'""']
    )
    | st.binary(max_size=6).map(lambda data: data.replace(b"\n", b""))
)  # fmt: skip


@settings(max_examples=50)
@given(lines=st.lists(_LINES, max_size=25), end=st.sampled_from([b"\n", b"\r\n"]))
def test_compiler_and_run_agree_on_every_line(
    lines: list[bytes], end: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("agree")
    (folder / "a.jsonl").write_bytes(end.join(lines))
    facts: Any = read_source_facts(folder, "a.jsonl", folder / "cache")
    with engine(folder, threads=1) as db:
        load_rows(db, [folder / "a.jsonl"], "jsonl", folder)
        found_columns = find_columns(db)
        columns = {column.field: column.type for column in found_columns}
        differing = {column.field: kinds for column in found_columns if (kinds := mixed(column.kinds))}
        sizes = sizes_of(db, found_columns)
        rows, refused = db.value("SELECT count(*) FROM raw"), db.value("SELECT count(*) FROM unreadable")
        by_line = dict(db.rows("SELECT line, json FROM raw")) | dict(db.rows("SELECT line, reason FROM unreadable"))
    expected = {number: row_of(line) for number, line in numbered_lines(folder / "a.jsonl")}
    assert by_line.keys() == expected.keys()
    for number, row in expected.items():
        found = by_line[number]
        assert (found == row) if isinstance(row, str) else (row_of(found.encode()) == row)
    if isinstance(facts, Problem) and facts.code == "SFT0406":  # said before any row is looked at
        head = (folder / "a.jsonl").read_bytes()[:64]
        assert head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head
    elif rows:
        assert (facts.rows, facts.unreadable, facts.columns) == (rows, refused, columns)
        assert facts.mixed == differing
        assert set(facts.rounded) == sizes.large & sizes.broad
        assert not any(column.whole for column in found_columns if column.field in facts.rounded)
    else:
        assert facts.code == ("SFT0405" if refused else "SFT0404")


def test_content_hashes_are_remembered_by_identity(bench: Bench) -> None:
    from runtime import file_hashes

    path = bench.root / bench.write("a.jsonl", b'{"a": 1}\n')
    cache = bench.root / "own-cache"
    old = time.time() - 100
    fresh = file_hashes.content_hash(path, cache)
    assert not cache.exists(), "a file that was just written is not remembered"
    memory = cache / "file-hashes.json"
    stat = path.stat()
    entry = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, "remembered"]
    file_hashes.write_json(memory, {str(path.resolve()): entry})
    assert file_hashes.content_hash(path, cache) == "remembered"
    os.utime(path, (old, old))
    assert file_hashes.content_hash(path, cache) == fresh, "another time is another identity"
    memory.write_bytes(b"\x00 damaged")
    assert file_hashes.content_hash(path, cache) == fresh


def test_a_list_under_the_name_of_lines_is_told_from_other_text(tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_text("\ufeff\n" + json.dumps([{"a": 1}, {"a": 2}]))
    (tmp_path / "text.jsonl").write_text("only words\n")
    found = [read_source_facts(tmp_path, name, tmp_path) for name in ("list.jsonl", "text.jsonl")]
    assert [(one.code, one.help) for one in found if isinstance(one, Problem)] == [
        ("SFT0405", "it begins like one JSON list, which is a `.json` file: rename it"),
        ("SFT0405", None),
    ]
