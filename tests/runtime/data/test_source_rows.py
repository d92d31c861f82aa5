"""Files as rows: names that look like patterns, Parquet's own values, damaged files, and the cost of width."""

import gzip
import json

import pytest

from runtime.json_lists import is_small
from runtime.relational import engine
from runtime.source_facts import read_source_facts
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.conftest import Bench


def test_a_file_is_read_by_its_name_and_not_by_a_pattern(bench: Bench) -> None:
    names = ["d/a[b].jsonl", "d/ab.jsonl", "d/*.jsonl", "d/?b.jsonl", "d[1]/a.jsonl", "d1/a.jsonl", "k=v/{a}.jsonl"]
    for name in names:
        bench.write(name, [{"name": name}])
    bench.ingest(*names)
    assert [row["name"] for row in bench.rows("ingest:s")] == names
    assert [row["__file"] for row in bench.rows("ingest:s")] == names


@pytest.mark.parametrize("name", ["k=v/a.parquet", "it's [1].parquet"])
def test_parquet_has_its_own_columns_only(bench: Bench, name: str) -> None:
    bench.write(name, b"")
    with engine(bench.root) as db:
        db.copy(
            "SELECT * FROM (VALUES ('x', 'nan'::DOUBLE, ['inf'::DOUBLE, 1.5], 'a\\xFFb'::BLOB), "
            "('y', 2.5, [], NULL), ('z', '-inf', NULL, NULL)) AS t(r, n, l, raw)",
            bench.root / name,
        )
    result = bench.ingest(name, format="parquet")
    assert result.summary["columns"] == {"r": "text", "n": "number", "l": "list", "raw": "text"}
    rows = bench.rows("ingest:s", "* EXCLUDE (__row_id, __file)")
    assert rows[0] == {"__line": 1, "r": "x", "n": None, "l": "[null,1.5]", "raw": "a\\xFFb"}
    assert [(row["r"], row["n"]) for row in rows] == [("x", None), ("y", 2.5), ("z", None)]
    for (content,) in bench.store.query("SELECT content FROM examples"):
        json.loads(content, parse_constant=pytest.fail)


def test_damaged_files_are_findings(bench: Bench) -> None:
    packed = gzip.compress(b"".join(b'{"a": %d}\n' % number for number in range(50_000)))
    bench.write("cut.jsonl.gz", packed[:-30])
    bench.write("good.parquet", b"")
    with engine(bench.root) as db:
        db.copy("SELECT sha256(i::VARCHAR) AS h FROM (SELECT unnest(range(2000)) AS i)", bench.root / "good.parquet")
    good = (bench.root / "good.parquet").read_bytes()
    bench.write("cut.parquet", good[: len(good) // 2])
    bench.write("bits.parquet", good[:100] + bytes(5000) + good[5100:])
    bench.write("foot.parquet", good[:-200] + bytes(180) + good[-20:])
    for name in ["cut.jsonl.gz", "cut.parquet", "bits.parquet", "foot.parquet"]:
        with pytest.raises(DiagnosticError) as error:
            bench.ingest(name, format="parquet" if name.endswith("parquet") else "jsonl")
        assert error.value.diagnostics[0].code == "SFT0407"
        assert name in error.value.diagnostics[0].message


def test_large_lists_are_read_by_the_engine(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.json_lists.SMALL", 0)
    rows = [{"a": number, "t": 'x, "y": nan'} for number in range(3000)]
    bench.write("a.json", b"\xef\xbb\xbf" + json.dumps([*rows, 5]).encode())
    assert bench.ingest("a.json", format="json").rows_dropped == 1
    assert [row["a"] for row in bench.rows("ingest:s")] == list(range(3000))
    for data in (b'[{"a": 1},', b'[{"a": 1}', b'[{"a": 1} {"a": 2}]', b'{"a": 1}\n'):
        bench.write("b.json", data)
        with pytest.raises(DiagnosticError) as error:
            bench.ingest("b.json", format="json")
        assert error.value.diagnostics[0].code == "SFT0407"


def test_a_packed_list_is_as_large_as_what_it_holds(bench: Bench) -> None:
    rows = [{"text": "a" * 500, "n": number} for number in range(20_000)] + [{"text": "b" * (17 << 20), "n": -1}]
    bench.write("a.json.gz", gzip.compress(json.dumps(rows).encode()))
    path = bench.root / "a.json.gz"
    assert path.stat().st_size < 200_000 and not is_small(path)
    bench.ingest("a.json.gz", format="json")
    assert [row["n"] for row in bench.rows("ingest:s", "n")] == [row["n"] for row in rows]
    bench.write("b.json.gz", gzip.compress(json.dumps(rows[:10_000]).encode()))
    assert is_small(bench.root / "b.json.gz")


def test_as_many_fields_as_there_may_be(bench: Bench) -> None:
    bench.write("a.jsonl", [{f"f{number}": number for number in range(1500)}])
    assert bench.ingest("a.jsonl").rows_out == 1
    facts = read_source_facts(bench.root, "a.jsonl")
    assert len(facts.columns) == 1500


def test_depth_is_bounded_and_many_brackets_are_not_depth(bench: Bench) -> None:
    deep = b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}\n"
    bench.write("a.jsonl", deep + b'{"a": ' + b"[" * 199 + b"]" * 199 + b"}\n" + b'{"a": [' + b"[]," * 999 + b"[]]}\n")
    bench.ingest("a.jsonl")
    assert [row["__line"] for row in bench.rows("ingest:s")] == [2, 3]
    assert [(row["line"], row["detail"]) for row in bench.ledger("ingest:s")] == [
        (1, "not readable: nested too deeply")
    ]


def test_the_artifact_is_the_same_bytes_for_every_number_of_threads(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("a.jsonl", [{"q": f"text {number % 90_000}", "n": number % 3} for number in range(130_000)])
    found = set()
    for threads in (1, 2, 2, 4):
        monkeypatch.setattr("os.cpu_count", lambda threads=threads: threads)
        bench.ingest("a.jsonl")
        found.add((bench.out("ingest:s") / "rows.parquet").read_bytes())
    assert len(found) == 1


def test_the_index_that_pandas_writes_is_a_column_like_any_other(bench: Bench) -> None:
    bench.write("a.parquet", b"")
    with engine(bench.root) as db:
        db.copy("SELECT 'x' AS q, 7 AS __index_level_0__", bench.root / "a.parquet")
    assert bench.ingest("a.parquet", format="parquet").summary["columns"] == {
        "q": "text",
        "__index_level_0__": "number",
    }
    bench.write("b.jsonl", [{"q": "x", "__index": 7}])
    with pytest.raises(DiagnosticError, match="the runtime uses itself"):
        bench.ingest("b.jsonl")
