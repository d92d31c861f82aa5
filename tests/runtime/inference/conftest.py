"""A tiny model, prompts that begin alike or not, and predict steps as the scheduler would run them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from runtime.context import StepContext
from runtime.models.local_generator import LocalGenerator
from runtime.models.protocols import Completion, Message, Prompt
from runtime.store import Store
from tests.runtime.inference.predict_process import predict_context, write_prompts
from tests.tiny_model import build_tiny_model

SYSTEM = {"role": "system", "content": "Reply with one line of JSON: category, order, urgent."}


def user(index: int) -> Message:
    """A message; 8 to 40 tokens, no two alike."""
    topic = ("billing", "shipping", "account")[index % 3]
    return {"role": "user", "content": f"The {topic} ticket {index * 37} is wrong.{' Please answer.' * (index % 5)}"}


def prompts(count: int, *, shared: bool = True) -> list[Prompt]:
    """Prompts that share a system message of 20 tokens or so, or only the template's first three."""
    head = (SYSTEM,) if shared else ()
    return [Prompt(f"row{index}", (*head, user(index))) for index in range(count)]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Matrices of 64 columns gain nothing from a second thread, and wait for it when the machine is busy."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def generator(tiny: Path) -> LocalGenerator:
    return load(tiny)


def load(folder: Path) -> LocalGenerator:
    import torch

    from runtime.models.loading import load_model, load_tokenizer

    return LocalGenerator(load_model(folder, torch.float32, torch.device("cpu")), load_tokenizer(folder))


def answers(generator: LocalGenerator, asked: Sequence[Prompt], decode: Any) -> dict[str, Completion]:
    """What the generator says, by row; every row exactly once."""
    done: list[Completion] = []
    generator.generate(asked, decode, done.extend)
    assert sorted(answer.row_id for answer in done) == sorted(prompt.row_id for prompt in asked)
    return {answer.row_id: answer for answer in done}


def reference(model: Any, ids: Sequence[int], new: int, stops: Sequence[int]) -> list[int]:
    """What ``generate`` of transformers appends to one prompt alone, greedily, the stop token included."""
    import torch

    tokens = torch.tensor([list(ids)])
    out = model.generate(
        tokens, attention_mask=torch.ones_like(tokens), do_sample=False, max_new_tokens=new,
        eos_token_id=list(stops), pad_token_id=0,
    )  # fmt: skip
    return list(out[0, len(ids) :].tolist())


@dataclass
class Predictions:
    """Predict steps in a temporary project."""

    root: Path
    model: Path
    store: Store
    events: list[Any] = field(default_factory=list)

    def context(
        self, rows: list[tuple[str, list[Message]]], decode: Any, samples: int = 1, **inputs: Path
    ) -> StepContext:
        write_prompts(self.root / "prompts", rows)
        ctx = predict_context(self.root, self.model, decode, inputs, samples)
        ctx.events.listeners.append(self.events.append)
        return ctx

    def kept(self, columns: str = "row_id, output") -> list[tuple[Any, ...]]:
        return self.store.query(f"SELECT {columns} FROM predictions ORDER BY row_id, sample")

    def parquet(self, columns: str) -> list[tuple[Any, ...]]:
        from runtime.relational import engine, parquet

        with engine(self.root) as db:
            return db.rows(f"SELECT {columns} FROM {parquet(self.root / 'out' / 'predictions.parquet')}")


@pytest.fixture
def make_predictions(tmp_path: Path, tiny: Path) -> Callable[..., Predictions]:
    def make(name: str = "project") -> Predictions:
        root = tmp_path / name
        return Predictions(root, tiny, Store(root / ".sft").create())

    return make


@pytest.fixture
def predictions(make_predictions: Callable[..., Predictions]) -> Predictions:
    return make_predictions()


def rendered(count: int) -> list[tuple[str, list[Message]]]:
    """Rows of a render artifact: the conversations with the expected answer as their last turn."""
    said = {"role": "assistant", "content": json.dumps({"category": "billing"})}
    return [(prompt.row_id, [*prompt.messages, said]) for prompt in prompts(count)]
