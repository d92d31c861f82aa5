"""The engine: the same bytes every time, names that are no patterns, and errors that say what the user can mend."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import step_databases
from runtime.relational import as_finding, engine, literal, parquet, quoted
from spec_lang.diagnostics import DiagnosticError, fatal
from tests.runtime.data.hostile import HOSTILE

WORK = """
SELECT i, sha256(i::VARCHAR) AS h, CASE WHEN i % 7 <> 0 THEN 'text ' || i % 1000 END AS t, i % 3 = 0 AS b, i / 3 AS d
FROM (SELECT unnest(range(250000)) AS i) ORDER BY hash(i), i"""


def test_files_are_the_same_bytes_for_every_number_of_threads(tmp_path: Path) -> None:
    digests = set()
    for run, threads in enumerate([1, 2, 4, 2]):
        path = tmp_path / f"{run}.parquet"
        with engine(tmp_path, threads=threads) as db:
            assert db.copy(WORK, path) == 250_000
            again = tmp_path / f"{run}-again.parquet"
            db.copy(f"SELECT * FROM {parquet(path)} WHERE i % 2 = 0 ORDER BY h", again)
        digests.add(tuple(hashlib.sha256(file.read_bytes()).hexdigest() for file in (path, again)))
    assert len(digests) == 1


def test_a_path_is_no_pattern_and_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "key=value" / "it's [a] *dir?"
    folder.mkdir(parents=True)
    with engine(folder) as db:
        for number, name in enumerate(["a[1].parquet", "a1.parquet", "*.parquet", "?.parquet"]):
            db.copy("SELECT ? AS n", folder / name, [number])
            assert db.rows(f"SELECT * FROM {parquet(folder / name)}") == [(number,)]


DYING = """
import os, sys
from pathlib import Path
from runtime.relational import engine
folder = Path(sys.argv[1])
with engine(folder, threads=2) as db:
    db.copy("SELECT 1 AS n", folder / "rows.parquet")
    db.add_function("die", lambda n: os._exit(9) if n == 150_000 else n, ["BIGINT"], "BIGINT")
    db.copy("SELECT die(i) AS n FROM (SELECT unnest(range(200000)) AS i)", folder / "rows.parquet")
