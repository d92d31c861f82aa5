"""Pages of codes about files: beside these, the first spec has exactly that finding, the others have none of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from sft.project import check_text
from spec_lang import codes
from spec_lang.source import SourceFile
from tests.lang.language_pages import examples

ROW = b'{"message": "Where is my order?", "label": "delivery"}\n'
WIDE = json.dumps({f"key {number}": number for number in range(2001)}).encode()
CONFIG = b'{"model_type": "llama"}'
# What stands in the folder beside the spec of every page.
FILES: Mapping[str, bytes] = {
    "tickets.jsonl": ROW,
    "tickets.txt": b"Where is my order?\n",
    "data/first.jsonl": ROW,
    "archive/2026/first.jsonl": ROW,
    "empty.jsonl": b"",
    "notes.jsonl": b"only words\n",
    "utf16.jsonl": ROW.decode().encode("utf-16"),
    "broken.json": b'[{"message": "hi"}',
    "wide.jsonl": WIDE + b"\n",
    "numbered.jsonl": b'{"__line": 1, "message": "hi"}\n',
    "quantised/model-q8_0.gguf": b"GGUF",
    "quantised/model-q4_0.gguf": b"GGUF",
    "pickled-model/config.json": CONFIG,
    "pickled-model/pytorch_model.bin": b"\x80",
    "config-only/config.json": CONFIG,
    "without-tokenizer/config.json": CONFIG,
    "without-tokenizer/model.safetensors": b"",
}
PAGES = {code: path for code, path in codes.pages().items() if code[:5] in ("SFT04", "SFT05")}
FROM_FILES = [code for code in PAGES if codes.comes_from_a_spec(code)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("beside")
    for name, content in FILES.items():
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).write_bytes(content)
    return root


def findings(folder: Path, text: str) -> list[str]:
    return [item.code for item in check_text(SourceFile(str(folder / "spec.sft"), text))]


@pytest.mark.parametrize("code", FROM_FILES)
def test_code_page(folder: Path, code: str) -> None:
    failing, *cured = examples(PAGES[code])
    assert findings(folder, failing.text) == [code]
    assert cured
    assert not [found for spec in cured for found in findings(folder, spec.text) if found == code]


def test_these_codes_of_data_come_from_a_spec_and_its_files_and_the_others_only_from_a_run() -> None:
    data = {code for code in FROM_FILES if code.startswith("SFT04")}
    before = {"SFT0401", "SFT0402", "SFT0403", "SFT0404", "SFT0405", "SFT0406", "SFT0407", "SFT0409"}
    before |= {"SFT0410", "SFT0442"}
    assert data == before
