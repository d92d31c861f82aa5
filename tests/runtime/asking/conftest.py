"""Steps that ask: a context in a temporary project, and askers whose answers come from a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from compiler.asking_params import AskingBudget
from compiler.step_params import Greedy
from runtime.asking import Asker, Backend, Request, Result
from runtime.asking.model import ServedModel
from runtime.asking.scripted import Scripted
from runtime.context import StepContext
from runtime.store import Store
from tests.runtime.inference.predict_process import predict_context
from tests.tiny_model import build_tiny_model

GREEDY = Greedy(max_new_tokens=8)


def said(text: str) -> tuple[dict[str, Any], ...]:
    return ({"role": "user", "content": text},)


def backwards(request: Request) -> str:
    """An answer that tells the request: its text, backwards."""
    return str(request.messages[-1]["content"])[::-1]


@dataclass
class Project:
    """A model of its own in a store that all tests share (making one costs 0.3 s); every ``asker`` is a step."""

    root: Path
    store: Store
    model: str

    def context(self, model: Path = Path("/none")) -> StepContext:
        return replace(predict_context(self.root, model, GREEDY, {}), store=self.store)

    def asker(
        self,
        script: Callable[[Request], str | Result] = backwards,
        budget: AskingBudget | None = None,
        backend: Backend | None = None,
        together: int = 8,
    ) -> Asker:
        backend = backend or Scripted(script, together)
        return Asker(self.context(), self.model, backend, budget or AskingBudget())

    def kept(self, columns: str) -> list[tuple[Any, ...]]:
        sql = f"SELECT {columns} FROM requests WHERE model_hash = ? ORDER BY messages, sample"
        return self.store.query(sql, [self.model])


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store") / ".sft").create()


@pytest.fixture
def project(tmp_path: Path, store: Store) -> Project:
    return Project(tmp_path, store, ServedModel(tmp_path.name, {}).hash)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"))
