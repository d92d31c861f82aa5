"""GGUF files: their header read directly, their tensors converted once into safetensors.

The header (chat template, vocabulary, special tokens) is parsed here in about 0.1 s, because the
gguf package takes 10 s for it: facts about a model never wait for a conversion. The conversion goes
through transformers (about 15 s for 135M parameters), into the user's cache under a temporary name
and a rename, and is kept by the hash of the file's bytes, so it happens once on a machine.
transformers refuses to save what it dequantised, so the config goes without its quantisation part.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from runtime.file_hashes import cache_folder
from spec_lang.diagnostics import fatal

CONVERSION = 1  # raise it when the conversion gives other tensors or another tokenizer for the same file
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_CONTROL_TOKEN = 3  # tokenizer.ggml.token_type of what is never text

Tell = Callable[[str], None]


def read_header(path: Path) -> dict[str, Any]:
    """The key-value part of a GGUF file (version 2 or 3, little-endian). Raises SFT0507 for anything else."""
    with path.open("rb") as handle:
        try:
            if handle.read(4) != b"GGUF" or _number(handle, "I") not in (2, 3):
                raise ValueError("not a GGUF file of version 2 or 3")
            _number(handle, "Q")  # how many tensors
            return {_text(handle): _value(handle, _number(handle, "I")) for _ in range(_number(handle, "Q"))}
        except (struct.error, ValueError, MemoryError, OverflowError) as error:
            raise fatal("SFT0507", f"`{path.name}` cannot be read as GGUF: {error}") from error


def _number(handle: BinaryIO, code: str) -> Any:
    return struct.unpack("<" + code, handle.read(struct.calcsize(code)))[0]


def _text(handle: BinaryIO) -> str:
    return handle.read(_number(handle, "Q")).decode("utf-8", "replace")


def _value(handle: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _text(handle)
    if kind == _ARRAY:
        item, count = _number(handle, "I"), _number(handle, "Q")
        if item in _SCALARS:
            code = f"<{count}{_SCALARS[item]}"
            return list(struct.unpack(code, handle.read(struct.calcsize(code))))
        return [_value(handle, item) for _ in range(count)]
    if kind not in _SCALARS:
        raise ValueError(f"unknown value type {kind}")
    return _number(handle, _SCALARS[kind])


def special_tokens(header: dict[str, Any]) -> tuple[str, ...]:
    """The texts that the tokenizer treats as control tokens."""
    tokens, kinds = header.get("tokenizer.ggml.tokens", []), header.get("tokenizer.ggml.token_type", [])
    return tuple(token for token, kind in zip(tokens, kinds, strict=False) if kind == _CONTROL_TOKEN)


def conversion_folder(content_hash: str) -> Path:
    """Where the conversion of a GGUF file lies, or will."""
    return cache_folder() / "models" / f"{content_hash}-{CONVERSION}"


def converted(path: Path, content_hash: str, tell: Tell | None = None) -> Path:
    """The folder that holds this GGUF file as safetensors with a fast tokenizer; converts when it is not there.

    ``content_hash`` is the hash of the file's bytes. ``tell`` gets one line before the work starts.
    Raises SFT0507 (unreadable, or an architecture that transformers cannot read from GGUF) and SFT0904 (disk full).
    """
    target = conversion_folder(content_hash)
    if (target / "config.json").exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.with_suffix(".lock")):
        if (target / "config.json").exists():
            return target
        if tell is not None:
            tell(f"converting {path.name} to safetensors, once (about 15 s)")
        temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        try:
            _convert(path, temporary)
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            if error.errno == 28:
                raise fatal("SFT0904", f"the disk is full: cannot convert {path.name}", "free some space") from error
            raise fatal("SFT0507", f"`{path.name}` cannot be converted: {error}") from error
        except (ValueError, NotImplementedError, KeyError) as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise fatal("SFT0507", f"`{path.name}` cannot be converted: {error}") from error
        temporary.rename(target)
    return target


def _convert(path: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    read_header(path)
    with quiet_transformers():
        tokenizer = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
        model = AutoModelForCausalLM.from_pretrained(str(path.parent), gguf_file=path.name, dtype=torch.float32)
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        model.hf_quantizer = None
        model.is_quantized = False
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)
    settings = folder / "tokenizer_config.json"
    values = json.loads(settings.read_text(encoding="utf-8"))
    values.pop("name_or_path", None)  # a path of this machine
    settings.write_text(json.dumps(values, indent=1, sort_keys=True), encoding="utf-8")


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """No progress bars and no warnings of transformers (nor of its GGUF reader) meanwhile."""
    from transformers import modeling_gguf_pytorch_utils as reader
    from transformers.utils import logging

    level, bar = logging.get_verbosity(), reader.tqdm
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    reader.tqdm = lambda items, **_: items
    try:
        yield
    finally:
        reader.tqdm = bar
        logging.set_verbosity(level)
        logging.enable_progress_bar()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl

    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
