"""The order of a training, told afterwards from its rows and its ledger, is the order that the loop had."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compiler.step_params import Lora, TrainParams
from runtime.context import StopFlag
from runtime.relational import engine
from runtime.store import Store
from runtime.tracing.train_order import TrainOrder
from runtime.training.loop import Job
from runtime.training.masks import Encoded
from runtime.training.rows import TrainingRow

ONE = Decimal(1)


class Step:
    """As much of a step as the order is told from."""

    hash = "h"
    params = TrainParams(
        objective="response",
        adapter=Lora(rank=1, alpha=ONE, dropout=ONE, targets=()),
        epochs=3,
        batch=4,
        learning_rate=ONE,
        schedule="constant",
        warmup=ONE,
        weight_decay=ONE,
        max_grad_norm=ONE,
        max_length=9,
        overflow="drop",
        precision="fp32",
        tokens_per_batch=9,
        seed=11,
    )


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_order_of_the_loop(tmp_path: Path, seed: int) -> None:
    """Rows repeat, as in a mixture, and some copies were dropped."""
    draw = random.Random(seed)
    ids = [f"row{draw.randrange(30)}" for _ in range(draw.randrange(5, 60))]
    gone = {place for place in range(len(ids)) if draw.random() < 0.2}
    kept = [row_id for place, row_id in enumerate(ids) if place not in gone]
    store = Store(tmp_path / ".sft").create()
    entries: list[tuple[Any, ...]] = [("h", "overflow", ids[place]) for place in gone]
    store.insert("ledger", ("step_hash", "rule", "row_id"), [*entries, ("h", "validation:overflow", ids[0])])
    rows = tuple(TrainingRow(row_id, Encoded((place,), (True,))) for place, row_id in enumerate(kept))
    job = Job(rows, (), Step.params, tmp_path, StopFlag(), lambda _: None, lambda: None)
    truth = [[kept[encoded.ids[0]] for encoded in job.rows_of(step)] for step in range(job.total)]
    with engine(tmp_path) as db:
        db.copy("SELECT unnest(?::VARCHAR[]) AS row_id", tmp_path / "rows.parquet", [ids])
        order = TrainOrder.of(db, store, Step(), tmp_path / "rows.parquet")  # type: ignore[arg-type]
        assert [order.rows_of(step) for step in range(1, job.total + 1)] == truth
        assert order.rows_of(0) == order.rows_of(job.total + 1) == []
        for row_id in set(ids):
            expected = [place + 1 for place, batch in enumerate(truth) for one in batch if one == row_id]
            found = order.steps_of(row_id)
            assert [step for _, step in found] == expected
            assert all(epoch == (step - 1) // job.steps_an_epoch + 1 for epoch, step in found)
