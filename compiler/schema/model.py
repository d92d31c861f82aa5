"""``model``: weights that exist before the spec runs."""

from __future__ import annotations

from compiler.schema.fields import Shape, Value, field, required
from compiler.schema.values import Text

LATER = ("endpoint", "key", "name")


class Model(Shape):
    weights: Value[str | None] = required(
        Text(), 'where the weights are: `"package:…"`, `"hf:org/name@revision"` or `"./folder"`'
    )
    chat_template: Value[str | None] = field(Text(), "a Jinja file that replaces the tokenizer's own chat template")
