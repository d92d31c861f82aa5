"""The chat template of a model: its text, and a conversation rendered with it.

The text comes from the model's folder or from a Jinja file that the spec names instead. Rendering is
transformers' own (a sandboxed environment with the tokenizer's special tokens in scope), so that
training and inference see the very text that every other tool sees, but for the date: a template that asks for
today's is told ``TODAY``, so that a prompt is the same tomorrow, and answers that were kept are answers to it. Tools
go to the template as it wants them; one that would leave them out is refused (:mod:`runtime.models.tools`). About 0.1
ms a short conversation.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.hashing import hash_text, hash_value
from runtime.models.tools import Message as Message
from runtime.models.tools import has_calls, require_tools, split_tools
from spec_lang.diagnostics import fatal

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TODAY = datetime(2024, 7, 26)  # what the templates of Llama 3 say where nobody tells them the date
_ASKS_FOR_TODAY = "strftime_now"


def template_hash(text: str) -> str:
    """The hash of what a template renders: its text, and the date that it is told where it asks for one."""
    return hash_value({"template": text, "today": TODAY.isoformat()}) if _ASKS_FOR_TODAY in text else hash_text(text)


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
    if _ASKS_FOR_TODAY in used:
        _tell_the_date(used)
    if tools is not None:
        require_tools(write, used, calls=False)
    if has_calls(turns):
        require_tools(write, used, calls=True)
    try:
        return write(turns, tools, add_generation_prompt)
    except (TemplateError, TypeError, ValueError, KeyError) as error:
        raise TemplateFailure(str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def _tell_the_date(template: str) -> None:
    """Put a date that stays into a compiled template, where transformers put the clock. What is passed with the
    conversation cannot do that: transformers makes plain data of it, and a function becomes a text."""
    from jinja2 import TemplateError
    from transformers.utils import chat_template_utils

    def strftime_now(format: str) -> str:
        return TODAY.strftime(format)

    try:
        chat_template_utils._compile_jinja_template(template).globals["strftime_now"] = strftime_now
    except TemplateError as error:
        raise TemplateFailure(str(error).splitlines()[0]) from error
