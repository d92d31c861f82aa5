"""The first list, read by a process of its own: the same as the screen would read, or nothing.

Each test is a process without threads, as the dashboard's is when it begins to read.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from runtime.store import Store
from tests.tui.sample_store import build

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")

BEGIN = """
import os, pathlib, signal, sys
from runtime.store import Store
from tui.ahead import Ahead, read_ahead
root = pathlib.Path(sys.argv[1])
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return build(tmp_path / ".sft")


def run(code: str, root: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", BEGIN + code, str(root)], capture_output=True, text=True, check=True
    ).stdout


def test_gives_what_the_screen_would_read_once_and_leaves_no_process(store: Store) -> None:
    code = """
ahead = read_ahead(root)
pid, found = ahead._pid, ahead.take()
from tui.home_model import FIRST_PAGE, home_model
assert found.rows and found == home_model(Store(root), FIRST_PAGE, None, None)
assert ahead.take() is None
try:
    os.kill(pid, 0)
except ProcessLookupError:
    print("gone")
"""
    assert run(code, store.root) == "gone\n"


def test_gives_nothing_where_the_screen_has_to_ask_itself(store: Store) -> None:
    code = """
killed = Ahead(root)
os.kill(killed._pid, signal.SIGKILL)
assert killed.take() is None
assert Ahead(root / "nowhere").take() is None
import tui.ahead
tui.ahead._ENDS_WITHIN_S = 0.1
slow = Ahead(root)
os.kill(slow._pid, signal.SIGSTOP)
assert slow.take() is None
assert not os.path.exists(f"/proc/{slow._pid}")
tui.ahead._ENDS_WITHIN_S = 60.0
ahead = Ahead(root)
os.waitid(os.P_PID, ahead._pid, os.WEXITED | os.WNOWAIT)
with Store(root).writing() as con:
    con.execute("INSERT INTO baselines SELECT 'main', run_id, plan_hash, now(), NULL FROM runs LIMIT 1")
assert ahead.take() is None
print("nothing")
"""
    assert run(code, store.root) == "nothing\n"


def test_does_not_bring_an_older_store_to_this_version(store: Store) -> None:
    with store.writing() as con:
        con.execute("UPDATE meta SET schema_version = schema_version - 1")
    before = store.database.read_bytes()
    assert run("print(Ahead(root).take())", store.root) == "None\n"
    assert store.database.read_bytes() == before


def test_gives_nothing_where_another_process_holds_the_store(store: Store) -> None:
    hold = f"import duckdb; con = duckdb.connect({str(store.database)!r}); print('held', flush=True); input()"
    holder = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        assert run("print(Ahead(root).take())", store.root) == "None\n"
    finally:
        holder.kill()
        holder.communicate()


def test_ends_by_itself_when_the_parent_is_gone(store: Store) -> None:
    child = Path("/proc") / run("print(Ahead(root)._pid, flush=True); os._exit(0)", store.root).strip() / "stat"
    for _ in range(1000):
        try:
            if child.read_text(encoding="utf-8").rpartition(")")[2].split()[0] in "ZX":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.02)
    raise AssertionError("it is still there after 20 seconds")
