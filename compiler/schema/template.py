"""``template``: how a row becomes a conversation. ``{column}`` stands for a value, ``{{`` and ``}}`` for braces."""

from __future__ import annotations

from compiler.schema.fields import Shape, Value, field, required
from compiler.schema.values import Text


class Template(Shape):
    system: Value[str | None] = field(Text(), "what the model is told before the conversation")
    user: Value[str | None] = required(Text(), 'what the user says, such as `"{instruction}"`')
    assistant: Value[str | None] = required(Text(), 'what the model has to answer, such as `"{output}"`')
