"""Steps that ask: a context in a temporary project, and askers whose answers come from a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compiler.asking_params import AskingBudget
from compiler.step_params import Greedy
from runtime.asking import Asker, Backend, Request, Result
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
    """One store; every ``asker`` is a step of its own."""

    root: Path
    store: Store

    def context(self, model: Path = Path("/none")) -> StepContext:
        return predict_context(self.root, model, GREEDY, {})

    def asker(
        self,
        script: Callable[[Request], str | Result] = backwards,
        budget: AskingBudget | None = None,
        backend: Backend | None = None,
        together: int = 8,
    ) -> Asker:
        backend = backend or Scripted(script, together)
        return Asker(self.context(), "model", backend, budget or AskingBudget())

    def kept(self, columns: str) -> list[tuple[Any, ...]]:
        return self.store.query(f"SELECT {columns} FROM requests ORDER BY messages, sample")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, Store(tmp_path / ".sft").create())


@pytest.fixture(autouse=True, scope="session")
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
