"""Facts about models: what changes which hash, what costs nothing the second time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from compiler.world import ModelFacts, Problem
from runtime.models.model_facts import model_facts
from tests.tiny_model import CHATML, CHATML_DEFAULT_SYSTEM, build_tiny_model

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SFT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def facts(folder: Path, chat_template: str | None = None) -> ModelFacts:
    found = model_facts(str(folder), chat_template, folder.parent)
    assert isinstance(found, ModelFacts), found
    return found


def test_same_files_elsewhere_give_the_same_facts(tmp_path: Path) -> None:
    one, other = facts(build_tiny_model(tmp_path / "a")), facts(build_tiny_model(tmp_path / "b"))
    assert one == other and "<|im_end|>" in one.special_tokens


def test_each_part_changes_its_own_hash(tmp_path: Path) -> None:
    base = facts(build_tiny_model(tmp_path / "a"))
    seed = facts(build_tiny_model(tmp_path / "b", seed=1))
    assert seed == replace(base, weights=seed.weights) and seed.weights != base.weights
    template = facts(build_tiny_model(tmp_path / "c", chat_template=CHATML_DEFAULT_SYSTEM))
    assert template == replace(base, chat_template=template.chat_template) != base
    padded = facts(build_tiny_model(tmp_path / "d", pad_is_end_of_turn=False))
    assert padded.tokenizer != base.tokenizer and padded.chat_template == base.chat_template


def test_override_is_hashed_as_its_text(tmp_path: Path) -> None:
    folder = build_tiny_model(tmp_path / "a", chat_template=None)
    problem = model_facts(str(folder), None, tmp_path)
    assert isinstance(problem, Problem) and problem.code == "SFT0510"
    (tmp_path / "chat.jinja").write_text(CHATML)
    assert facts(folder, "chat.jinja").chat_template == facts(build_tiny_model(tmp_path / "b")).chat_template
    problem = model_facts(str(folder), "nope.jinja", tmp_path)
    assert isinstance(problem, Problem) and problem.code == "SFT0511"


def test_a_change_in_place_is_seen(tmp_path: Path) -> None:
    folder = build_tiny_model(tmp_path / "a")
    before = facts(folder)
    (folder / "config.json").write_text((folder / "config.json").read_text().replace("10000.0", "500000.0"))
    assert facts(folder).weights != before.weights


@pytest.mark.parametrize("damage", ["{", "[]", '{"added_tokens": [1]}'])
def test_damaged_tokenizer_is_a_problem(tmp_path: Path, damage: str) -> None:
    folder = build_tiny_model(tmp_path / "a")
    (folder / "tokenizer.json").write_text(damage)
    problem = model_facts(str(folder), None, tmp_path)
    assert isinstance(problem, Problem) and problem.code == "SFT0508"


def test_damaged_cache_is_worked_out_again(tmp_path: Path, cache: Path) -> None:
    folder = build_tiny_model(tmp_path / "a")
    before = facts(folder)
    (kept,) = (cache / "model-facts").iterdir()
    for damage in ("{", "[]", json.dumps({"weights": "x"})):
        kept.write_text(damage)
        assert facts(folder) == before


def test_asking_imports_no_torch(tmp_path: Path) -> None:
    folder = build_tiny_model(tmp_path / "a")
    program = (
        "import sys; from pathlib import Path; from runtime.models.model_facts import model_facts; "
        f"print(model_facts({str(folder)!r}, None, Path('.')).weights); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers', 'numpy', 'duckdb')))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True).returncode == 0
