"""Finding weights: the three spellings, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.world import Problem
from runtime.models.weights import GgufFile, HubSnapshot, ModelFolder, locate, model_exists
from tests.tiny_model import build_tiny_model

COMMIT = "12fd25f77366fa6b3b4b768ec3050bf629380bac"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build_tiny_model(tmp_path / "tiny")


def test_folder_relative_to_the_spec(folder: Path) -> None:
    assert locate("./tiny", folder.parent) == ModelFolder(folder.parent / "./tiny")
    assert model_exists("tiny", folder.parent) is None


def test_gguf_file_and_folder_with_one(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / "a.gguf"
    file.write_bytes(b"GGUF")
    assert locate("models/a.gguf", tmp_path) == locate("models", tmp_path) == GgufFile(file)
    (tmp_path / "models" / "b.gguf").write_bytes(b"GGUF")
    problem = locate("models", tmp_path)
    assert isinstance(problem, Problem) and problem.code == "SFT0501" and "`a.gguf`, `b.gguf`" in problem.message


def test_package_is_found_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "some_weights"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "m.gguf").write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert locate("package:some_weights", tmp_path) == GgufFile(package / "m.gguf")


@pytest.mark.parametrize("name", ["no_such_weights_package", "os.path", "../x", ""])
def test_packages_that_are_not_there(name: str, tmp_path: Path) -> None:
    problem = locate(f"package:{name}", tmp_path)
    assert isinstance(problem, Problem) and problem.code in {"SFT0500", "SFT0501"}


@pytest.mark.parametrize("reference", ["a/b", "a/b@main", "a/b@v1.0", f"a/b@{COMMIT[:12]}", "nothing", "a/b/c"])
def test_hub_models_have_to_be_pinned(reference: str, tmp_path: Path) -> None:
    problem = locate(f"hf:{reference}", tmp_path)
    assert isinstance(problem, Problem) and problem.code == "SFT0502"


def test_hub_cache_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    assert locate(f"hf:org/name@{COMMIT}", tmp_path) == HubSnapshot("org/name", COMMIT)
    snapshot = build_tiny_model(tmp_path / "hub" / "models--org--name" / "snapshots" / COMMIT)
    assert locate(f"hf:org/name@{COMMIT}", tmp_path) == ModelFolder(snapshot)


@pytest.mark.parametrize(
    ("removed", "added", "code"),
    [
        ("model.safetensors", "pytorch_model.bin", "SFT0503"),
        ("model.safetensors", None, "SFT0504"),
        ("tokenizer.json", None, "SFT0505"),
        ("config.json", None, "SFT0501"),
    ],
)
def test_incomplete_folders(folder: Path, removed: str, added: str | None, code: str) -> None:
    (folder / removed).unlink()
    if added:
        (folder / added).write_bytes(b"\x80\x04.")
    problem = locate("tiny", folder.parent)
    assert isinstance(problem, Problem) and problem.code == code


def test_missing_path(tmp_path: Path) -> None:
    problem = model_exists("./nope", tmp_path)
    assert problem is not None and problem.code == "SFT0500" and problem.help
