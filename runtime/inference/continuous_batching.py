"""Decoding many prompts: a dense batch that rows leave when they finish and join while there is room.

Prompts that begin alike, all of them or many, are a family: what a family begins with is computed once. In a family
prompts are taken longest first, in cohorts of similar length, so that no row pays for the length of
another. A waiting row joins as soon as a quarter of the batch is free; prompts are prefilled together
without padding, up to a budget of tokens. Nothing is computed for a row after its last token.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import torch

from runtime.inference.decoder_weights import DecoderWeights
from runtime.inference.kv_cache import Prefix, Slots, bytes_per_token, empty_prefix, make_slots
from runtime.inference.llama_forward import compute_prefix, decode, prefill
from runtime.inference.prefix_tree import shared as shared_length
from runtime.inference.sampling import Chooser

BATCH = 64  # more rows make better use of the weights read: 28 GFLOP/s at 32, 34 at 64, 52 at 128 (one AVX2 core)
PREFILL_TOKENS = 1024
CACHE_BYTES = 2 << 30
SHORTEST_PREFIX = 8  # below this, sharing costs more than it saves
# A family of its own has its own batches, which run empty at its end: it has to save this many tokens of prompts.
WORTH_A_FAMILY = 2048


@dataclass(slots=True)
class Row:
    """A prompt on its way. ``ids`` is the whole prompt, ``tokens`` what was generated, stop token included."""

    index: int
    ids: Sequence[int]
    draws: Sequence[float]
    tokens: list[int] = field(default_factory=list)
    seconds: float = 0.0
    stop_reason: Literal["end_of_turn", "length"] = "length"


@dataclass(frozen=True, slots=True)
class Stopping:
    """When a row is done: a token that ends the turn, or the number of new tokens."""

    token_ids: frozenset[int]
    max_new_tokens: int

    def done(self, row: Row) -> bool:
        """Looks at the row's last token and notes why it stopped."""
        if row.tokens[-1] in self.token_ids:
            row.stop_reason = "end_of_turn"
            return True
        return len(row.tokens) >= self.max_new_tokens


@dataclass(slots=True)
class _Batch:
    """The rows in slots 0 …, and what they decode with."""

    weights: DecoderWeights
    prefix: Prefix
    slots: Slots
    chooser: Chooser
    stopping: Stopping
    rows: list[Row] = field(default_factory=list)

    def join(self, joining: Sequence[Row]) -> list[Row]:
        """Prefill rows into the next free slots and choose their first token; the rows that are done with it."""
        began = time.perf_counter()
        suffixes = [row.ids[self.prefix.length :] for row in joining]
        logits = prefill(self.weights, suffixes, self.prefix, self.slots, len(self.rows))
        self.rows.extend(joining)
        chosen = self.chooser.choose(logits, [row.draws[0] for row in joining if row.draws])
        took = time.perf_counter() - began
        tokens = sum(len(suffix) for suffix in suffixes)
        for row, token, suffix in zip(joining, chosen, suffixes, strict=True):
            row.tokens.append(token)
            row.seconds += took * len(suffix) / tokens
        return self._leave()

    def step(self) -> list[Row]:
        """One token for every row; the rows that are done with it."""
        began = time.perf_counter()
        lengths = [self._held(row) for row in self.rows]
        logits = decode(self.weights, [row.tokens[-1] for row in self.rows], lengths, self.prefix, self.slots)
        chosen = self.chooser.choose(logits, [row.draws[len(row.tokens)] for row in self.rows if row.draws])
        share = (time.perf_counter() - began) / len(self.rows)
        for row, token in zip(self.rows, chosen, strict=True):
            row.tokens.append(token)
            row.seconds += share
        return self._leave()

    def _held(self, row: Row) -> int:
        """Tokens of a row in its slot: the prompt after the prefix, and what was generated but for the last."""
        return len(row.ids) - self.prefix.length + len(row.tokens) - 1

    def _leave(self) -> list[Row]:
        """Take out the rows that are done, moving the last slot into each gap."""
        leaving = []
        for slot in range(len(self.rows) - 1, -1, -1):
            if not self.stopping.done(self.rows[slot]):
                continue
            leaving.append(self.rows[slot])
            last = self.rows.pop()
            if slot < len(self.rows):
                self.slots.move(len(self.rows), slot, self._held(last))
                self.rows[slot] = last
        return leaving


