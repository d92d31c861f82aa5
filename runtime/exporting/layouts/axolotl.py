"""What axolotl's ``type: chat_template`` takes: messages as JSON lines, and the lines of the configuration for them.

https://docs.axolotl.ai/docs/dataset-formats/conversation.html#chat_template
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runtime.exporting.layouts.base import Layout, Names, Written, training_part, validation_part
from runtime.exporting.layouts.jsonl import messages
from runtime.exporting.rows import LOSS, Pattern
from runtime.exporting.yaml_text import yaml_text

CONFIG = "axolotl.yaml"


def _entry(part: Written) -> list[str]:
    return [
        f"  - path: {yaml_text(part.file)}",
        "    ds_type: json",
        "    split: train",
        "    type: chat_template",
        "    field_messages: messages",
        "    message_property_mappings:",
        "      role: role",
        "      content: content",
        '    roles_to_train: ["assistant"]',
        "    train_on_eos: turn",
        *([f"    message_field_training: {LOSS}"] if any(LOSS in pattern.keys for pattern in part.patterns) else []),
        *(["    field_tools: tools"] if any(pattern.has_tools for pattern in part.patterns) else []),
    ]


def _fits(pattern: Pattern) -> bool:
    """Calls of tools lose their arguments to the columns of ``datasets``."""
    return pattern.is_text(LOSS)


def _beside(names: Names, parts: Sequence[Written]) -> Mapping[str, str]:
    validation = validation_part(parts)
    lines = [
        "# Put these lines into your configuration. Paths are relative to where axolotl is started.",
        "chat_template: tokenizer_default",
        "datasets:",
        *_entry(training_part(parts)),
        *(["test_datasets:", *_entry(validation)] if validation else []),
    ]
    return {CONFIG: "\n".join(lines) + "\n"}


def _usage(names: Names, parts: Sequence[Written]) -> str:
    return f"Put the lines of `{CONFIG}` into your configuration and start axolotl in this folder."


AXOLOTL = Layout(
    "axolotl",
    "axolotl",
    lambda part: f"{part}.jsonl",
    "json",
    messages,
    _usage,
    fits=_fits,
    takes="messages of a role and a text",
    beside=_beside,
)
