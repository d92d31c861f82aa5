"""Micro-batches in which tokens that rows have in common are computed once.

The rows of a task begin alike (system prompt, head of the template), and in a causal decoder what a token
becomes depends only on what stands before it. So rows are put in lexicographic order and every row adds
only the tokens after its longest common prefix with the row before it: the packed sequence is the trie of
the rows. Linear layers see no padding and no repetition; attention gathers for each row the keys and
values along its path. Autograd adds up the gradients of the shared places, so this is exact, not an
approximation. For tickets of 106 tokens under one 28-token head it leaves 77% of the tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

from runtime.training.masks import Encoded

# What a micro-batch costs besides its tokens, in tokens: reading the weights, starting the kernels.
_OVERHEAD_TOKENS = 48
_SMALL_WORK = 16_384  # queries times keys of a row; below it a kernel call costs more than padding


def shared_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """Length of the longest common prefix of two token sequences."""
    same = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        same += 1
    return same


def plan_micro_batches(rows: Sequence[Encoded], budget: int) -> list[list[int]]:
    """Partition rows (by index) into groups of at most ``budget`` computed tokens, at the least total cost.

    Groups are runs of the lexicographic order, found by dynamic programming over it; a row longer than the budget
    stands alone. Deterministic. O(n * rows a group).
    """
    order = sorted(range(len(rows)), key=lambda index: (rows[index].ids, index))
    lengths = [len(rows[index].ids) for index in order]
    shared = [0] + [shared_prefix(rows[a].ids, rows[b].ids) for a, b in pairwise(order)]
    best, cut = [0] + [0] * len(order), [0] * (len(order) + 1)
    for end in range(1, len(order) + 1):
        best[end] = -1
        tokens = 0
        for start in range(end - 1, -1, -1):
            tokens += lengths[start] - (shared[start + 1] if start + 1 < end else 0)
            if tokens > budget and start + 1 < end:
                break
            cost = best[start] + tokens + _OVERHEAD_TOKENS
            if best[end] < 0 or cost < best[end]:
                best[end], cut[end] = cost, start
    groups, end = [], len(order)
    while end:
        groups.append(order[cut[end] : end])
        end = cut[end]
    return groups[::-1]


@dataclass(frozen=True)
class AttentionLayout:
    """How packed rows become padded ones for attention, and back.

    Rows of about the same size stand together in a group of ``sizes`` (rows B, queries Q, keys K), so that one long row
    does not pad the others. ``queries`` and ``keys`` are places in the query and key tensors, all groups' (B * Q) and
    (B * K) one after another, 0 for padding; ``back`` (number of queries) are places in the former. A group's mask
    (B, 1, Q, K) is 0 where a query may look and -inf elsewhere.
    """

    sizes: tuple[tuple[int, int, int], ...]
    queries: torch.Tensor
    keys: torch.Tensor
    masks: tuple[torch.Tensor, ...]
    back: torch.Tensor

    def masks_for(self, repeats: int, dtype: torch.dtype) -> list[torch.Tensor]:
        """The masks for ``repeats`` query heads stacked under one key head."""
        return [mask.to(dtype).repeat(1, 1, repeats, 1) for mask in self.masks]


@dataclass(frozen=True)
class PrefixBatch:
    """Packed rows: ``ids`` and ``positions`` (N); ``paths`` of each row, its places in the packed sequence.

    ``every`` is the layout of all N queries, ``last`` that of the ``predictors`` only (M places in the packed
    sequence, for the last layer). The loss is the sum of ``weights[e]`` * cross-entropy at
    ``predictors[sources[e]]`` of ``targets[e]``. ``tokens`` counts the rows' tokens, repetition included.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    paths: list[list[int]]
    every: AttentionLayout
    last: AttentionLayout
    predictors: torch.Tensor
    sources: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    tokens: int
    supervised: int