def common_prefix(prompts: Sequence[Sequence[int]]) -> int:
    """How many tokens all prompts share, leaving at least one to each; 0 when it is not worth sharing."""
    if len(prompts) < 2:
        return 0
    low, high = min(prompts), max(prompts)  # any difference shows between the lexicographic extremes
    limit = min(len(ids) for ids in prompts) - 1
    length = next((at for at in range(limit) if low[at] != high[at]), limit)
    return length if length >= SHORTEST_PREFIX else 0


def generate(
    weights: DecoderWeights,
    rows: Sequence[Row],
    chooser: Chooser,
    stopping: Stopping,
    on_finished: Callable[[Sequence[Row]], None],
    between_steps: Callable[[], None],
) -> None:
    """Complete all rows. ``on_finished`` gets rows as they finish; ``between_steps`` may raise to stop."""
    if not rows:
        return
    with torch.inference_mode():
        for family in families(sorted(rows, key=lambda row: (row.ids, row.index))):
            prefix = empty_prefix(weights)
            if shared := common_prefix([row.ids for row in family]):
                began = time.perf_counter()
                prefix = compute_prefix(weights, family[0].ids[:shared], prefix)
                for row in family:
                    row.seconds += (time.perf_counter() - began) / len(family)
            for cohort in _cohorts(family, shared):
                capacity = len(cohort[0].ids) - shared + stopping.max_new_tokens
                size = max(1, min(BATCH, len(cohort), CACHE_BYTES // (capacity * bytes_per_token(weights))))
                batch = _Batch(weights, prefix, make_slots(weights, size, capacity), chooser, stopping)
                _drain(batch, deque(cohort), size, on_finished, between_steps)


def families(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows (in the order of their tokens) by what they begin with, where parting saves tokens; the others together."""
    same = [shared_length(one.ids, other.ids) for one, other in pairwise(rows)]
    common = min(same, default=0)
    cuts = [at for at, length in enumerate(same, 1) if length == common]
    rest: list[Row] = []
    for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        own = min(same[start : end - 1], default=common)
        if cuts and (own - common) * (end - start - 1) >= WORTH_A_FAMILY:
            yield from families(rows[start:end])
        else:
            rest += rows[start:end]
    if rest:
        yield rest


def _cohorts(rows: Sequence[Row], shared: int) -> Iterator[list[Row]]:
    """Rows longest first, cut where the length after the prefix falls below half of a cohort's longest (and 256)."""
    cohort: list[Row] = []
    for row in sorted(rows, key=lambda row: (-len(row.ids), row.index)):
        if cohort:
            longest = len(cohort[0].ids) - shared
            if longest > 256 and 2 * (len(row.ids) - shared) < longest:
                yield cohort
                cohort = []
        cohort.append(row)
    yield cohort


def _drain(
    batch: _Batch,
    waiting: deque[Row],
    size: int,
    on_finished: Callable[[Sequence[Row]], None],
    between_steps: Callable[[], None],
) -> None:
    while waiting or batch.rows:
        between_steps()
        free = size - len(batch.rows)
        if waiting and 4 * free >= size:
            done = batch.join(_next_rows(waiting, free, batch.prefix.length))
        else:
            done = batch.step()
        if done:
            on_finished(done)


def _next_rows(waiting: deque[Row], free: int, shared: int) -> list[Row]:
    """The next rows to prefill together: as many as there is room for, within the budget of tokens (at least one)."""
    taken: list[Row] = []
    tokens = 0
    while waiting and len(taken) < free:
        tokens += len(waiting[0].ids) - shared
        if taken and tokens > PREFILL_TOKENS:
            break
        taken.append(waiting.popleft())
    return taken
