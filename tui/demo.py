"""The store that comes along, so that anyone sees the dashboard without running a model: ``sft tui --demo``.

It is a real run (``docs/make_demo.py`` made it), kept as rows: a file of Parquet a table and the files of rows that
views look into, in one archive. To open it is to make a store of today's schema in a folder of its own and to put the
rows into it, so that it stays readable when the schema rises, holds no path of the machine that made it, and nothing is
ever written into the installation. 0.3 s. The folder goes when its process ends, by a signal too (a terminal that is
closed). What was left all the same goes when a demo is opened next: a copy that is looked at holds a lock, which says
the same to who shares the folder and not the numbers of processes, as containers may.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from runtime.store import Store

ARCHIVE = Path(__file__).parent / "demo.zip"
BESIDE = "beside/"  # files that the specs read, which stand beside the store
TABLES = "tables/"  # where the rows of tables are in the archive; everything else is a file of the store
PREFIX = "sft-demo-"
LOCK = ".open"  # is locked for as long as the copy is looked at
_ENDS = (signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))
_copies: set[Path] = set()  # stores of the demos that this process has opened


@contextmanager
def demo_copy() -> Iterator[Store]:
    """The demo in a folder that is there as long as it is looked at."""
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()

    def ended(number: int, _: FrameType | None) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    before = {number: signal.signal(number, ended) for number in _ENDS}
    try:
        with _held(folder):
            store = unpack(folder / ".sft")
            _copies.add(store.root)
            yield store
    finally:
        _copies.discard(folder / ".sft")
        shutil.rmtree(folder, ignore_errors=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def is_copy(store: Store) -> bool:
    """Whether a store is a demo's, which goes when the dashboard is left."""
    return store.root.resolve() in _copies


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep others from sweeping a folder away. The lock gets its name when it is held: who finds it can trust it."""
    import fcntl

    new = folder / f"{LOCK}.new"
    with new.open("w") as handle:
        with suppress(OSError):  # a file system without locks: there nobody else can take it either
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.rename(folder / LOCK)
        yield


def _sweep(place: Path) -> None:
    """Take away the copies of this user that nobody looks at: killed processes leave them."""
    import fcntl

    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):  # there is no lock, or it is held
            ours = not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
            if ours and not folder.is_symlink():
                with (folder / LOCK).open() as handle:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
