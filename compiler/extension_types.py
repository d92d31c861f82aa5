"""What the signatures of a user's functions are made of: the file, and annotations as types of columns."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from msgspec import Struct

from compiler.world import ColumnType

TYPES: Mapping[str, ColumnType] = {
    "str": "text", "float": "number", "int": "number", "bool": "bool", "list[str]": "list", "list": "list"
}  # fmt: skip
SHOWN = "`str`, `float`, `int`, `bool` and `list[str]`, each with `| None` where a value may be missing"


class ExtensionFile(Struct, frozen=True, eq=False):
    """``path`` or ``package`` as a run finds it; ``hash`` is that of the text."""

    name: str
    path: str | None
    package: str | None
    hash: str


class Wrong(Exception):
    """A signature that cannot be taken; the message says what is wrong with the function."""


def annotation(node: ast.expr | None, what: str) -> tuple[str, bool]:
    """The type's name, and whether None is allowed. Raises Wrong."""
    if node is None:
        raise Wrong(f"says nothing of the type of its {what}")
    parts = [part.strip() for part in ast.unparse(node).strip("'\"").split("|")]
    named = [part for part in parts if part != "None"]
    if len(named) != 1 or named[0] not in TYPES:
        raise Wrong(f"has a {what} of the type `{ast.unparse(node)}`")
    return named[0], len(parts) > 1
