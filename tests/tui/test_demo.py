"""The store that comes along: it opens with today's schema, names no machine, and stays as it is."""

from __future__ import annotations

import hashlib
import io
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.store import Store
from sft.run_report.facts import run_facts
from sft.run_report.html_page import html_page
from tests.command import sft
from tests.tui.conftest import Journey
from tui import queries
from tui.demo import ARCHIVE, TABLES, unpack

Walk = Callable[..., None]
AGAIN = "`docs/make_demo.py` on a finished store makes the demo again"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return unpack(tmp_path_factory.mktemp("demo") / ".sft")


def test_the_demo_is_small_and_names_no_machine() -> None:
    assert ARCHIVE.stat().st_size < 2_000_000
    with zipfile.ZipFile(ARCHIVE) as bundle:
        held = {name: bundle.read(name) for name in bundle.namelist()}
    for name, content in held.items():
        host = f'"{socket.gethostname()}"'.encode()  # a short one is in any bytes by chance
        for telling in (b"/tmp/", b"/root/", b"/home/", b"/work/", b"/Users/", host):
            assert telling not in content, f"{name} names {telling!r}: {AGAIN}"


def test_the_demo_has_rows_in_every_table_that_it_brings(demo: Store) -> None:
    with zipfile.ZipFile(ARCHIVE) as bundle:
        tables = [Path(name).stem for name in bundle.namelist() if name.startswith(TABLES)]
    assert {"runs", "steps", "predictions", "gates", "train_steps", "ledger"} <= set(tables)
    for table in tables:
        assert demo.query(f'SELECT count(*) FROM "{table}"')[0][0], f"{table} is empty: {AGAIN}"
    assert demo.query("SELECT count(*) FROM examples")[0][0] and demo.query("SELECT count(*) FROM renders")[0][0]


def test_every_view_of_the_demo_has_something_to_show(demo: Store, walk: Walk) -> None:
    before = hashlib.sha256(ARCHIVE.read_bytes()).hexdigest(), sorted(path.name for path in ARCHIVE.parent.iterdir())

    async def journey(go: Journey) -> None:
        await go.press("enter")
        for key in ("1", "2", "3", "4", "5"):
            await go.press(key)
            assert len(go.text().split()) > 40, (key, go.text())

    walk(demo, journey, size=(120, 40))
    after = hashlib.sha256(ARCHIVE.read_bytes()).hexdigest(), sorted(path.name for path in ARCHIVE.parent.iterdir())
    assert before == after


def test_the_demo_has_a_report_with_two_models_compared(demo: Store) -> None:
    run = queries.runs(demo, 1)[0]
    facts = run_facts(demo, run.run_id, 50)
    assert facts.evals and all(one.compared is not None for one in facts.evals)
    assert "The difference on the same items" in html_page(facts, [])


def test_an_archive_of_an_older_schema_is_opened(tmp_path: Path) -> None:
    """A table that has a column less then keeps its rows; one that does not exist any more is an error of ours."""
    older = tmp_path / "older.zip"
    with zipfile.ZipFile(ARCHIVE) as bundle, zipfile.ZipFile(older, "w") as copy:
        for name in bundle.namelist():
            if not name.endswith("rules.parquet"):
                copy.writestr(name, bundle.read(name))
        store = unpack(tmp_path / "first" / ".sft")
        path = tmp_path / "rules.parquet"
        with store.reading() as con:
            con.execute(f"COPY (SELECT run_id, step_id, rule, text FROM rules) TO '{path}' (FORMAT parquet)")
        copied = io.BytesIO(path.read_bytes())
        copy.writestr(f"{TABLES}0/rules.parquet", copied.getvalue())
    found = unpack(tmp_path / "second" / ".sft", older)
    assert found.query("SELECT count(*) FROM rules")[0][0] == store.query("SELECT count(*) FROM rules")[0][0]


def test_a_crash_of_the_demo_has_an_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.app.run_dashboard", lambda *_, **__: 1)
    assert sft("tui", "--demo", cwd=tmp_path, TEXTUAL_DRIVER="somewhere").returncode == 1
