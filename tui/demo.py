"""The store that comes along, so that anyone sees the dashboard without running a model: ``sft tui --demo``.

It is a real run (``docs/make_demo.py`` made it), kept as rows: a file of Parquet a table and the files of rows that
views look into, in one archive. To open it is to make a store of today's schema in a folder of its own and to put the
rows into it, so that it stays readable when the schema rises, holds no path of the machine that made it, and nothing is
ever written into the installation. 0.3 s.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from runtime.store import Store

ARCHIVE = Path(__file__).parent / "demo.zip"
BESIDE = "beside/"  # files that the specs read, which stand beside the store
TABLES = "tables/"  # where the rows of tables are in the archive; everything else is a file of the store


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
