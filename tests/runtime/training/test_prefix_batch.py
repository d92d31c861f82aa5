"""The packed trie: nothing is lost, nothing is computed twice, every query sees its row's past and no more."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.training import prefix_batch
from runtime.training.masks import Encoded
from runtime.training.prefix_batch import build, group_by_size, plan_micro_batches, shared_prefix

TOKENS = st.lists(st.integers(0, 3), min_size=2, max_size=12)


@st.composite
def encoded_rows(draw: st.DrawFn) -> list[Encoded]:
    """Rows over a tiny alphabet, so that prefixes of every kind coincide, also whole rows."""
    rows = []
    for ids in draw(st.lists(TOKENS, min_size=1, max_size=6)):
        marks = [False, *draw(st.lists(st.booleans(), min_size=len(ids) - 1, max_size=len(ids) - 1))]
        if not any(marks):
            marks[-1] = True
        rows.append(Encoded(tuple(ids), tuple(marks)))
    return rows


def trie_size(rows: list[Encoded]) -> int:
    return len({row.ids[: end + 1] for row in rows for end in range(len(row.ids))})


@given(encoded_rows(), st.integers(1, 40))
def test_plan_is_a_partition_within_the_budget(rows: list[Encoded], budget: int) -> None:
    groups = plan_micro_batches(rows, budget)
    assert sorted(index for group in groups for index in group) == list(range(len(rows)))
    assert all(len(group) == 1 or trie_size([rows[index] for index in group]) <= budget for group in groups)


@given(encoded_rows())
def test_packed_rows_are_the_trie(rows: list[Encoded]) -> None:
    ordered = sorted(rows, key=lambda row: row.ids)
    batch = build(ordered, torch.device("cpu"))
    assert len(batch.ids) == trie_size(rows)
    assert batch.tokens == sum(len(row.ids) for row in rows)
    for row, path in zip(ordered, batch.paths, strict=True):
        assert tuple(batch.ids[path].tolist()) == row.ids
        assert batch.positions[path].tolist() == list(range(len(row.ids)))


@given(encoded_rows())
def test_losses_are_those_of_the_rows(rows: list[Encoded]) -> None:
    """As a multiset of (prefix before the token, token), counted as often as rows supervise it."""
    batch = build(sorted(rows, key=lambda row: row.ids), torch.device("cpu"))
    prefix_of = {}
    for path, row in zip(batch.paths, sorted(rows, key=lambda row: row.ids), strict=True):
        for end in range(len(row.ids)):
            prefix_of[path[end]] = row.ids[: end + 1]
    found: dict[tuple[tuple[int, ...], int], float] = {}
    entries = zip(batch.sources.tolist(), batch.targets.tolist(), batch.weights.tolist(), strict=True)
    for source, target, weight in entries:
        found[prefix_of[int(batch.predictors[source])], target] = weight
    wanted: dict[tuple[tuple[int, ...], int], float] = {}
    for row in rows:
        for end, on in enumerate(row.supervised):
            if on:
                key = (row.ids[:end], row.ids[end])
                wanted[key] = wanted.get(key, 0) + 1
    assert found == wanted and batch.supervised == sum(wanted.values())


@settings(max_examples=50)
@given(encoded_rows(), st.sampled_from([0, 16_384]))
def test_each_query_sees_its_own_past_only(rows: list[Encoded], small: int) -> None:
    """Also when every difference in size makes a new group."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefix_batch, "_SMALL_WORK", small)
        batch = build(sorted(rows, key=lambda row: row.ids), torch.device("cpu"))
    seen: list[list[int]] = []  # of each padded query: the packed places that it may look at
    keys = batch.every.keys.tolist()
    for (count, width, longest), mask in zip(batch.every.sizes, batch.every.masks, strict=True):
        along, keys = keys[: count * longest], keys[count * longest :]
        for row in range(count):
            path = torch.tensor(along[row * longest : (row + 1) * longest])
            seen += [path[mask[row, 0, column] == 0].tolist() for column in range(width)]
    assert not keys and len(seen) == len(batch.every.queries)
    for place, spot in enumerate(batch.every.back.tolist()):
        assert int(batch.every.queries[spot]) == place
        assert any(seen[spot] == path[: int(batch.positions[place]) + 1] for path in batch.paths)
        assert seen[spot][-1] == place


def test_a_long_row_does_not_pad_the_short_ones() -> None:
    assert group_by_size([500, 60, 50, 40, 0], [500, 90, 80, 70, 60]) == [[0], [1, 2, 3]]
    assert group_by_size([60, 90, 70], [90, 90, 100]) == [[2, 1, 0]]


def test_shared_prefix() -> None:
    assert [shared_prefix(*pair) for pair in [((1, 2), (1, 3)), ((), (1,)), ((1, 2), (1, 2)), ((1,), (1, 2))]] == [
        1,
        0,
        2,
        1,
    ]


def test_rows_under_one_head_share_it() -> None:
    head = tuple(range(10))
    rows = [Encoded((*head, 20 + i, 30), (False,) * 11 + (True,)) for i in range(4)]
    assert plan_micro_batches(rows, 1000) == [[0, 1, 2, 3]]
    assert len(build(rows, torch.device("cpu")).ids) == 10 + 4 * 2
