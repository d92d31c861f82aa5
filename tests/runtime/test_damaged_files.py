"""Damaged files of finished steps: one finding that names the step's folder, wherever it is read, and the way out."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from runtime.damaged_files import damage
from runtime.store import Store
from sft.cli import main
from spec_lang.plain_text import visible

SPEC = """edition 2026
source s { path = "rows.jsonl" licence = "MIT" origin = human }
template plain { user = "{message}" assistant = "{label}" }
filter clean { keep words(message) > 1  dedup exact on message }
task t { from = s filters = [clean] templates = [plain] }
mixture all { use t cap 300 }
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("it's [1]")
    rows = [{"message": f"the {n % 900}th message {n * n * n} {hash((n, n))}", "label": f"{n}"} for n in range(1000)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "x.sft").write_text(SPEC)
    assert main(["run", str(folder / "x.sft"), "--store", str(folder / "st")]) == 0
    return folder


def broken(data: bytes, how: str) -> bytes:
    third = len(data) // 3
    return {
        "cut": data[:100],
        "empty": b"",
        "middle": data[:third] + bytes(2000) + data[third + 2000 :],
        "footer": data[:-400] + bytes(300) + data[-100:],
    }[how]


COMMANDS = {
    "ingest:s/examples.parquet": ["show", "duplicates"],
    "mix:all/rows.parquet": ["export", "all", "--to", "ex"],
    "ingest:s/rows.parquet": ["trace", "rows.jsonl:9"],
    "filter:t/rows.parquet": ["run", "x.sft"],
}


@pytest.mark.parametrize("how", ["cut", "empty", "middle", "footer"])
@pytest.mark.parametrize("file", COMMANDS)
def test_a_damaged_file_of_a_step_is_named_and_can_be_made_anew(
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    file: str,
    how: str,
) -> None:
    folder = tmp_path / "it's [1]"
    shutil.copytree(finished, folder)
    monkeypatch.chdir(folder)
    store = Store(Path("st"))
    hashes = dict(store.query("SELECT step_id, step_hash FROM steps"))
    step, name = file.split("/")
    found = next(key for key in hashes if key.startswith(step))
    path = store.root / "objects" / hashes[found] / name
    data = path.read_bytes()
    path.unlink()  # it may have a second name
    path.write_bytes(broken(data, how))
    if file.startswith("filter"):
        for later in (key for key in hashes if key.startswith(("render", "mix"))):
            shutil.rmtree(store.root / "objects" / hashes[later])
    command = [*COMMANDS[file], "--store", "st"]
    capsys.readouterr()
    assert main(command) == 1
    said = re.sub(r"\s+", " ", capsys.readouterr().err)
    assert said.count("error[") == 1 and "error[SFT0906]" in said
    assert f"`objects/{hashes[found]}` of the store is damaged" in said
    assert f"delete the folder `{visible(str(path.parent))}`" in said or f"/st/objects/{hashes[found]}`" in said
    shutil.rmtree(path.parent)
    assert main(["run", "x.sft", "--store", "st"]) == 0
    assert main(command) == 0
    assert path.read_bytes() == data


def test_other_mistakes_are_not_taken_for_damage(finished: Path) -> None:
    import duckdb

    with duckdb.connect() as con:
        rows = next((finished / "st" / "objects").glob("*/rows.parquet"))
        sql = f"SELECT 'a'::INTEGER FROM read_parquet('{str(rows).replace(chr(39), chr(39) * 2)}')"
        with pytest.raises(duckdb.Error) as caught:
            con.execute(sql).fetchall()
        assert damage(caught.value, con, sql) is None
