"""Texts that begin alike as a tree, and an order to compute it in: nothing that texts have in common is run twice.

The options of a question begin with its prompt, prompts with the examples of a few-shot head, and heads with a system
message. Sorted by their tokens such texts are a tree. A part of it that fits the budget of tokens is one packed batch;
of a larger part the common head is entered first: its keys and values are held while its branches are computed, so that
it is run once however many batches they take. Any tree is walked so, not only one with one head for all.

The last token of a text predicts nothing and is never run: options of one token cost no more than their prompt.
Planning takes some 5 us a text of 100 tokens; the walk holds the keys and values of one path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import torch

SHORTEST_HEAD = 8  # tokens; entering less costs more than it saves
_WASTED_PAIRS = 2048  # queries times keys that are masked for one call of attention instead of two


@dataclass(frozen=True, slots=True)
class Text:
    """Token ids, of which those from ``start`` on (at least 1) are asked about: what the model gives them there."""

    ids: tuple[int, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Enter:
    """Run these tokens after what was entered before, and hold their keys and values."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """Let go of what was entered last."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts, by number, to run together after the ``depth`` tokens that are held."""

    texts: tuple[int, ...]
    depth: int


Walk: TypeAlias = Iterator[Enter | Leave | Batch]


def shared(left: Sequence[int], right: Sequence[int]) -> int:
    """Length of the longest common prefix of two tuples; slices are compared, so long ones cost little."""
    low, high = 0, min(len(left), len(right))
    if left[:high] == right[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle
    return low


@dataclass
class Tree:
    """Texts in the order of their tokens. ``rows`` are their tokens but the last, ``same`` what each has in common with
    the one before it, ``upto`` running sums of what they add."""

    texts: Sequence[Text]
    budget: int
    order: list[int] = field(init=False)
    rows: list[tuple[int, ...]] = field(init=False)
    same: list[int] = field(init=False)
    upto: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.order = sorted(range(len(self.texts)), key=lambda at: (self.texts[at].ids[:-1], at))
        self.rows = [self.texts[at].ids[:-1] for at in self.order]
        self.same = [0, *(shared(one, other) for one, other in pairwise(self.rows))]
        self.upto = [0]
        for row, same in zip(self.rows, self.same, strict=False):
            self.upto.append(self.upto[-1] + len(row) - same)

    def walk(self) -> Walk:
        """What to do, in order; every text is in one batch. Longer texts come first, as far as the tree allows."""
        if self.rows:
            yield from self._visit(0, len(self.rows), 0)

    def _cost(self, low: int, high: int, depth: int) -> int:
        """Tokens to run for texts ``low`` to ``high`` after ``depth`` tokens that all of them share."""
        return self.upto[high] - self.upto[low + 1] + len(self.rows[low]) - depth

    def _whole(self, low: int, high: int, depth: int) -> bool:
        return high - low == 1 or self._cost(low, high, depth) <= self.budget

    def _reach(self, low: int, high: int) -> tuple[int, int]:
        """What all texts of a part have in common, and how much of it lies before the first token asked about."""
        common = min(self.same[low + 1 : high])
        return common, min(common, min(self.texts[at].start for at in self.order[low:high]) - 1)

    def _visit(self, low: int, high: int, depth: int) -> Walk:
        if self._whole(low, high, depth):
            yield self._batch([(low, high)], depth)
            return
        head = self._reach(low, high)[1]
        entered = head - depth >= SHORTEST_HEAD
        if entered:
            yield Enter(self.rows[low][depth:head])
            depth = head
        yield from self._branches(low, high, depth)
        if entered:
            yield Leave()

    def _branches(self, low: int, high: int, depth: int) -> Walk:
        """Batches of parts that fit, packed together; then the larger parts, each by itself."""
        parts = sorted(
            self._parts(low, high, depth, top=True), key=lambda part: -max(map(len, self.rows[slice(*part)]))
        )
        packed: list[tuple[int, int]] = []
        tokens = 0
        for part in parts:
            if not self._whole(*part, depth):
                continue
            cost = self._cost(*part, depth)
            if packed and tokens + cost > self.budget:
                yield self._batch(packed, depth)
                packed, tokens = [], 0
            packed.append(part)
            tokens += cost
        if packed:
            yield self._batch(packed, depth)
        for part in parts:
            if not self._whole(*part, depth):
                yield from self._visit(*part, depth)

    def _parts(self, low: int, high: int, depth: int, *, top: bool = False) -> Iterator[tuple[int, int]]:
        """Parts that fit the budget, or have a head that is worth entering."""
        if self._whole(low, high, depth):
            yield low, high
            return
        common, head = self._reach(low, high)
        if not top and head - depth >= SHORTEST_HEAD:
            yield low, high
            return
        # Where texts have tokens in common that are asked about, nothing can be entered: they are taken one by one.
        cuts = [at for at in range(low + 1, high) if head < common or self.same[at] == common]
        for start, end in zip([low, *cuts], [*cuts, high], strict=True):
            yield from self._parts(start, end, depth)

    def _batch(self, parts: Sequence[tuple[int, int]], depth: int) -> Batch:
        return Batch(tuple(self.order[at] for low, high in sorted(parts) for at in range(low, high)), depth)


# --- one batch --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens ``start`` to ``end`` of a batch, which attend to what is held, to ``path`` (places in the batch, a slice
    where they lie together), and to themselves. ``mask`` is bool [queries, held + path + own]; None: only causal."""

    start: int
    end: int
    path: slice | torch.Tensor | None
    mask: torch.Tensor | None


@dataclass(frozen=True, slots=True)
class Packed:
    """A batch as one row of tokens: ``ids`` and ``positions`` [tokens]. ``places`` [M] are those that predict something
    that is asked about; entry ``e`` is the token ``targets[e]`` after place ``places[sources[e]]``, asked about by the
    text number ``owners[e]`` of the batch. Entries stand in the order of their sources."""

    ids: torch.Tensor
    positions: torch.Tensor
    spans: tuple[Span, ...]
    places: torch.Tensor
    sources: torch.Tensor
    targets: torch.Tensor
    owners: torch.Tensor


def pack(texts: Sequence[Text], depth: int, device: torch.device) -> Packed:
    """Texts in the order of their tokens (as a ``Batch`` gives them), without the ``depth`` tokens that are held."""
    ids: list[int] = []
    positions: list[int] = []
    entries: list[tuple[int, int, int]] = []
    families: list[tuple[list[int], list[int]]] = []  # the path before, and where each branch ends
    before: tuple[int, ...] = ()
    path: list[int] = []
    for owner, text in enumerate(texts):
        row = text.ids[depth:-1]
        same = shared(before, row)
        start, end = len(ids), len(ids) + len(row) - same
        ids += row[same:]
        positions += range(depth + same, depth + len(row))
        if end > start:
            _add_branch(families, path[:same], start, end)
        path = path[:same] + list(range(start, end))
        before = row
        entries += [(path[at - 1 - depth], text.ids[at], owner) for at in range(text.start, len(text.ids))]
    entries.sort()
    places = sorted({place for place, _, _ in entries})
    ordinal = {place: at for at, place in enumerate(places)}

    def tensor(values: Sequence[int]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.long, device=device)

    return Packed(
        ids=tensor(ids),
        positions=tensor(positions),
        spans=tuple(_span(family, ends, depth, device) for family, ends in families),
        places=tensor(places),
        sources=tensor([ordinal[place] for place, _, _ in entries]),
        targets=tensor([target for _, target, _ in entries]),
        owners=tensor([owner for _, _, owner in entries]),
    )


def _add_branch(families: list[tuple[list[int], list[int]]], path: list[int], start: int, end: int) -> None:
    """Branches after the same path are one call of attention, where little of it is masked."""
    if families:
        known, ends = families[-1]
        if known == path and ends[-1] == start and (start - ends[0]) * (end - start) <= _WASTED_PAIRS:
            ends.append(end)
            return
    families.append((path, [start, end]))


def _span(path: list[int], ends: list[int], depth: int, device: torch.device) -> Span:
    """``ends``: where the first branch begins, and where each ends."""
    start, end = ends[0], ends[-1]
    places: slice | torch.Tensor | None = None
    if path:
        together = path[-1] - path[0] + 1 == len(path)
        places = slice(path[0], path[-1] + 1) if together else torch.tensor(path, device=device)
    if not depth and not path and len(ends) == 2:
        return Span(start, end, None, None)
    own = torch.zeros(end - start, end - start, dtype=torch.bool, device=device)
    for low, high in pairwise(ends):
        own[low - start : high - start, low - start : high - start] = True
    seen = torch.ones(end - start, depth + len(path), dtype=torch.bool, device=device)
    return Span(start, end, places, torch.cat((seen, own.tril()), 1))
