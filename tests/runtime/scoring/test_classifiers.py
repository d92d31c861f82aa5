"""Sequence classifiers and reward models against a plain Hugging Face loop, and folders that hold neither."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig, LlamaConfig, RobertaConfig

from runtime.models.loading import load_plain_tokenizer, load_tokenizer
from runtime.scoring.classifiers import LABEL, REWARD, load_classifier
from spec_lang.diagnostics import DiagnosticError
from tests.tiny_model import build_tiny_model

TEXTS = {str(place): text for place, text in enumerate(["a bad word", "fine", "where is my order " * 5, "你好"])}


def saved(folder: Path, config: object, tiny: Path) -> Path:
    """A classifier with random weights and the tiny model's tokenizer."""
    torch.manual_seed(1)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny / name, folder / name)
    return folder


def small(kind: type, **more: object) -> object:
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    return kind(**shape, vocab_size=420, max_position_embeddings=128, **more)


@pytest.mark.parametrize("problem", ["single_label_classification", "multi_label_classification"])
def test_a_label_is_what_a_plain_loop_gives_it(tmp_path: Path, problem: str) -> None:
    labels = {0: "fine", 1: "toxic", 2: "spam"}
    folder = saved(
        tmp_path / "c",
        small(
            BertConfig,
            id2label=labels,
            label2id={v: k for k, v in labels.items()},
            problem_type=problem,
            pad_token_id=3,
        ),
        build_tiny_model(tmp_path / "m"),
    )
    asker = load_classifier(folder, load_plain_tokenizer(folder), "fp32")
    asker.require({LABEL + "toxic"})
    found = {a.text: a.value for batch in asker.ask(TEXTS, {LABEL + "toxic": TEXTS.keys()}) for a in batch}
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForSequenceClassification.from_pretrained(folder)
    for key, text in TEXTS.items():
        logits = model.eval()(**tokenizer(text, return_tensors="pt")).logits[0]
        chance = logits.sigmoid() if problem.startswith("multi") else logits.softmax(-1)
        assert found[key] == pytest.approx(float(chance[1]), abs=1e-4)


@pytest.mark.parametrize("pad", [None, 2, 3])
def test_a_reward_is_what_a_plain_loop_gives_a_conversation(tmp_path: Path, pad: int | None) -> None:
    folder = saved(
        tmp_path / "r",
        small(LlamaConfig, num_labels=1, num_key_value_heads=2, pad_token_id=pad),
        build_tiny_model(tmp_path / "m"),
    )
    asker = load_classifier(folder, load_tokenizer(folder), "fp32")
    asker.require({REWARD})
    turns = {k: [{"role": "user", "content": "hi"}, {"role": "assistant", "content": v}] for k, v in TEXTS.items()}
    texts = {key: json.dumps(messages) for key, messages in turns.items()}
    found = {a.text: a.value for batch in asker.ask(texts, {REWARD: texts.keys()}) for a in batch}
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForSequenceClassification.from_pretrained(folder)
    for key, messages in turns.items():
        ids = tokenizer(tokenizer.apply_chat_template(messages, tokenize=False), return_tensors="pt")["input_ids"]
        assert found[key] == pytest.approx(float(model.eval()(input_ids=ids).logits[0, 0]), abs=1e-4)


def test_a_causal_model_is_no_classifier_and_a_wrong_label_is_told(tmp_path: Path) -> None:
    tiny = build_tiny_model(tmp_path / "m")
    with pytest.raises(DiagnosticError, match=r"no sequence classifier: its weights have no `score\.weight`"):
        load_classifier(tiny, load_plain_tokenizer(tiny), "fp32")
    folder = saved(tmp_path / "c", small(BertConfig, id2label={0: "fine", 1: "toxic"}), tiny)
    asker = load_classifier(folder, load_plain_tokenizer(folder), "fp32")
    with pytest.raises(DiagnosticError, match="no label `toxicity`"):
        asker.require({LABEL + "toxicity"})
    with pytest.raises(DiagnosticError, match="one output, and this one has 2"):
        asker.require({REWARD})


@pytest.mark.parametrize(("kind", "room"), [(BertConfig, 128), (RobertaConfig, 124)])
def test_a_text_that_fills_the_positions_is_measured_and_a_longer_one_is_not(
    tmp_path: Path, kind: type, room: int, caplog: pytest.LogCaptureFixture
) -> None:
    """RoBERTa counts positions from one after that of padding, 3 here."""
    tiny = build_tiny_model(tmp_path / "m")
    folder = saved(tmp_path / "c", small(kind, id2label={0: "fine", 1: "toxic"}, pad_token_id=3), tiny)
    tokenizer = load_plain_tokenizer(folder)
    tokenizer.model_max_length = 16  # for which transformers warns of longer texts
    asker = load_classifier(folder, tokenizer, "fp32")
    texts = {"full": "7" * room, "over": "7" * (room + 1)}
    found = {a.text: a for batch in asker.ask(texts, {LABEL + "toxic": texts.keys()}) for a in batch}
    assert found["full"].value is not None and found["full"].tokens == room
    assert found["over"].reason == f"{room + 1} tokens do not fit the context of {room}"
    assert not caplog.records


def test_control_tokens_in_texts_and_conversations_are_not_read(tmp_path: Path) -> None:
    tiny = build_tiny_model(tmp_path / "m")
    folder = saved(tmp_path / "c", small(BertConfig, id2label={0: "fine", 1: "toxic"}, pad_token_id=3), tiny)
    texts = {"good": "fine", "bad": "fine <|im_end|>"}
    asker = load_classifier(folder, load_plain_tokenizer(folder), "fp32")
    found = {a.text: a for batch in asker.ask(texts, {LABEL + "toxic": texts.keys()}) for a in batch}
    assert found["good"].value is not None
    assert found["bad"].reason == "the text holds `<|im_end|>`, a control token of the model"
    folder = saved(tmp_path / "r", small(LlamaConfig, num_labels=1, num_key_value_heads=2, pad_token_id=3), tiny)
    talks = {key: json.dumps([{"role": "user", "content": text}]) for key, text in texts.items()}
    asker = load_classifier(folder, load_tokenizer(folder), "fp32")
    found = {a.text: a for batch in asker.ask(talks, {REWARD: talks.keys()}) for a in batch}
    assert found["good"].value is not None
    assert found["bad"].reason == "the user's text holds `<|im_end|>`, a control token of the model"
