"""The store that comes along, so that anyone sees the dashboard without running a model: ``sft tui --demo``.

It is a real run (``docs/make_demo.py`` made it), kept as rows: a file of Parquet a table and the files of rows that
views look into, in one archive. To open it is to make a store of today's schema in a folder of its own and to put the
rows into it, so that it stays readable when the schema rises, holds no path of the machine that made it, and nothing is
ever written into the installation. 0.3 s. The folder bears the number of its process: it goes when that ends, by a
signal too (a terminal that is closed), and what was left all the same goes when a demo is opened next.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from runtime.processes import identity, is_still
from runtime.store import Store

ARCHIVE = Path(__file__).parent / "demo.zip"
BESIDE = "beside/"  # files that the specs read, which stand beside the store
TABLES = "tables/"  # where the rows of tables are in the archive; everything else is a file of the store
PREFIX = "sft-demo-"
_OWNED = re.compile(rf"{PREFIX}(\d+)-([0-9a-f]*)-")  # the process, and its identity
_ENDS = (signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))


@contextmanager
def demo_copy() -> Iterator[Store]:
    """The demo in a folder that is there as long as it is looked at."""
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{identity(os.getpid())}-"))

    def ended(number: int, _: FrameType | None) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    before = {number: signal.signal(number, ended) for number in _ENDS}
    try:
        yield unpack(folder / ".sft")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def is_copy(store: Store) -> bool:
    """Whether a store is a demo's, which goes when the dashboard is left."""
    return store.root.parent.name.startswith(PREFIX)


def _sweep(place: Path) -> None:
    """Take away the copies of this user whose processes are gone: killed ones leave them."""
    for folder in place.glob(f"{PREFIX}*"):
        owned = _OWNED.match(folder.name)
        with suppress(OSError):
            about = folder.lstat()
            ours = not hasattr(os, "getuid") or about.st_uid == os.getuid()
            if owned and ours and not is_still(int(owned[1]), owned[2], about.st_mtime):
                shutil.rmtree(folder, ignore_errors=True)


def unpack(folder: Path, archive: Path = ARCHIVE) -> Store:
    """The demo as a store in a folder that is not there yet, or empty."""
    store = Store(folder.resolve())
    with zipfile.ZipFile(archive) as bundle:
        names = [name for name in bundle.namelist() if not name.endswith("/")]
        bundle.extractall(folder, names)
    store.create()
    with store.writing() as con:
        for name in names:
            if name.startswith(TABLES):
                table = Path(name).stem
                # By name: a column that is new since then stays empty, and one that was left is an error of ours.
                con.execute(f'INSERT INTO "{table}" BY NAME SELECT * FROM read_parquet(?)', [str(folder / name)])
    shutil.rmtree(folder / TABLES)
    if (folder / BESIDE).is_dir():
        shutil.copytree(folder / BESIDE, store.root.parent, dirs_exist_ok=True)
        shutil.rmtree(folder / BESIDE)
    return store
