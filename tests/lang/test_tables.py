"""The cached tables read what the built ones read; a spoilt cache is built anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spec_lang import tables

QUICKSTART = (Path(__file__).parent / "specs" / "quickstart.sft").read_text(encoding="utf-8")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tables, "_cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def fresh() -> object:
    """The grammar as a new process gets it."""
    return tables.grammar.__wrapped__()


def test_cached_tables_read_the_same(cache: Path) -> None:
    built = tables.build()
    fresh()
    assert len(list(cache.iterdir())) == 1
    loaded = fresh()
    assert list(loaded.lex(QUICKSTART)) == list(built.lex(QUICKSTART))
    text = QUICKSTART[QUICKSTART.index("filter clean") : QUICKSTART.index("task triage")]
    assert loaded.parse(text, start="item") == built.parse(text, start="item")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"data": {}, "memo": {}}', "\x00"])
def test_a_spoilt_cache_is_built_anew(cache: Path, content: str) -> None:
    fresh()
    (kept,) = cache.iterdir()
    kept.write_text(content, encoding="utf-8")
    assert [token.type for token in fresh().lex("edition 2026")] == ["EDITION", "NUMBER"]
    assert json.loads(kept.read_text(encoding="utf-8"))["data"]["parser"]


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setattr(tables, "_cache_folder", lambda: blocked / "cache")
    assert [token.type for token in fresh().lex("edition 2026")] == ["EDITION", "NUMBER"]
