"""A trained model that was exported is the model that was evaluated: in peft, and merged in transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.store import Store
from sft.exporting import Wanted, export
from spec_lang.diagnostics import DiagnosticError
from tests.e2e.project import Project
from tests.tiny_model import CHATML_DEFAULT_SYSTEM, build_tiny_model


def greedy(model: Any, tokenizer: Any, messages: list[dict[str, str]]) -> str:
    """What transformers itself generates, with its own stopping."""
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")
    whole = model.generate(**ids, do_sample=False, max_new_tokens=6)
    return str(tokenizer.decode(whole[0][ids["input_ids"].shape[1] :], skip_special_tokens=True))


def test_merged_weights_and_adapter_give_the_answers_of_the_eval(finished: Project, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    store = Store(finished.root / ".sft")
    for name, merge in (("adapter", False), ("merged", True)):
        export(Wanted("tuned", tmp_path / name, merge=merge), finished.spec, store)
    assert (tmp_path / "adapter/adapter_model.safetensors").exists()
    base = AutoModelForCausalLM.from_pretrained(finished.root / "tiny", dtype=torch.float32)
    models = {
        "adapter": PeftModel.from_pretrained(base, tmp_path / "adapter"),
        "merged": AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32),
    }
    step = "SELECT step_hash FROM steps WHERE step_id = 'predict:format.tuned.plain' LIMIT 1"
    asked = store.query(f"SELECT prompt, output FROM predictions WHERE step_hash = ({step}) ORDER BY row_id LIMIT 6")
    assert len({output for _, output in asked}) > 1
    for name, model in models.items():
        tokenizer = AutoTokenizer.from_pretrained(tmp_path / name)
        assert [greedy(model, tokenizer, json.loads(prompt)) for prompt, _ in asked] == [output for _, output in asked]
    card = (tmp_path / "merged/README.md").read_text()
    assert "| format | exact | plain |" in card and "| train:tuned | 42 | 42 | 0 |" in card
    assert str(finished.root) not in card


def test_a_model_that_is_not_trained_as_the_spec_has_it_now_is_not_exported(project: Project, tmp_path: Path) -> None:
    project.edit("learning_rate = 1e-3", "learning_rate = 2e-3")
    store = Store(project.root / ".sft")
    with pytest.raises(DiagnosticError) as caught:
        export(Wanted("tuned", tmp_path / "out"), project.spec, store)
    assert caught.value.diagnostics[0].code == "SFT0922" and not (tmp_path / "out").exists()
    done = project.sft("export", "tuned", "--to", str(tmp_path / "out"), "--run", "last", "--format", "json")
    assert done.returncode == 0, done.stderr  # what the run had is still there
    assert (tmp_path / "out/adapter_config.json").exists()


def test_a_model_leaves_with_nothing_that_was_changed_since_its_training(project: Project, tmp_path: Path) -> None:
    store = Store(project.root / ".sft")

    def said(merge: bool) -> str:
        with pytest.raises(DiagnosticError) as caught:
            export(Wanted("tuned", tmp_path / "no", run="last", merge=merge), None, store)
        assert not (tmp_path / "no").exists()
        return f"{caught.value.diagnostics[0].code} {caught.value.diagnostics[0].message}"

    build_tiny_model(project.root / "tiny", seed=5)
    assert said(merge=True) == "SFT0922 the weights of `./tiny` changed since `train:tuned` trained on it"
    export(Wanted("tuned", tmp_path / "adapter", run="last"), None, store)  # it reads no weights
    assert (tmp_path / "adapter/adapter_model.safetensors").exists()
    build_tiny_model(project.root / "tiny", chat_template=CHATML_DEFAULT_SYSTEM)
    assert said(merge=False) == "SFT0922 the chat template of `./tiny` changed since `train:tuned` trained on it"