def build(rows: Sequence[Encoded], device: torch.device) -> PrefixBatch:
    """Pack rows that are in lexicographic order (as ``plan_micro_batches`` gives them)."""
    ids: list[int] = []
    positions: list[int] = []
    paths: list[list[int]] = []
    owned: list[list[int]] = []  # of each row: the places that no row before it has
    losses: dict[tuple[int, int], int] = {}
    for index, row in enumerate(rows):
        start = shared_prefix(rows[index - 1].ids, row.ids) if index else 0
        own = list(range(len(ids), len(ids) + len(row.ids) - start))
        path = [*(paths[-1][:start] if index else ()), *own]
        ids.extend(row.ids[start:])
        positions.extend(range(start, len(row.ids)))
        paths.append(path)
        owned.append(own)
        for place, (token, on) in enumerate(zip(row.ids, row.supervised, strict=True)):
            if on:
                entry = (path[place - 1], token)
                losses[entry] = losses.get(entry, 0) + 1
    predictors = sorted({place for place, _ in losses})
    ordinal = {place: index for index, place in enumerate(predictors)}
    every = [[(place, positions[place]) for place in own] for own in owned]
    last = [[(ordinal[place], position) for place, position in own if place in ordinal] for own in every]

    def tensor(values: Sequence[int]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.long, device=device)

    return PrefixBatch(
        ids=tensor(ids),
        positions=tensor(positions),
        paths=paths,
        every=_layout(every, paths, device),
        last=_layout(last, paths, device),
        predictors=tensor(predictors),
        sources=tensor([ordinal[place] for place, _ in losses]),
        targets=tensor([token for _, token in losses]),
        weights=torch.tensor(list(losses.values()), dtype=torch.float32, device=device),
        tokens=sum(len(row.ids) for row in rows),
        supervised=sum(losses.values()),
    )


Query = tuple[int, int]  # its place in the query tensor, its position in its row


def _layout(
    queries: Sequence[Sequence[Query]], paths: Sequence[Sequence[int]], device: torch.device
) -> AttentionLayout:
    """Padding looks at key 0 of its row, and its result is not read."""
    sizes, masks = [], []
    places: list[int] = []
    keys: list[int] = []
    back = [0] * sum(map(len, queries))
    for group in group_by_size([len(own) for own in queries], [len(path) for path in paths]):
        width, longest = max(len(queries[row]) for row in group), max(len(paths[row]) for row in group)
        reach = []
        for row in group:
            for column, (place, _) in enumerate(queries[row]):
                back[place] = len(places) + column
            spare = [0] * (width - len(queries[row]))
            places += [place for place, _ in queries[row]] + spare
            keys += [*paths[row], *[0] * (longest - len(paths[row]))]
            reach.append([position for _, position in queries[row]] + spare)
        sizes.append((len(group), width, longest))
        hidden = torch.arange(longest, device=device) > torch.tensor(reach, device=device).unsqueeze(-1)
        masks.append(torch.zeros(hidden.shape, device=device).masked_fill_(hidden, float("-inf")).unsqueeze(1))
    made = [torch.tensor(values, dtype=torch.long, device=device) for values in (places, keys, back)]
    return AttentionLayout(tuple(sizes), made[0], made[1], tuple(masks), made[2])


def group_by_size(queries: Sequence[int], keys: Sequence[int]) -> list[list[int]]:
    """Rows (by index) of about the same size together; rows without queries are left out.

    Largest first; a new group begins where padding a row to the group's size would more than double the row's own
    work (queries times keys), unless that work is too small to be worth a kernel of its own.
    """
    order = sorted(
        (row for row in range(len(queries)) if queries[row]), key=lambda row: (-keys[row], -queries[row], row)
    )
    groups: list[list[int]] = []
    width = longest = 0
    for row in order:
        own, padded = queries[row] * keys[row], max(width, queries[row]) * max(longest, keys[row])
        if groups and padded - own <= max(own, _SMALL_WORK):
            width = max(width, queries[row])
            groups[-1].append(row)
        else:
            groups.append([row])
            width, longest = queries[row], keys[row]
    return groups
