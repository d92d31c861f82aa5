"""A store, an events file and a context for one data step at a time, over real files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from compiler.hashing import hash_file
from compiler.plan import Place, Step, StepKind, step_hash
from compiler.step_params import Column, IngestParams, StepParams
from runtime.context import StepContext, StepResult, StopFlag
from runtime.events import EventWriter
from runtime.relational import engine, parquet
from runtime.run_record import Result, step_ended
from runtime.store import Store

# What the store reads from the folder of a step, beside its rows.
HELD = {StepKind.INGEST: {"examples.parquet"}, StepKind.RENDER: {"renders.parquet"}}
PLACE = Place(path="t.sft", line=1, column=1, end_line=1, end_column=2)


@dataclass
class Bench:
    """Runs data steps one after the other in a temporary project, as the scheduler would."""

    root: Path
    store: Store
    steps: dict[str, Step] = field(default_factory=dict)
    results: dict[str, StepResult] = field(default_factory=dict)

    def write(self, name: str, data: bytes | str | Sequence[Any]) -> str:
        """A data file: bytes, text, or rows as JSONL."""
        if isinstance(data, str):
            data = data.encode()
        elif not isinstance(data, bytes):
            data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in data).encode()
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return name

    def out(self, step_id: str) -> Path:
        return self.store.root / "objects" / self.steps[step_id].hash

    def run(
        self,
        params: StepParams,
        name: str,
        inputs: dict[str, str] | None = None,
        content: dict[str, str] | None = None,
        local: dict[str, Any] | None = None,
    ) -> StepResult:
        from importlib import import_module

        inputs, content = inputs or {}, content or {}
        kind = StepKind(params.kind)
        hashes = {role: self.steps[step_id].hash for role, step_id in inputs.items()}
        digest = step_hash(kind, 1, params, hashes, content)
        step = Step(
            kind=kind, name=name, params=params, inputs=inputs, content=content, local={"labels": {}, **(local or {})},
            place=PLACE, version=1, hash=digest,
        )  # fmt: skip
        self.steps[step.id] = step
        out = self.out(step.id)
        out.mkdir(parents=True, exist_ok=True)
        events = EventWriter(self.store.root / "runs" / "r1" / "events.jsonl")
        ctx = StepContext(
            step, "r1", self.root, {role: self.out(one) for role, one in inputs.items()},
            {role: self.steps[one] for role, one in inputs.items()}, out, self.store, events, StopFlag(),
        )  # fmt: skip
        result = import_module(f"runtime.steps.{kind}").run(ctx)
        events.close()
        counts = Result(result.rows_in, result.rows_out, result.rows_dropped, 0.0, result.summary)
        step_ended(self.store, "r1", step, "done", counts, None)
        self.results[step.id] = result
        assert result.rows_in == result.rows_out + result.rows_dropped
        assert len(self.ledger(step.id)) == result.rows_dropped
        left = {path.name for path in out.iterdir()}
        assert left == {"rows.parquet"} | HELD.get(kind, set()), "a step leaves its rows, what the store reads, no more"
        return result

    def ingest(
        self, *names: str, format: str = "jsonl", columns: dict[str, str] | None = None, **more: Any
    ) -> StepResult:
        """Ingest files as the source ``s``; a field may be a path, ``a.0.b``."""
        places = {name: field.split(".") for name, field in (columns or {}).items()}
        params = IngestParams(
            format=format,
            columns=tuple(
                Column(name=name, field=field, path=tuple(path) or None) for name, (field, *path) in places.items()
            ),
            **more,
        )
        content = {f"file:{at}": hash_file(self.root / name) for at, name in enumerate(names)}
        local = {"paths": list(names), "licence": "CC0-1.0", "origin": "human", "labels": {"source": "s"}}
        return self.run(params, "s", content=content, local=local)

    def rows(self, step_id: str, select: str = "*") -> list[dict[str, Any]]:
        """The rows of a step's artifact, in file order."""
        with engine(self.root) as db:
            result = db.con.execute(f"SELECT {select} FROM {parquet(self.out(step_id) / 'rows.parquet')}")
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def ledger(self, step_id: str) -> list[dict[str, Any]]:
        names = ["rule", "row_id", "line", "file", "value", "survivor", "detail"]
        found = self.store.query(
            f"SELECT {', '.join(names)} FROM ledger WHERE step_hash = ? ORDER BY file, line", [self.steps[step_id].hash]
        )
        return [dict(zip(names, row, strict=True)) for row in found]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("SFT_CACHE_DIR", str(tmp_path / "cache"))
    return Bench(tmp_path, Store(tmp_path / ".sft").create())


@pytest.fixture(scope="session")
def make_bench(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Bench]:
    """Fresh benches for property tests, which run many times within one test."""

    def make() -> Bench:
        root = tmp_path_factory.mktemp("bench")
        return Bench(root, Store(root / ".sft").create())

    return make
