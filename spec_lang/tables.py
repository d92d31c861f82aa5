"""The parser's tables: built from `sft.lark`, kept in the user's cache.

Building them costs about 75 ms of every command, reading them back 6 ms. The cache is JSON (Lark's
own is a pickle under a guessable name in the shared temporary folder) and is named after the
grammar's content, the options and Lark's version, so it cannot be stale. Whatever is wrong with it, the tables
are built again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lark import Lark

_GRAMMAR = Path(__file__).parent / "sft.lark"
_OPTIONS: Mapping[str, Any] = {
    "parser": "lalr",
    "lexer": "basic",
    # `_apart` keeps the terminals that no item uses, which the basic lexer would drop.
    "start": ["item", "_apart"],
    # Places are taken from the tokens, which all stay for that: Lark's own positions cost as much as its parser.
    "keep_all_tokens": True,
    "maybe_placeholders": False,
}


@cache
def grammar() -> Lark:
    """The parser for items and the basic lexer, once a process."""
    _load_lark()
    from lark import Lark, __version__

    text = _GRAMMAR.read_text(encoding="utf-8")
    key = hashlib.sha256(f"{__version__}\n{dict(_OPTIONS)}\n{text}".encode()).hexdigest()[:16]
    path = _cache_folder() / f"grammar-{key}.json"
    try:
        saved = json.loads(path.read_text(encoding="utf-8"), object_hook=_restore_numbers)
        return Lark.load(saved)
    except Exception:  # A missing, cut off or foreign file: every failure has the same cure.
        lark = build()
        _save(lark, path)
        return lark


def _load_lark() -> None:
    """Import Lark without `regex`: it takes that along where it is installed (10 ms), and no terminal here needs it."""
    name = "regex"
    if name in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]  # an import of it fails, as if it were not installed
    try:
        import lark  # noqa: F401
    finally:
        del sys.modules[name]


def build() -> Lark:
    """The tables from the grammar's text. Raises lark's GrammarError for a grammar that is not LALR(1)."""
    from lark import Lark

    return Lark(_GRAMMAR.read_text(encoding="utf-8"), **_OPTIONS)


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("sft", appauthor=False)


def _save(lark: Lark, path: Path) -> None:
    """Write beside and rename, so that two processes at once are no harm; a cache that cannot be written is none."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = lark.memo_serialize([TerminalDef, Rule])
    beside = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps({"data": data, "memo": memo}), encoding="utf-8")
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _restore_numbers(value: dict[str, Any]) -> dict[Any, Any]:
    """JSON has no numbers as keys: states, terminals and rules are numbered in the tables."""
    return {int(key): item for key, item in value.items()} if value and all(map(str.isdecimal, value)) else value
