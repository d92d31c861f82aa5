"""Before a run: whether the keys of served models are there, so that no hours of training end at a missing variable.

A model that was answered for before may need no key, because everything is known: that is left to the step that asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.plan import Step
from runtime.asking.model import ServedModel
from runtime.asking.served.settings import Served, read_key
from runtime.store import Store

_CONTENT = "served"


def served_models(step: Step) -> Iterator[ServedModel]:
    """The served models of a step, under whatever role."""
    for name, named in step.content.items():
        role, _, part = name.rpartition(".")
        if part == _CONTENT:
            local: Mapping[str, Any] = step.local[role] if role else step.local
            yield ServedModel(named, local[_CONTENT])


def require_keys(step: Step, store: Store) -> None:
    """Raises DiagnosticError SFT0531 for a model that was never asked and whose key is not in the environment."""
    for model in served_models(step):
        if not store.query("SELECT 1 FROM requests WHERE model_hash = ? LIMIT 1", [model.hash]):
            read_key(Served.of(model.local))
