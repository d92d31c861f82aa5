"""The engine: files that are the same bytes, spill that is cleaned up, errors that can be understood."""

from pathlib import Path

import pytest

from runtime.relational import _explained, engine, literal, parquet, quoted
from spec_lang.diagnostics import DiagnosticError


def test_a_file_is_the_same_bytes_for_any_number_of_threads(tmp_path: Path) -> None:
    written = []
    for threads in (1, 2, 4):
        path = tmp_path / f"{threads}.parquet"
        with engine(tmp_path, threads) as db:
            db.execute("CREATE TABLE t AS SELECT range AS i, 'row ' || range AS s FROM range(?)", [300_000])
            assert db.copy("SELECT * FROM t WHERE i % ? = 0", path, [3]) == 100_000
        written.append(path.read_bytes())
    assert written[0] == written[1] == written[2]


def test_names_and_paths_are_quoted(tmp_path: Path) -> None:
    folder = tmp_path / "it's [a] *"
    folder.mkdir()
    with engine(tmp_path) as db:
        db.copy(f"SELECT 1 AS {quoted('a "b"; --')}", folder / "x?.parquet")
        assert db.value(f"SELECT {quoted('a "b"; --')} FROM {parquet(folder / 'x?.parquet')}") == 1
        assert db.value(f"SELECT {literal("it's")}") == "it's"


def test_what_does_not_fit_in_memory_spills_and_leaves_nothing(tmp_path: Path) -> None:
    with engine(tmp_path) as db:
        db.execute("SET memory_limit = '60MB'")
        db.execute("CREATE TABLE t AS SELECT sha256(range::VARCHAR) || repeat('x', 200) AS s FROM range(500_000)")
        assert (tmp_path / ".spill").exists()
        assert db.value("SELECT count(*) FROM (SELECT s FROM t ORDER BY s)") == 500_000
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    with engine(tmp_path) as db:
        db.execute("SET memory_limit = '30MB'")
        db.execute("SET max_temp_directory_size = '1MB'")
        with pytest.raises(DiagnosticError) as error:
            db.execute("CREATE TABLE t AS SELECT sha256(range::VARCHAR) || repeat('x', 200) AS s FROM range(500_000)")
    assert error.value.diagnostics[0].code == "SFT0904"


def test_our_own_mistakes_are_not_dressed_up(tmp_path: Path) -> None:
    import duckdb

    with engine(tmp_path) as db, pytest.raises(duckdb.CatalogException):
        db.execute("SELECT * FROM nowhere")
    assert isinstance(_explained(duckdb.IOException("No space left on device")), DiagnosticError)
