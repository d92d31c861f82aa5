"""Looks inside a look share a connection, and leave none behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.store import Store


def test_nested_looks_share_and_close(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft").create()
    with store.reading() as outer:
        with store.reading() as inner:
            assert inner is outer
        assert store.query("SELECT 1") == [(1,)]
    store.insert("ledger", ("step_hash", "rule"), [("h", "0")])  # no reader is left to stand in the way
    assert store.query("SELECT count(*) FROM ledger") == [(1,)]


def test_an_exception_closes_the_look(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft").create()
    with pytest.raises(RuntimeError), store.reading():
        raise RuntimeError
    store.insert("ledger", ("step_hash", "rule"), [("h", "0")])
