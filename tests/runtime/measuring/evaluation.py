"""A small evaluation on disk for tests of the measure and the gate step: data, predictions, store, contexts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from compiler.hashing import hash_text
from compiler.plan import Place, Step, StepKind
from compiler.step_params import (
    Blessed,
    BoundRequirement,
    Cell,
    Checked,
    EquivalentRequirement,
    GateParams,
    Greedy,
    MeasureParams,
    Metric,
    MetricRef,
    NeverRequirement,
    NoRegressionRequirement,
    NoWorseRequirement,
    PredictParams,
    Requirement,
    Slice,
    SplitParams,
    SplitPart,
    SpreadRequirement,
    Sql,
)
from runtime.context import StepContext, StepResult, StopFlag
from runtime.events import EventWriter
from runtime.relational import Engine, engine
from runtime.steps import gate, measure
from runtime.store import Store

PLACE = Place(path="t.sft", line=1, column=1, end_line=1, end_column=2)
EXACT = Metric(name="exact", function="exact_match", args={}, unit="share")
LENGTH = Metric(name="length", function="characters", args={}, unit="plain")
KIND = Slice(name="kind", value=Sql(sql='"kind"', type="text"))


def row_id(number: int) -> str:
    return hash_text(f"row {number}")


def write_parquet(sql: Engine, path: Path, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as a Parquet file; ``columns`` maps names to DuckDB types."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.with_suffix(".jsonl")
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    sql.copy(f"SELECT * FROM read_json('{lines}', format = 'newline_delimited', columns = {{{types}}})", path)


@dataclass
class Evaluation:
    """``data`` are the rows (``__row_id`` is added by position); predictions come by (model, template)."""

    root: Path
    data: Sequence[Mapping[str, Any]]
    metrics: tuple[Metric, ...] = (EXACT,)
    slices: tuple[Slice, ...] = ()
    cells: dict[tuple[str, str], dict[int, tuple[str, str]]] = field(default_factory=dict)
    tags: Sql | None = None
    samples: int = 1
    repeats: dict[tuple[str, str], dict[tuple[int, int], tuple[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = Store(self.root / "store").create()
        self.events = EventWriter(self.root / "events.jsonl")

    def answer(self, model: str, template: str, answers: Mapping[int, tuple[str, str]]) -> None:
        """Predictions of one cell: row number -> (output, expected)."""
        self.cells[model, template] = dict(answers)

    def right_or_wrong(self, model: str, template: str, pattern: Sequence[int | None]) -> None:
        """One prediction a row: 1 right, 0 wrong, None missing."""
        answers = {i: ("yes" if value else "no", "yes") for i, value in enumerate(pattern) if value is not None}
        self.answer(model, template, answers)

    def measure_step(self) -> Step:
        cells = tuple(self.cell(model, template) for model, template in self.cells)
        params = MeasureParams(
            metrics=self.metrics, slices=self.slices, cells=cells, tags=self.tags, samples=self.samples
        )
        return _step(StepKind.MEASURE, "e", params, {"rows": "split:t"})

    def cell(self, model: str, template: str) -> Cell:
        return Cell(input=f"{model}.{template}", model=model, template=template)

    def measure(self) -> StepResult:
        """Write the artifacts and run the measure step."""
        with engine(self.root) as sql:
            inputs = self._write_inputs(sql)
        greedy = PredictParams(decode=Greedy(max_new_tokens=1), precision="fp32")
        steps = {role: _step(StepKind.PREDICT, role, greedy, {}) for role in inputs if role != "rows"}
        split = SplitParams(key=(), parts=(SplitPart(name="test", share=Decimal(1)),))
        steps["rows"] = _step(StepKind.SPLIT, "t", split, {})
        return measure.run(self._context(self.measure_step(), inputs, steps))

    def _write_inputs(self, sql: Engine) -> dict[str, Path]:
        types = {"text": "VARCHAR", "kind": "VARCHAR", "number": "BIGINT", "tags": "VARCHAR", "__split": "VARCHAR"}
        present = {key for row in self.data for key in row}
        columns = {"__row_id": "VARCHAR", **{key: types[key] for key in types if key in present}}
        rows = [{"__row_id": row_id(i), **row} for i, row in enumerate(self.data)]
        write_parquet(sql, self.root / "rows" / "rows.parquet", columns, rows)
        inputs = {"rows": self.root / "rows"}
        for number, ((model, template), answers) in enumerate(self.cells.items()):
            folder = self.root / f"cell{number}"
            found = [{"row_id": row_id(i), "output": o, "expected": x} for i, (o, x) in answers.items()]
            texts = dict.fromkeys(("row_id", "output", "expected"), "VARCHAR")
            if again := self.repeats.get((model, template)):
                found = [
                    {"row_id": row_id(i), "sample": n, "output": o, "expected": x} for (i, n), (o, x) in again.items()
                ]
                texts["sample"] = "INTEGER"
            write_parquet(sql, folder / "predictions.parquet", texts, found)
            inputs[f"{model}.{template}"] = folder
        return inputs

    def gate(
        self, *requirements: Requirement, run_id: str = "run", strict: bool = False, content: Mapping[str, str] = {}
    ) -> StepResult:
        """Run a gate step over the measured evaluation."""
        params = GateParams(requirements=requirements, strict=strict)
        step = _step(StepKind.GATE, "g", params, {"e": "measure:e"}, content)
        return gate.run(self._context(step, {"e": self.root}, {"e": self.measure_step()}, run_id))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.store.query(sql)

    def _context(
        self, step: Step, inputs: Mapping[str, Path], steps: Mapping[str, Step], run_id: str = "run"
    ) -> StepContext:
        out = self.root / "out" / step.hash
        out.mkdir(parents=True, exist_ok=True)
        return StepContext(step, run_id, self.root, inputs, steps, out, self.store, self.events, StopFlag())


def _step(kind: StepKind, name: str, params: Any, inputs: dict[str, str], content: Mapping[str, str] = {}) -> Step:
    identity = hash_text(f"{kind} {name} {params!r} {inputs} {content}")
    return Step(
        kind=kind,
        name=name,
        params=params,
        inputs=inputs,
        content=dict(content),
        local={},
        place=PLACE,
        version=1,
        hash=identity,
    )


def reference(model: str, metric: Metric = EXACT, better: str = "higher") -> MetricRef:
    return MetricRef(
        input="e",
        eval="e",
        metric=metric.name,
        model=model,
        unit=metric.unit,
        better=better,  # type: ignore[arg-type]
    )


def bound(
    op: str, threshold: str, level: str | None = None, *, model: str = "m", metric: Metric = EXACT, **more: Any
) -> BoundRequirement:
    at = None if level is None else Decimal(level)
    return BoundRequirement(
        text=f"{metric.name}({model}) {op} {threshold}",
        metric=reference(model, metric),
        op=op,  # type: ignore[arg-type]
        threshold=Decimal(threshold),
        level=at,
        each=more.get("each"),
        correct=more.get("correct", "none"),
    )


def no_worse(
    margin: str, level: str = "0.95", *, model: str = "m", baseline: str = "base", metric: Metric = EXACT, **more: Any
) -> NoWorseRequirement:
    shared = _compared("no_worse_than", level, model, baseline, metric, more)
    return NoWorseRequirement(**shared, margin=Decimal(margin))


def no_regression(
    level: str = "0.95", *, model: str = "m", baseline: str = "base", metric: Metric = EXACT, **more: Any
) -> NoRegressionRequirement:
    return NoRegressionRequirement(**_compared("no_significant_regression", level, model, baseline, metric, more))


def equivalent(
    margin: str, level: str = "0.95", *, model: str = "m", baseline: str = "base", metric: Metric = EXACT, **more: Any
) -> EquivalentRequirement:
    shared = _compared("equivalent", level, model, baseline, metric, more)
    return EquivalentRequirement(**shared, margin=Decimal(margin))


def _compared(
    word: str, level: str, model: str, baseline: str, metric: Metric, more: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "text": f"{metric.name}({model}) {word} {baseline}",
        "metric": reference(model, metric, more.get("better", "higher")),
        "baseline": baseline,
        "level": Decimal(level),
        "each": more.get("each"),
        "correct": more.get("correct", "none"),
        "blessed": more.get("blessed"),
    }


def blessed(model: str = "m", name: str = "main", differs: tuple[str, ...] = ()) -> Blessed:
    return Blessed(name=name, model=model, differs=differs)


def never(tag: str, *models: str, fails: str = "low", metric: Metric = EXACT) -> NeverRequirement:
    checked = tuple(
        Checked(metric=metric.name, model=model, fails=fails)  # type: ignore[arg-type]
        for model in models or ("m",)
    )
    return NeverRequirement(text=f'never e.tag("{tag}")', input="e", eval="e", tag=tag, checked=checked)


def spread(limit: str, level: str | None = None, *, model: str = "m", metric: Metric = EXACT) -> SpreadRequirement:
    return SpreadRequirement(
        text=f"spread({metric.name}({model})) <= {limit}",
        metric=reference(model, metric),
        op="<=",
        limit=Decimal(limit),
        level=None if level is None else Decimal(level),
    )
