"""From rendered conversations to training rows: length policy, rows that teach nothing, order of an epoch.

Nothing is lost in silence: a row that cannot be trained on becomes a ledger entry with a rule, a value
and a sentence; a truncated row is counted. Supervised tokens are looked for after truncation, because
that is what the loss will see.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from runtime.training.masks import Encoded, MaskFailure, Objective, encode
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible

Overflow = Literal["drop", "truncate", "error"]


@dataclass(frozen=True, slots=True)
class RenderedRow:
    """A row of a render or mix artifact."""

    row_id: str
    messages: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, row_id: str, messages: str) -> RenderedRow:
        """From the JSON text of the artifact."""
        return cls(row_id, tuple(json.loads(messages)))


@dataclass(frozen=True, slots=True)
class TrainingRow:
    row_id: str
    encoded: Encoded


@dataclass(frozen=True, slots=True)
class Dropped:
    """A ledger entry: ``rule`` is a word, ``value`` what was measured, ``detail`` a sentence."""

    row_id: str
    rule: str
    value: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Prepared:
    rows: tuple[TrainingRow, ...]
    dropped: tuple[Dropped, ...]
    truncated: int

    @property
    def tokens(self) -> int:
        return sum(len(row.encoded.ids) for row in self.rows)


def prepare(
    tokenizer: Any, rendered: Iterable[RenderedRow], objective: Objective, max_length: int, overflow: Overflow
) -> Prepared:
    """Tokens and masks of all rows under a length policy.

    Raises DiagnosticError SFT0520 (a row is longer than ``max_length`` under ``error``).
    """
    rows: list[TrainingRow] = []
    dropped: list[Dropped] = []
    truncated = 0
    for row in rendered:
        try:
            encoded = encode(tokenizer, row.messages, objective)
        except MaskFailure as failure:
            dropped.append(Dropped(row.row_id, failure.reason, None, str(failure)))
            continue
        length = len(encoded.ids)
        if length > max_length:
            if overflow == "error":
                raise _too_long(row, length, max_length)
            if overflow == "drop":
                dropped.append(Dropped(row.row_id, "overflow", str(length), f"longer than {max_length} tokens"))
                continue
            encoded = Encoded(encoded.ids[:max_length], encoded.supervised[:max_length])
        if not any(encoded.supervised):
            cause = f"after truncation to {max_length} tokens" if length > max_length else "in its conversation"
            dropped.append(Dropped(row.row_id, "no_supervised_token", str(length), f"no token is supervised {cause}"))
            continue
        truncated += length > max_length
        rows.append(TrainingRow(row.row_id, encoded))
    return Prepared(tuple(rows), tuple(dropped), truncated)


def _too_long(row: RenderedRow, length: int, max_length: int) -> Exception:
    start = visible(next((m["content"] for m in row.messages if m["role"] == "user"), "")[:60])
    return fatal(
        "SFT0520",
        f"a row has {length} tokens, more than `max_length = {max_length}tok` (row {row.row_id[:12]}: {start}…)",
        "raise `max_length`, or choose `overflow = drop` or `overflow = truncate`; both are counted",
    )


def require_rows(prepared: Prepared) -> None:
    """Raises DiagnosticError SFT0521 when no row is left, saying which rule dropped how many."""
    if prepared.rows:
        return
    counts = Counter(drop.rule for drop in prepared.dropped)
    causes = ", ".join(f"{count} by `{rule}`" for rule, count in counts.most_common()) or "there were none"
    example = f"; the first: {prepared.dropped[0].detail}" if prepared.dropped else ""
    raise fatal(
        "SFT0521",
        f"no row is left to train on: {causes}{example}",
        "look at the rows with `sft show`, raise `max_length`, or change the data",
    )


@lru_cache(maxsize=2)
def epoch_order(row_ids: tuple[str, ...], seed: int, epoch: int) -> list[int]:
    """The order of rows in an epoch, by a hash of seed, epoch, row id and how often the id came before.

    It depends on nothing else: not on the order of the file, not on what was drawn elsewhere.
    """
    seen: Counter[str] = Counter()
    keys = []
    for index, row_id in enumerate(row_ids):
        keys.append((hashlib.sha256(f"{seed}:{epoch}:{row_id}:{seen[row_id]}".encode()).digest(), index))
        seen[row_id] += 1
    return [index for _, index in sorted(keys)]
