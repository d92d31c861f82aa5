"""``policy``: what a model shall and shall not do, in words, under a version that changes with the words."""

from __future__ import annotations

from compiler.schema.fields import Shape, Value, field, required
from compiler.schema.values import Text


class Policy(Shape):
    text: Value[str | None] = required(Text(), "the file that holds the policy, such as `policies/conduct.md`")
    rubric: Value[str | None] = field(Text(), "the file by which people and judges decide cases")
    version: Value[str | None] = required(
        Text(), 'in quotes, such as `"3"`; it changes whenever the text or the rubric does'
    )
