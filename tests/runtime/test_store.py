"""The store under two processes, and its error messages."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from runtime.store import SCHEMA_VERSION, Store
from spec_lang.diagnostics import DiagnosticError

WRITER = """
import sys, time
from pathlib import Path
from runtime.store import Store
store = Store(Path(sys.argv[1]))
for i in range(int(sys.argv[2])):
    store.insert("ledger", ("step_hash", "rule", "row_id"), [("h", "0", str(i))])
    time.sleep(0.02)
print("done")
"""

HOLDER = """
import sys, time
from pathlib import Path
from runtime.store import Store
with Store(Path(sys.argv[1])).writing():
    print("held", flush=True)
    time.sleep(60)
"""


def start(code: str, *args: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_create_is_idempotent_and_versioned(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft").create()
    store.create()
    assert store.query("SELECT schema_version FROM meta") == [(SCHEMA_VERSION,)]


DYING = """
import os, sys
from pathlib import Path
import runtime.store
real = getattr(runtime.store, sys.argv[2])
def dying(*given, **named):
    real(*given, **named)
    os._exit(9)
setattr(runtime.store, sys.argv[2], dying)
runtime.store.Store(Path(sys.argv[1])).create()
"""


@pytest.mark.parametrize("after", ["attach", "point_views", "_migrate"])
def test_a_kill_while_a_store_is_made_leaves_none_and_the_next_run_makes_it(tmp_path: Path, after: str) -> None:
    store = Store(tmp_path / ".sft")
    assert start(DYING, store.root, after).wait() == 9
    assert not store.exists
    assert store.create().query("SELECT count(*) FROM examples") == [(0,)]


def test_what_a_kill_left_is_swept_once_nobody_can_be_making_it(tmp_path: Path) -> None:
    for name, age in ((".new-old", 3600), (".new-young", 0)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    Store(tmp_path).create()
    assert [path.name for path in tmp_path.glob(".new-*")] == [".new-young"]


def test_an_empty_file_is_no_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.database.touch()
    assert not store.exists
    assert store.create().query("SELECT schema_version FROM meta") == [(SCHEMA_VERSION,)]
    assert not list(tmp_path.glob(".new-*"))


def test_transaction_rolls_back_on_any_exception(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft").create()
    with pytest.raises(RuntimeError), store.writing() as con:
        con.execute("INSERT INTO ledger (step_hash, rule) VALUES ('a', '0')")
        raise RuntimeError
    assert store.query("SELECT count(*) FROM ledger") == [(0,)]


def test_reading_without_a_store_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        Store(tmp_path / "nowhere").query("SELECT 1")
    assert caught.value.diagnostics[0].code == "SFT0902"


def test_what_a_look_meets_in_values_is_a_finding_and_our_own_mistakes_raise(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft").create()
    for nested in (False, True):
        with store.reading() if nested else nullcontext(), pytest.raises(DiagnosticError) as caught:
            store.query("SELECT x * 9223372036854775807 FROM range(3) t(x)")
        assert caught.value.diagnostics[0].code == "SFT0411"
    for sql in ("SELECT nothing FROM runs", "SELECT $forgotten"):
        with pytest.raises(Exception, match=r"nothing|forgotten") as raised:
            store.query(sql)
        assert not isinstance(raised.value, DiagnosticError)


def test_readers_and_two_writers_share_the_file(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft").create()
    writers = [start(WRITER, store.root, 20), start(WRITER, store.root, 20)]
    seen: list[int] = []
    while any(writer.poll() is None for writer in writers):
        seen.append(store.query("SELECT count(*) FROM ledger")[0][0])
        time.sleep(0.05)
    for writer in writers:
        out, err = writer.communicate()
        assert out.strip() == "done", err
    assert store.query("SELECT count(*) FROM ledger") == [(40,)]
    assert seen == sorted(seen) and len(seen) > 3


def test_a_held_store_names_the_holder_and_gives_up(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft", patience=0.3)
    store.create()
    holder = start(HOLDER, store.root)
    try:
        assert holder.stdout is not None and holder.stdout.readline().strip() == "held"
        with pytest.raises(DiagnosticError) as caught:
            store.query("SELECT 1")
        finding = caught.value.diagnostics[0]
        assert finding.code == "SFT0901" and str(holder.pid) in finding.message
    finally:
        holder.kill()
        holder.communicate()
    assert store.query("SELECT 1") == [(1,)]  # a killed holder leaves a usable file


def test_a_file_that_is_no_database_is_refused_with_words(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft")
    store.root.mkdir()
    store.database.write_text("not a database, only text" * 400)
    with pytest.raises(DiagnosticError) as caught:
        store.create()
    assert caught.value.diagnostics[0].code == "SFT0905"


def test_answers_of_an_older_store_are_the_first_ones_to_their_items(tmp_path: Path) -> None:
    store = Store(tmp_path / "store").create()
    with store.writing() as con:
        con.execute("DROP TABLE predictions")
        con.execute(
            "CREATE TABLE predictions (step_hash TEXT NOT NULL, row_id TEXT NOT NULL, prompt TEXT NOT NULL, "
            "output TEXT NOT NULL, expected TEXT NOT NULL, stop_reason TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, "
            "output_tokens INTEGER NOT NULL, seconds DOUBLE NOT NULL, made_at TIMESTAMPTZ NOT NULL, "
            "PRIMARY KEY (step_hash, row_id))"
        )
        con.execute("INSERT INTO predictions VALUES ('h', 'r', 'p', 'o', 'e', 'length', 1, 2, 0.5, now())")
        con.execute("UPDATE meta SET schema_version = 3")
    store.create()
    assert store.query("SELECT row_id, sample, output, output_tokens FROM predictions") == [("r", 0, "o", 2)]
    assert store.query("SELECT schema_version FROM meta") == [(SCHEMA_VERSION,)]
    again = ("h", "r", 1, "p", "o2", "e", "length", 1, 2, 0.5)
    columns = ("step_hash", "row_id", "sample", "prompt", "output", "expected", "stop_reason", "prompt_tokens")
    with store.writing() as con:
        names = ", ".join((*columns, "output_tokens", "seconds"))
        con.execute(f"INSERT INTO predictions ({names}, made_at) VALUES ({', '.join('?' * 10)}, now())", list(again))
    store.create()
    assert len(store.query("SELECT 1 FROM predictions")) == 2


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft").create()
    with store.writing() as con:
        con.execute("UPDATE meta SET schema_version = 999")
    with pytest.raises(DiagnosticError) as caught:
        store.create()
    assert caught.value.diagnostics[0].code == "SFT0903"


def test_a_look_into_an_older_store_finds_what_this_version_asks_for(tmp_path: Path) -> None:
    store = Store(tmp_path / "s").create()
    with store.writing() as con:
        con.execute("DROP INDEX item_metrics_step")
        con.execute("ALTER TABLE item_metrics DROP COLUMN reason")
        con.execute("UPDATE meta SET schema_version = 4")
    assert store.query("SELECT reason FROM item_metrics") == []
    assert store.query("SELECT schema_version FROM meta") == [(SCHEMA_VERSION,)]


def test_an_older_store_that_was_moved_is_brought_to_this_version(tmp_path: Path) -> None:
    store = Store(tmp_path / "here").create()
    with store.writing() as con:
        con.execute("UPDATE meta SET schema_version = ?", [SCHEMA_VERSION - 1])
    moved = Store(store.root.rename(tmp_path / "there"))
    assert moved.query("SELECT count(*) FROM drops") == [(0,)]
    assert moved.query("SELECT schema_version FROM meta") == [(SCHEMA_VERSION,)]
