"""A tiny Llama-like model directory with random weights, a real fast tokenizer and a chat template.

Two layers, 64 dimensions, a byte-level BPE tokenizer trained on a few sentences: everything that
transformers reads of a published model, in about 0.1 s and 400 kB, from numpy and tokenizers alone.
The same arguments give the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

IM_START, IM_END, END_OF_TEXT, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|pad|>"

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
# What SmolLM2 does: a system message of its own when the conversation has none.
CHATML_DEFAULT_SYSTEM = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

_CORPUS = [
    "The order 4711 has not arrived and the customer is waiting for an answer.",
    "Please send the invoice again, the total is wrong and the payment was refused.",
    '{"category": "billing", "order": "4711", "urgent": true}',
    '{"category": "shipping", "order": null, "urgent": false}',
    "You are a helpful assistant. Reply with one line of JSON: category, order, urgent.",
    "What is seven plus five? The answer is twelve.",
    "system user assistant message support ticket shipping billing account",
]


def build_tiny_model(
    directory: Path,
    *,
    chat_template: str | None = CHATML,
    pad_is_end_of_turn: bool = True,
    seed: int = 0,
    layers: int = 2,
    hidden: int = 64,
    heads: int = 4,
    kv_heads: int = 2,
    intermediate: int = 128,
    tied: bool = True,
    extra_special: tuple[str, ...] = (),
    context: int = 512,
) -> Path:
    """Write the model to ``directory`` and return it. Weights are float32, normal with a scale of 0.15."""
    directory.mkdir(parents=True, exist_ok=True)
    vocab = _write_tokenizer(directory, chat_template, pad_is_end_of_turn, extra_special)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "vocab_size": vocab,
        "max_position_embeddings": context,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "tie_word_embeddings": tied,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 2 if pad_is_end_of_turn else 3,
        "dtype": "float32",
    }
    (directory / "config.json").write_text(json.dumps(config, indent=1))
    _write_weights(directory, config, seed)
    return directory


def _write_tokenizer(
    directory: Path, chat_template: str | None, pad_is_end_of_turn: bool, extra_special: tuple[str, ...]
) -> int:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420 + len(extra_special),
        special_tokens=[END_OF_TEXT, IM_START, IM_END, PAD, *extra_special],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_CORPUS, trainer)
    tokenizer.save(str(directory / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": IM_START,
        "eos_token": IM_END,
        "pad_token": IM_END if pad_is_end_of_turn else PAD,
        "unk_token": END_OF_TEXT,
        "model_max_length": 512,
        "clean_up_tokenization_spaces": False,
    }
    if chat_template is not None:
        settings["chat_template"] = chat_template
    (directory / "tokenizer_config.json").write_text(json.dumps(settings, indent=1))
    return int(tokenizer.get_vocab_size())


def _write_weights(directory: Path, config: dict, seed: int) -> None:
    from safetensors.numpy import save_file

    random = np.random.default_rng(seed)
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    kv = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
    shapes = {
        "self_attn.q_proj": (hidden, hidden),
        "self_attn.k_proj": (kv, hidden),
        "self_attn.v_proj": (kv, hidden),
        "self_attn.o_proj": (hidden, hidden),
        "mlp.gate_proj": (inner, hidden),
        "mlp.up_proj": (inner, hidden),
        "mlp.down_proj": (hidden, inner),
    }

    def normal(shape: tuple[int, ...]) -> np.ndarray:
        return (random.standard_normal(shape) * 0.15).astype(np.float32)

    tensors = {"model.embed_tokens.weight": normal((config["vocab_size"], hidden))}
    for layer in range(config["num_hidden_layers"]):
        for name, shape in shapes.items():
            tensors[f"model.layers.{layer}.{name}.weight"] = normal(shape)
        for name in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"model.layers.{layer}.{name}.weight"] = 1 + normal((hidden,))
    tensors["model.norm.weight"] = 1 + normal((hidden,))
    if not config["tie_word_embeddings"]:
        tensors["lm_head.weight"] = normal((config["vocab_size"], hidden))
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
