"""Tiny models, and train steps over rendered rows as the scheduler would run them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compiler.plan import Place, Step, StepKind, step_hash
from compiler.step_params import Lora, TrainParams
from runtime.context import StepContext, StopFlag
from runtime.events import EventWriter
from runtime.relational import engine
from runtime.store import Store
from tests.tiny_model import CHATML_DEFAULT_SYSTEM, build_tiny_model

PLACE = Place(path="t.sft", line=1, column=1, end_line=1, end_column=2)
SYSTEM = "Reply with one line of JSON: category, order."


def ticket(index: int, extra: str = "") -> list[dict[str, str]]:
    """A short conversation; tickets begin alike and end differently."""
    category = ("billing", "shipping", "account")[index % 3]
    return [
        {"role": "system", "content": SYSTEM},
        {
            "role": "user",
            "content": f"The {category} message {index * 37} is wrong.{' Please answer.' * (index % 4)}{extra}",
        },
        {"role": "assistant", "content": json.dumps({"category": category, "order": str(index)})},
    ]


def params(**changes: Any) -> TrainParams:
    """Train parameters with a small LoRA; ``changes`` replace fields."""
    values: dict[str, Any] = {
        "objective": "response", "adapter": Lora(rank=4, alpha=Decimal(8), dropout=Decimal(0), targets=()), "epochs": 2,
        "batch": 4, "learning_rate": Decimal("0.01"), "schedule": "cosine", "warmup": Decimal("0.1"),
        "weight_decay": Decimal("0.01"), "max_grad_norm": Decimal(1), "max_length": 256, "overflow": "drop",
        "precision": "fp32", "tokens_per_batch": 1024, "seed": 7,
    }  # fmt: skip
    return TrainParams(**{**values, **changes})


def write_rendered(folder: Path, rows: list[tuple[str, list[dict[str, str]]]]) -> Path:
    """A render artifact."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(
        json.dumps({"row_id": row_id, "template_hash": "t", "messages": json.dumps(messages), "expected": ""}) + "\n"
        for row_id, messages in rows
    )
    (folder / "rows.jsonl").write_text(lines)
    with engine(folder) as db:
        source = str(folder / "rows.jsonl")
        columns = "{row_id: 'VARCHAR', template_hash: 'VARCHAR', messages: 'VARCHAR', expected: 'VARCHAR'}"
        db.copy(f"SELECT * FROM read_json('{source}', columns = {columns})", folder / "rows.parquet")
    return folder


@dataclass
class Trainings:
    """Runs train steps in a temporary project."""

    root: Path
    model: Path
    store: Store

    def context(
        self,
        train: TrainParams,
        rows: list[tuple[str, Any]],
        validation: list[tuple[str, Any]] | None = None,
        **local: Any,
    ) -> StepContext:
        inputs = {"rows": write_rendered(self.root / "rows", rows)}
        if validation:
            inputs["validation"] = write_rendered(self.root / "validation", validation)
        digest = step_hash(StepKind.TRAIN, 1, train, dict.fromkeys(inputs, "x"), {})
        step = Step(
            kind=StepKind.TRAIN, name="tuned", params=train, inputs=dict.fromkeys(inputs, "render:x"), content={},
            local={"weights": str(self.model), "chat_template": None, "labels": {}, **local}, place=PLACE, version=1,
            hash=digest,
        )  # fmt: skip
        out = self.root / "out"
        out.mkdir(exist_ok=True)
        return StepContext(
            step, "r1", self.root, inputs, {}, out, self.store, EventWriter(self.root / "events.jsonl"), StopFlag()
        )


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"), chat_template=CHATML_DEFAULT_SYSTEM)


@pytest.fixture
def trainings(tmp_path: Path, tiny: Path) -> Trainings:
    return Trainings(tmp_path, tiny, Store(tmp_path / ".sft").create())


@pytest.fixture(scope="session")
def tokenizer_with(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """A tiny tokenizer with a given chat template."""

    def make(chat_template: str, **options: Any) -> Any:
        from runtime.models.loading import load_tokenizer

        return load_tokenizer(build_tiny_model(tmp_path_factory.mktemp("m"), chat_template=chat_template, **options))

    return make
