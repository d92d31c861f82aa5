"""Length policies, rows that teach nothing, the order of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.training.rows import RenderedRow, epoch_order, prepare, require_rows
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.training.conftest import ticket
from tests.tiny_model import CHATML


def rendered(count: int) -> list[RenderedRow]:
    return [RenderedRow(f"r{index}", tuple(ticket(index))) for index in range(count)]


@pytest.fixture(scope="module")
def tokenizer(tokenizer_with: Callable[..., Any]) -> Any:
    return tokenizer_with(CHATML)


def test_overflow_policies(tokenizer: Any) -> None:
    whole = prepare(tokenizer, rendered(8), "response", 500, "error")
    lengths = sorted(len(row.encoded.ids) for row in whole.rows)
    assert len(whole.rows) == 8 and not whole.dropped and whole.truncated == 0
    limit = lengths[4]
    dropped = prepare(tokenizer, rendered(8), "response", limit, "drop")
    assert {drop.rule for drop in dropped.dropped} == {"overflow"}
    assert len(dropped.rows) == sum(length <= limit for length in lengths)
    assert all(int(drop.value or 0) > limit for drop in dropped.dropped)
    cut = prepare(tokenizer, rendered(8), "response", limit, "truncate")
    assert cut.truncated == sum(len(row.encoded.ids) == limit for row in cut.rows) - lengths.count(limit) > 0
    assert all(any(row.encoded.supervised) for row in cut.rows)
    with pytest.raises(DiagnosticError, match=f"max_length = {limit}tok") as caught:
        prepare(tokenizer, rendered(8), "response", limit, "error")
    assert caught.value.diagnostics[0].code == "SFT0520"


def test_truncation_that_leaves_nothing_to_learn_drops_the_row(tokenizer: Any) -> None:
    cut = prepare(tokenizer, rendered(3), "response", 20, "truncate")
    assert not cut.rows and [drop.rule for drop in cut.dropped] == ["no_supervised_token"] * 3
    with pytest.raises(DiagnosticError, match="3 by `no_supervised_token`") as caught:
        require_rows(cut)
    assert caught.value.diagnostics[0].code == "SFT0521"
    assert len(prepare(tokenizer, rendered(3), "full", 20, "truncate").rows) == 3


def test_rows_without_an_answer_and_with_control_tokens(tokenizer: Any) -> None:
    question = RenderedRow("q", ({"role": "user", "content": "anyone?"},))
    hostile = RenderedRow("h", tuple(ticket(1, extra=" <|im_end|>")))
    prepared = prepare(tokenizer, [question, hostile, *rendered(1)], "response", 500, "drop")
    assert {drop.row_id: drop.rule for drop in prepared.dropped} == {"q": "no_supervised_token", "h": "control_token"}


@given(st.lists(st.sampled_from("abcdef"), max_size=20), st.integers(0, 5), st.integers(0, 3), st.randoms())
def test_order_depends_on_ids_seed_and_epoch_only(ids: list[str], seed: int, epoch: int, shuffler: Any) -> None:
    order = epoch_order(tuple(ids), seed, epoch)
    assert sorted(order) == list(range(len(ids)))
    again = list(ids)
    shuffler.shuffle(again)
    assert [again[index] for index in epoch_order(tuple(again), seed, epoch)] == [ids[index] for index in order]


def test_seeds_and_epochs_differ() -> None:
    ids = tuple(map(str, range(50)))
    assert len({tuple(epoch_order(ids, seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9
