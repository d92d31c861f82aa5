"""Logs of other evaluation harnesses as rows: what was asked, what was answered, what was scored.

A log becomes a source like any other, with columns that have the same names whatever harness wrote it:

- ``item``: a hash of the question and its target as the log has them, which tells the same item in another log
- ``prompt``, ``answer``, ``target``: texts; ``answer`` is missing where the model gave none
- ``decode``: how answers were decoded, as JSON, where the log says it
- one column a score, under its own name; a name that is taken already begins with ``score_``

What a log says beyond that stands in columns of the harness (``doc``, ``metadata``). Rows are read by Python, about
20,000 a second; a log of another version than those known is refused with what to do, never half read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LOG_FORMATS = ("lm_eval", "inspect")
# The columns that say which item a row is about. The id of a row comes of these alone, so that the same item has the
# same id in the log of another model.
IDENTITY: Mapping[str, tuple[str, ...]] = {"lm_eval": ("item", "filter"), "inspect": ("item", "epoch")}

Rows = Iterator[tuple[int, dict[str, Any] | str]]


def log_rows(path: Path, format: str) -> Rows:
    """(place, row) of every sample of a log, or (place, why it is none). Raises DiagnosticError SFT0480 (no log of a
    version that is known), SFT0481 (a log of an evaluation that did not finish)."""
    if format == "lm_eval":
        from runtime.logs.lm_eval import lm_eval_rows

        return lm_eval_rows(path)
    from runtime.logs.inspect import inspect_rows

    return inspect_rows(path)


def item_hash(*parts: Any) -> str:
    """The hash of what an item is made of, whatever the order of its keys."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def with_scores(row: dict[str, Any], scores: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its scores as further columns, none of which takes the place of another column."""
    taken = {name.lower() for name in row}
    for name, value in scores.items():
        column = f"score_{name}" if name.lower() in taken else name
        row[column] = value
        taken.add(column.lower())
    return row
