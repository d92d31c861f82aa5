"""``extension``: functions of the user's own, from a Python file or from an installed package."""

from __future__ import annotations

from compiler.schema.fields import Shape, Value, field, required
from compiler.schema.values import Text


class Extension(Shape):
    path: Value[str | None] = required(Text(), 'a Python file beside the spec: `"./mine.py"`', unless=("package",))
    package: Value[str | None] = field(
        Text(),
        "instead of a path, the name of an entry point that an installed package has in the group `sft.extensions`",
    )
