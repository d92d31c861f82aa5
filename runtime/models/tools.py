"""Tools of a conversation: how they travel, and that a chat template really writes them.

What a model is told of its tools is the first turn of a conversation, with the role ``tools`` and the JSON text of
their list: so it goes wherever turns go, through files, mixtures and prompts, and is looked at like any other text. A
chat template gets it as ``tools``, as transformers' own do. Many templates write neither tools nor calls and say
nothing of it; a model would learn to call what it was never told of. So a template is tried once on a probe, and one
that leaves tools, calls or their results out is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from spec_lang.diagnostics import fatal

Message: TypeAlias = dict[str, Any]
Write: TypeAlias = Callable[[list[Message], list[Any] | None], str]

TOOLS = "tools"
_LOSS = "loss"  # our own mark, false on a turn that is not learned; no template is to see it
_TOOL = {
    "type": "function",
    "function": {
        "name": "kestrel_lookup",
        "description": "Looks for a kestrel.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}
_CALL = {
    "type": "function",
    "id": "call00001",
    "function": {"name": "kestrel_lookup", "arguments": {"place": "marmot"}},
}
_PROBE: tuple[Message, ...] = (
    {"role": "user", "content": "Where is it?"},
    {"role": "assistant", "content": "", "tool_calls": [_CALL]},
    {"role": "tool", "content": "basalt 34", "tool_call_id": "call00001", "name": "kestrel_lookup"},
    {"role": "assistant", "content": "Under the basalt."},
)
_proven: dict[tuple[str, bool], str | None] = {}  # by chat template, and whether calls were asked for


def split_tools(messages: Sequence[Message]) -> tuple[list[Any] | None, list[Message]]:
    """The tools that a conversation begins with, or None, and its turns as a chat template takes them."""
    tools = json.loads(messages[0]["content"]) if messages and messages[0]["role"] == TOOLS else None
    turns = messages[1:] if tools is not None else messages
    return tools, [{name: value for name, value in turn.items() if name != _LOSS} for turn in turns]


def has_calls(messages: Sequence[Message]) -> bool:
    return any(turn["role"] == "tool" or turn.get("tool_calls") for turn in messages)


def is_trained(message: Message) -> bool:
    """Whether an assistant's turn is learned: all are, but for those whose file says no."""
    return message.get(_LOSS) is not False


def texts_of(message: Message) -> list[str]:
    """Everything that a turn says: its content, its calls, and of which function and call it is the result."""
    calls = message.get("tool_calls")
    names = (message.get(name) for name in ("name", "tool_call_id"))
    said = [message["content"], *(name for name in names if name is not None)]
    return [*said, json.dumps(calls, ensure_ascii=False)] if calls else said


def require_tools(write: Write, template: str, *, calls: bool) -> None:
    """Raises DiagnosticError SFT0417 when a chat template leaves out tools, or calls and their results.

    ``write`` renders a conversation with tools and raises whatever the template raises; asked once a template.
    """
    key = (template, calls)
    if key not in _proven:
        _proven[key] = _missing(write, calls)
    missing = _proven[key]
    if missing is not None:
        raise fatal(
            "SFT0417",
            f"the chat template of the model does not write {missing}, and the rows have them",
            'name one that does in the model: `chat_template = "chat.jinja"`; or drop these rows with a filter',
        )


def _missing(write: Write, calls: bool) -> str | None:
    """What of a conversation with tools is not in its text."""
    try:
        text = write(list(_PROBE if calls else _PROBE[::3]), None if calls else [_TOOL])
    except Exception as error:  # a template may raise what it likes
        return f"{'tool calls' if calls else 'tools'} ({error})"
    if not calls:
        return None if "kestrel_lookup" in text else "tools"
    if not ("kestrel_lookup" in text and "marmot" in text):
        return "tool calls"
    return None if "basalt 34" in text else "the results of tool calls"