"""


def test_a_kill_while_a_file_is_written_again_leaves_no_second_file(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", DYING, str(tmp_path)]).returncode == 9
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["rows.parquet"]


@pytest.mark.parametrize("text", HOSTILE)
def test_quoting(tmp_path: Path, text: str) -> None:
    with engine(tmp_path) as db:
        assert db.value("SELECT ?", [text]) == text
        if "\0" not in text:
            assert db.value(f"SELECT {literal(text)}") == text
            assert db.value(f"SELECT {quoted(text)} FROM (SELECT 5 AS {quoted(text)})") == 5


def test_spilled_files_are_gone_at_the_end(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), engine(tmp_path) as db:
        db.execute("SET memory_limit = '60MB'")
        db.execute("CREATE TABLE big AS SELECT i, sha256(i::VARCHAR) AS h FROM (SELECT unnest(range(1500000)) AS i)")
        assert any(tmp_path.rglob("*")), "it did spill"
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_tables_that_are_larger_than_memory_lie_in_a_file_that_is_gone_at_the_end(tmp_path: Path) -> None:
    left = tmp_path / ".spill" / "tables.duckdb"
    for holds, there in ((1 << 30, False), (1 << 40, True)):
        with engine(tmp_path, holds=holds) as db:
            assert left.exists() is there
            db.execute("CREATE TABLE t AS SELECT 1 AS n")
        assert list(tmp_path.iterdir()) == []
    left.parent.mkdir()
    left.write_bytes(b"what a killed run left")
    with engine(tmp_path, holds=1 << 40) as db:
        db.execute("CREATE TABLE t AS SELECT 1 AS n")


def test_a_function_that_raises_is_told_of_whichever_way_rows_are_read(tmp_path: Path) -> None:
    def failing(n: int) -> int:
        raise RuntimeError(n)

    query = "SELECT failing(1)"
    for read in (
        lambda db: db.rows(query),
        lambda db: list(db.stream(query)),
        lambda db: list(db.batches(query, [], 10)),
        lambda db: db.copy(query, tmp_path / "rows.parquet"),
    ):
        with engine(tmp_path) as db:
            db.add_function("failing", failing, ["BIGINT"], "BIGINT")
            db.failures.append(lambda: fatal("SFT0437", "an extension failed"))
            with pytest.raises(DiagnosticError, match="an extension failed"):
                read(db)


def test_a_full_disk_is_said_to_be_one(tmp_path: Path) -> None:
    with engine(tmp_path) as db:
        db.execute("SET memory_limit = '60MB'")
        db.execute("SET max_temp_directory_size = '1MB'")
        with pytest.raises(DiagnosticError) as error, as_finding(lambda why: fatal("SFT0407", why)):
            db.execute("CREATE TABLE big AS SELECT i, sha256(i::VARCHAR) h FROM (SELECT unnest(range(3000000)) AS i)")
    assert error.value.diagnostics[0].code == "SFT0904"


def test_a_value_that_does_not_fit_is_the_users_and_our_own_mistakes_are_not(tmp_path: Path) -> None:
    import duckdb

    with engine(tmp_path) as db:
        with pytest.raises(DiagnosticError) as error:
            db.execute("SELECT (?::BIGINT * 2)", [2**62])
        assert error.value.diagnostics[0].code == "SFT0411"
        with pytest.raises(duckdb.Error):
            db.execute("SELECT no_such_column FROM range(3)")
        with pytest.raises(duckdb.ParserException):
            db.execute("SELEC 1")
        with pytest.raises(DiagnosticError) as error, as_finding(lambda why: fatal("SFT0407", why)):
            db.execute(f"SELECT * FROM {parquet(tmp_path / 'missing.parquet')}")
        assert error.value.diagnostics[0].code == "SFT0407"


@pytest.mark.parametrize(
    ("sql", "value", "help"),
    [
        ("SELECT regexp_matches('', ?)", "\\pL{1000}", "regular expression"),
        ("SELECT regexp_matches('', ?)", "a**", "regular expression"),
        ("SELECT regexp_matches('', ?)", "\\q", "regular expression"),
        ("SELECT json_extract('{}', ?)", '$."a', "path"),
        (f"SELECT {'(' * 1100}?{' + 1)' * 1100}", 1, "fewer calls"),
    ],
)
def test_an_expression_that_cannot_run_is_not_said_to_have_met_a_value(
    tmp_path: Path, sql: str, value: object, help: str
) -> None:
    with engine(tmp_path) as db, pytest.raises(DiagnosticError) as error:
        db.execute(sql, [value])
    (found,) = error.value.diagnostics
    assert found.code == "SFT0411" and help in (found.help or "") and "value" not in found.message


def test_a_step_finds_nothing_of_the_one_before(tmp_path: Path) -> None:
    seen = "SELECT current_setting('temp_directory'), current_setting('threads'), current_setting('memory_limit')"
    with engine(tmp_path / "it's one", threads=3) as db:
        usual = db.rows(seen)[0][2]
        db.execute("SET memory_limit = '99MB'")
        db.execute("CREATE TABLE t AS SELECT 1 AS n")
        db.execute("CREATE TEMP TABLE s AS SELECT 1 AS n")
        db.add_function("twice", lambda n: 2 * n, ["BIGINT"], "BIGINT")
        left = list(db.batches("SELECT twice(n) FROM t", (), 5))
        unread = db.batches("SELECT unnest(range(9000))", (), 5)
        next(unread)
    assert left == [[(2,)]] and list(step_databases._kept)
    with engine(tmp_path / "two", threads=2) as db, engine(tmp_path / "three") as other:
        assert db.rows(seen) == [(str(tmp_path / "two" / ".spill"), 2, usual)]
        other.execute("CREATE TABLE t AS SELECT 1 AS n")
        assert db.rows("SELECT table_name FROM duckdb_tables()") == []
        assert db.rows("FROM duckdb_functions() WHERE function_name = 'twice'") == []
        db.add_function("twice", lambda n: 3 * n, ["BIGINT"], "BIGINT")
        assert db.value("SELECT twice(1)") == 3


def test_a_step_that_failed_or_spilled_takes_its_database_with_it(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), engine(tmp_path):
        raise RuntimeError
    assert not step_databases._kept
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        with engine(tmp_path / str(number), threads=1) as db:
            assert db.value("SELECT count(*) FROM duckdb_databases() WHERE NOT internal") == 2
            db.execute("SET memory_limit = '60MB'")
            db.execute("CREATE TABLE big AS SELECT sha256(i::VARCHAR) AS h FROM (SELECT unnest(range(900000)) AS i)")
            assert (tmp_path / str(number) / ".spill").exists(), "in its own folder"
        assert not (tmp_path / str(number) / ".spill").exists()
