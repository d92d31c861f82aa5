"""The chat template of a model: its text, and a conversation rendered with it.

The text comes from the model's folder or from a Jinja file that the spec names instead. Rendering is
transformers' own (a sandboxed environment with the tokenizer's special tokens in scope), so that
training and inference see the very text that every other tool sees. Tools go to the template as it wants them; one
that would leave them out is refused (:mod:`runtime.models.tools`). About 0.1 ms a short conversation.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.models.tools import Message as Message
from runtime.models.tools import has_calls, require_tools, split_tools
from spec_lang.diagnostics import fatal

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def template_in_folder(folder: Path) -> str | None:
    """The chat template that a model folder brings, or None. Of several named ones, the one named default."""
    if (folder / "chat_template.jinja").exists():
        return (folder / "chat_template.jinja").read_text(encoding="utf-8")
    for name in ("tokenizer_config.json", "chat_template.json"):
        if (folder / name).exists():
            found = json.loads((folder / name).read_text(encoding="utf-8")).get("chat_template")
            if isinstance(found, list):
                found = {entry["name"]: entry["template"] for entry in found}.get("default")
            if found:
                return str(found)
    return None


def read_override(written: str, spec_dir: Path) -> str:
    """The text of a chat template file that a spec names. Raises DiagnosticError SFT0511."""
    path = spec_dir / written
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else (error.strerror or str(error))
        raise fatal(
            "SFT0511",
            f"the chat template `{written}` cannot be read: {reason}",
            "name a Jinja file by its path relative to the spec",
        ) from error


class TemplateFailure(Exception):
    """The chat template refused a conversation (it raised, or it is not valid Jinja)."""


def render(
    tokenizer: PreTrainedTokenizerFast,
    messages: Sequence[Message],
    *,
    chat_template: str | None = None,
    add_generation_prompt: bool = False,
) -> str:
    """A conversation as the text that the model sees. Raises TemplateFailure with the template's own words, and
    DiagnosticError SFT0417 when the template does not write the tools of the conversation."""
    from jinja2 import TemplateError

    def write(turns: list[Message], tools: list[Any] | None, prompt: bool = False) -> str:
        text: Any = tokenizer.apply_chat_template(
            turns, tools=tools, chat_template=chat_template, add_generation_prompt=prompt, tokenize=False
        )
        return str(text)

    tools, turns = split_tools(messages)
    used = str(chat_template or tokenizer.chat_template)
    if tools is not None:
        require_tools(write, used, calls=False)
    if has_calls(turns):
        require_tools(write, used, calls=True)
    try:
        return write(turns, tools, add_generation_prompt)
    except (TemplateError, TypeError, ValueError, KeyError) as error:
        raise TemplateFailure(str(error).splitlines()[0] if str(error) else type(error).__name__) from error
