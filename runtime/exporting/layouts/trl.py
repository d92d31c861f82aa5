"""What TRL's ``SFTTrainer`` takes: conversational prompt and completion, or messages.

TRL computes the loss of prompt and completion on the completion by default, which for conversations with one answer
is the loss that ``objective = response`` has. Of ``messages`` it trains on every token unless
``assistant_only_loss`` is set, so the configuration beside the rows sets it.
https://huggingface.co/docs/trl/dataset_formats
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from runtime.exporting.layouts.base import Layout, Names, Written, training_part, validation_part
from runtime.exporting.rows import PartTable, Pattern
from runtime.exporting.yaml_text import yaml_text
from spec_lang.plain_text import visible

CONFIG = "trl.yaml"


def _select(table: PartTable, one_answer: bool) -> str:
    extra = table.origin_columns
    if not one_answer:
        return f"SELECT messages::JSON AS messages, {extra} FROM {table.view}"
    turns = """from_json(messages, '["JSON"]')"""
    return (
        f"SELECT list_slice(turns, 1, -2) AS prompt, list_slice(turns, -1, -1) AS completion, {extra} "
        f"FROM (SELECT *, {turns} AS turns FROM {table.view})"
    )


def _fits(pattern: Pattern) -> bool:
    """Calls of tools lose their arguments to the columns of ``datasets``, and a turn that is not learned would be."""
    return pattern.is_text()


def _beside(names: Names, parts: Sequence[Written]) -> Mapping[str, str]:
    once = all(pattern.answers_once for part in parts for pattern in part.patterns)
    validation = validation_part(parts)
    lines = [
        "# Beside this folder, under the name that it has here:",
        f"# trl sft --config {shlex.quote(visible(f'{names.folder}/{CONFIG}'))} --model_name_or_path MODEL",
        f"dataset_name: {yaml_text(names.folder)}",
        f"dataset_train_split: {yaml_text(training_part(parts).part)}",
        *([f"dataset_test_split: {yaml_text(validation.part)}"] if validation else []),
        "completion_only_loss: true" if once else "assistant_only_loss: true",
    ]
    return {CONFIG: "\n".join(lines) + "\n"}


def _usage(names: Names, parts: Sequence[Written]) -> str:
    return f"Beside this folder: `trl sft --config FOLDER/{CONFIG} --model_name_or_path MODEL`."


TRL = Layout(
    "trl",
    "TRL",
    lambda part: f"{part}.jsonl",
    "json",
    _select,
    _usage,
    fits=_fits,
    takes="messages of a role and a text, all answers learned",
    beside=_beside,
)
