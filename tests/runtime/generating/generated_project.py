"""A project whose model is a script: a spec with a generate, run by the real scheduler against a real store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from compiler.compile import compile_spec
from compiler.plan import Plan
from runtime.asking import Request, Result, opening
from runtime.asking.scripted import Scripted
from runtime.scheduler import RunOutcome, run_plan
from runtime.store import Store
from runtime.unwritten_rows import KEEP_SECONDS
from runtime.world import LocalWorld
from spec_lang.diagnostics import Diagnostics
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.tiny_model import build_tiny_model

HEAD = """edition 2026
source seeds { path = "seeds.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{instruction}[\\n{input}]"   assistant = "{output}" }
task start { from = seeds   templates = [plain] }
model tiny { weights = "./tiny" }
"""

Script = Callable[[Request], str | Result]


@dataclass
class GeneratedProject:
    """``asked`` is every request that reached the model, in order, over all runs."""

    root: Path
    patch: pytest.MonkeyPatch
    asked: list[Request] = field(default_factory=list)
    keep_seconds: float = KEEP_SECONDS

    def __post_init__(self) -> None:
        build_tiny_model(self.root / "tiny")

    @property
    def store(self) -> Store:
        return Store(self.root / ".sft")

    def seeds(self, rows: Iterable[Mapping[str, Any]]) -> None:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (self.root / "seeds.jsonl").write_text(text, encoding="utf-8")

    def plan(self, text: str) -> Plan:
        found = Diagnostics()
        plan = compile_spec(SourceFile(str(self.root / "spec.sft"), HEAD + text), LocalWorld(self.root), found)
        assert plan is not None, render_plain(found)
        return plan

    def run(self, text: str, script: Script) -> RunOutcome:
        def backend(ctx: object, model: object) -> Scripted:
            return Scripted(script, asked=self.asked, keep_seconds=self.keep_seconds)

        self.patch.setattr(opening, "backend_of", backend)
        outcome = run_plan(self.plan(text), self.root, self.store)
        crash = self.root / ".sft/runs" / outcome.run_id / "crash.txt"
        assert not crash.exists(), crash.read_text()
        return outcome

    def candidates(self, columns: str = "verdict, rule, content") -> list[tuple[Any, ...]]:
        return self.store.query(f"SELECT {columns} FROM candidates ORDER BY step_hash, number")


def is_for_tasks(request: Request) -> bool:
    return text_of(request).startswith("This is a numbered list")


def is_for_kind(request: Request) -> bool:
    return text_of(request).startswith("Is this task a classification")


def text_of(request: Request) -> str:
    return str(request.messages[-1]["content"])


def task_of(request: Request) -> str:
    """The task that a question for its kind or its instances is about."""
    return text_of(request).rpartition("\n\nTask: ")[2].partition("\n")[0]
