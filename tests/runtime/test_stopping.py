"""Ctrl-C and DuckDB: a statement that would take years ends, whoever asks for its rows, and what follows it, too."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.context import Interrupted
from runtime.events import EventWriter
from runtime.relational import Engine, engine
from runtime.scheduler import stop_on_signals
from runtime.store import Store
from sft.project import run

YEARS = (
    "SELECT max(md5(a.i::VARCHAR || b.i::VARCHAR)) FROM (SELECT range AS i FROM range(1_000_000)) AS a, "
    "(SELECT range AS i FROM range(1_000_000)) AS b"
)
SECONDS = "SELECT max(md5(range::VARCHAR)) FROM range(10_000_000)"  # what another thread computes is waited for
ASKED: dict[str, Callable[[Engine, str], Any]] = {
    "rows": lambda db, sql: db.rows(sql),
    "stream": lambda db, sql: next(db.stream(sql)),
    "batches": lambda db, sql: next(db.batches(sql, [], 10)),
}


@contextmanager
def signalled(number: int) -> Iterator[None]:
    """A signal that comes from outside, while what is inside of this computes."""
    timer = threading.Timer(0.2, os.kill, [os.getpid(), number])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


@pytest.fixture
def events(tmp_path: Path) -> EventWriter:
    return EventWriter(tmp_path / "events.jsonl")


@pytest.mark.parametrize("how", ASKED)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_the_statement_and_lets_no_other_begin(
    tmp_path: Path, events: EventWriter, how: str, number: int
) -> None:
    with engine(tmp_path) as db:
        with stop_on_signals(events) as stop:
            with signalled(number), pytest.raises(Interrupted):
                ASKED[how](db, YEARS)
            assert stop.requested
            with pytest.raises(Interrupted):
                db.value("SELECT 1")
        assert db.value("SELECT 1") == 1, "the next run of this process is not stopped"


@pytest.mark.parametrize("how", ["reading", "writing", *ASKED])
def test_a_keyboard_interrupt_out_of_duckdb_stays_one(tmp_path: Path, how: str) -> None:
    store = Store(tmp_path / ".sft").create()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with signalled(signal.SIGTERM), pytest.raises(KeyboardInterrupt), engine(tmp_path) as db:
            if how in ASKED:
                ASKED[how](db, SECONDS)
            else:
                with getattr(store, how)() as con:
                    con.execute(SECONDS)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert store.query("SELECT count(*) FROM runs") == [(0,)]


def test_a_run_that_is_stopped_in_a_statement_is_interrupted_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"q": "why", "a": "so"}) + "\n")
    spec = tmp_path / "s.sft"
    spec.write_text(
        'edition 2026\nsource rows { path = "rows.jsonl"   licence = "CC0-1.0"   origin = human }\n'
        'template t { user = "{q}"   assistant = "{a}" }\nfilter short { keep words(q) in 1..4 }\n'
        "task x { from = rows   filters = [short]   templates = [t] }\n"
    )
    copied = Engine.copy

    def slow(db: Engine, *what: Any, **how: Any) -> int:
        with signalled(signal.SIGINT):
            db.rows(YEARS)
        return copied(db, *what, **how)

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "copy", slow)
        outcome = run(spec)
    assert (outcome.status, outcome.computed) == ("interrupted", 0)
    assert Store(tmp_path / ".sft").query("SELECT status FROM runs") == [("interrupted",)]
    assert run(spec).status == "done"
