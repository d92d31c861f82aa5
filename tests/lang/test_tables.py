"""The tables that ship are those of the grammar; tables of another grammar are made anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import json, structs

from spec_lang import tables
from spec_lang.make_tables import made_tables


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of tables in the place of the one that ships."""
    monkeypatch.setattr(tables, "FILE", tmp_path / "tables.json")
    return tmp_path / "tables.json"


def fresh() -> tables.Tables:
    """The tables as a new process gets them."""
    return tables.tables.__wrapped__()


def test_the_tables_that_ship_are_those_of_the_grammar() -> None:
    assert json.decode(tables.FILE.read_bytes(), type=tables.Tables) == made_tables()


def test_tables_of_another_grammar_are_made_anew(shipped: Path) -> None:
    made = made_tables()
    stale = structs.replace(made, grammar=made.grammar + 1, rules=made.rules[:1])
    shipped.write_bytes(json.encode(stale))
    assert fresh() == made


def test_tables_of_the_grammar_are_taken_as_they_are(shipped: Path) -> None:
    taken = structs.replace(made_tables(), rules=made_tables().rules[:1])
    shipped.write_bytes(json.encode(taken))
    assert fresh() == taken


def test_without_a_file_they_are_made(shipped: Path) -> None:
    assert not shipped.exists() and fresh() == made_tables()
