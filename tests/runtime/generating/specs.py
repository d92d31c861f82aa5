"""Specs that generate rows, run from their text with a script in the place of the model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compiler.compile import compile_export
from compiler.plan import Plan
from runtime.asking import Request, Result
from runtime.asking.scripted import Scripted
from runtime.relational import engine, parquet
from runtime.scheduler import RunOutcome, run_plan
from runtime.store import Store
from runtime.world import LocalWorld
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import SourceFile


@dataclass
class Project:
    """A folder with data, a store and a tiny model in ``tiny``; ``asked`` are all requests that reached a model."""

    root: Path
    monkeypatch: pytest.MonkeyPatch
    asked: list[Request]

    def rows(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (self.root / name).write_text(text, encoding="utf-8")

    def plan(self, spec: str, name: str) -> Plan:
        found = Diagnostics()
        exported = compile_export(SourceFile("spec.sft", spec), LocalWorld(self.root), found, name)
        assert exported is not None, [item.message for item in found]
        return exported.plan

    def run(self, spec: str, name: str, script: Callable[[Request], str | Result]) -> RunOutcome:
        """Run the steps behind the rows of ``name``."""
        backend = Scripted(script)
        self.monkeypatch.setattr("runtime.asking.opening.backend_of", lambda ctx, model: backend)
        try:
            return run_plan(self.plan(spec, name), self.root, self.store)
        finally:
            self.asked += backend.asked

    @property
    def store(self) -> Store:
        return Store(self.root / ".sft")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.store.query(sql)

    def made(self, plan: Plan, step_id: str) -> list[dict[str, Any]]:
        """The rows that a step has left."""
        step = next(step for step in plan.steps if step.id == step_id)
        file = parquet(self.store.root / "objects" / step.hash / "rows.parquet")
        with engine(self.root) as db:
            names = [row[0] for row in db.rows(f"DESCRIBE SELECT * FROM {file}")]
            return [dict(zip(names, row, strict=True)) for row in db.rows(f"SELECT * FROM {file}")]


def new_project(root: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (root / "tiny").symlink_to(tiny)
    return Project(root, monkeypatch, [])
