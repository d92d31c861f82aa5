"""What LLaMA-Factory takes: JSON lines in its sharegpt formatting, and ``dataset_info.json`` that maps them.

It wants user and assistant in turns after at most one system message, and skips any other conversation with a
warning, so those are refused here. Every tag is written out: a tag that is left out of ``tags`` is none, not its
default. https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from runtime.exporting.layouts.base import Layout, Names, Written
from runtime.exporting.layouts.jsonl import messages
from runtime.exporting.rows import Pattern

CONFIG = "dataset_info.json"
_TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "observation_tag": "observation",
    "function_tag": "function_call",
    "system_tag": "system",
}


def _fits(pattern: Pattern) -> bool:
    return pattern.is_plain and pattern.alternates


def dataset_name(name: str, part: str) -> str:
    """What ``dataset:`` calls a part."""
    plain = re.sub(r"\W+", "_", name)
    return plain if plain.endswith(f"_{part}") else f"{plain}_{part}"


def _beside(names: Names, parts: Sequence[Written]) -> Mapping[str, str]:
    info = {
        dataset_name(names.export, part.part): {
            "file_name": part.file,
            "formatting": "sharegpt",
            "columns": {"messages": "messages"},
            "tags": _TAGS,
        }
        for part in parts
    }
    return {CONFIG: json.dumps(info, indent=2, ensure_ascii=False) + "\n"}


def _usage(names: Names, parts: Sequence[Written]) -> str:
    listed = ", ".join(f"`{dataset_name(names.export, part.part)}`" for part in parts)
    return f"`dataset_dir` is this folder, `dataset` one of {listed}."


LLAMAFACTORY = Layout(
    "llamafactory",
    "LLaMA-Factory",
    lambda part: f"{part}.jsonl",
    "json",
    messages,
    _usage,
    fits=_fits,
    takes="texts of user and assistant in turns, after at most one system message",
    beside=_beside,
)
