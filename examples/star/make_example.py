"""Writes all that this example starts from: digits to put in order, sentences, and a small model that knows nothing.

The rows are ours and drawn with a seed: five digits and the same digits in order, and sentences of a small grammar. The
model is a Llama of 88,000 random weights with a letter a token; the specs train it. `python make_example.py` gives the
same bytes again. Needs numpy and safetensors, which `sft` brings.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

HERE = Path(__file__).parent
LESSONS, PROBLEMS, EXAM = 200, 600, 800
SENTENCES = 900
ADJECTIVES = ["old", "red", "big", "sad", "shy", "wet", "odd", "mad", "hot", "new", "dry", "low"]
NOUNS = ["cat", "dog", "fox", "hen", "pig", "cow", "bee", "ant", "owl", "bat", "rat", "ram", "ape", "elk", "eel", "yak"]
VERBS = ["sees", "hears", "finds", "likes", "meets", "helps", "feeds", "calls", "wants", "hides"]
PLACES = ["at home", "by day", "in may", "on ice", "up here", "at sea", "by bus", "in bed"]
PAD, USER, ANSWER, END = "<|pad|>", "<|user|>", "<|answer|>", "<|end|>"
TEMPLATE = (
    "{% for m in messages %}{{ '<|user|>' if m['role'] == 'user' else '<|answer|>' }}{{ m['content'] }}"
    "{% if m['role'] == 'assistant' %}{{ '<|end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|answer|>' }}{% endif %}"
)
HIDDEN, LAYERS, HEADS, INNER = 64, 2, 4, 128


def rows() -> dict[str, list[dict[str, str]]]:
    """Lessons, problems and exam: no row of one is in another, and none is in order already."""
    drawn = random.Random(20260101)
    seen: dict[str, str] = {}
    while len(seen) < LESSONS + PROBLEMS + EXAM:
        digits = [drawn.choice("0123456789") for _ in range(5)]
        if digits != sorted(digits):
            seen["".join(digits)] = "".join(sorted(digits))
    each = [{"digits": digits, "ordered": ordered} for digits, ordered in seen.items()]
    return {
        "lessons": each[:LESSONS],
        "problems": each[LESSONS : LESSONS + PROBLEMS],
        "exam": each[LESSONS + PROBLEMS :],
    }


def sentences() -> list[dict[str, str]]:
    """Different sentences, each under a number that it is asked for with."""
    drawn = random.Random(20260102)
    found: dict[str, None] = {}
    while len(found) < SENTENCES:
        subject, thing = drawn.sample(NOUNS, 2)
        parts = [drawn.choice(ADJECTIVES), subject, drawn.choice(VERBS), "a", drawn.choice(ADJECTIVES), thing]
        found[" ".join(["the", *parts, drawn.choice(PLACES)])] = None
    return [{"number": str(number), "sentence": sentence} for number, sentence in enumerate(found, 1000)]


def write_tokenizer(folder: Path) -> int:
    """A token a letter; how many there are."""
    vocabulary = {token: at for at, token in enumerate([PAD, USER, ANSWER, END, *map(chr, range(32, 127))])}
    special = [
        {
            "id": vocabulary[token],
            "content": token,
            "special": True,
            **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False),
        }
        for token in (PAD, USER, ANSWER, END)
    ]
    tokenizer = {
        **dict.fromkeys(("truncation", "padding", "normalizer", "post_processor")),
        "version": "1.0",
        "added_tokens": special,
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": False},
        "decoder": {"type": "Fuse"},
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": PAD},
    }
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PAD,
        "unk_token": PAD,
        "chat_template": TEMPLATE,
        "model_max_length": 256,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, indent=1) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    return len(vocabulary)


def write_model(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    words = write_tokenizer(folder)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "dtype": "float32",
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "vocab_size": words,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "max_position_embeddings": 256,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
        "pad_token_id": 0,
        "eos_token_id": 3,
        "bos_token_id": None,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    drawn = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray:
        return (drawn.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float16)

    ones = np.ones(HIDDEN, np.float16)
    tensors = {"model.embed_tokens.weight": weights(words, HIDDEN), "model.norm.weight": ones}
    for layer in range(LAYERS):
        at = f"model.layers.{layer}"
        tensors |= {f"{at}.self_attn.{name}_proj.weight": weights(HIDDEN, HIDDEN) for name in "qkvo"}
        tensors |= {f"{at}.mlp.{name}_proj.weight": weights(INNER, HIDDEN) for name in ("gate", "up")}
        tensors[f"{at}.mlp.down_proj.weight"] = weights(HIDDEN, INNER)
        tensors |= {f"{at}.{name}_layernorm.weight": ones for name in ("input", "post_attention")}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def main() -> None:
    for name, lines in {**rows(), "sentences": sentences()}.items():
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (HERE / "data" / f"{name}.jsonl").write_text(text, encoding="utf-8")
    write_model(HERE / "model")


if __name__ == "__main__":
    main()
