"""Metrics of the user's own in the measure step: their values, what they miss, and their failures with row and line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compiler.hashing import hash_text
from compiler.plan import Step
from compiler.step_params import Metric, MetricColumn, Sql
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.measuring.evaluation import Evaluation, row_id

MINE = """
import sft

@sft.metric
def near(output: str, expected: str, number: int, seconds: float | None, *, scale: float = 1.5) -> float | None:
    if output == "boom":
        raise ValueError("no \\x1b[31m way")
    if output == "text":
        return "high"
    if output == "nan":
        return float("nan")
    assert isinstance(number, int) and isinstance(scale, float) and seconds is None
    return None if output == "none" else scale * abs(len(output) - number)

@sft.metric(higher_is_better=True)
def same(output: str, expected: str) -> bool:
    return output == expected
"""


def parameter(name: str, python: str, *, optional: bool = False, column: bool = False) -> dict[str, Any]:
    return {"name": name, "python": python, "optional": optional, "column": column}


NEAR = {
    "name": "near",
    "parameters": [
        parameter("output", "str"),
        parameter("expected", "str"),
        parameter("number", "int", column=True),
        parameter("seconds", "float", optional=True),
    ],
    "numbers": ["scale"],
    "result": "number",
}
SAME = {"name": "same", "parameters": [parameter("output", "str"), parameter("expected", "str")]}
SAME |= {"numbers": [], "result": "bool"}
METRICS = (
    Metric(
        name="near",
        function="near",
        args={"scale": "2"},
        unit="plain",
        columns=(MetricColumn(argument="number", value=Sql(sql='"number"', type="number")),),
        extension=True,
    ),
    Metric(name="same", function="same", args={}, unit="share", extension=True),
)


@dataclass
class WithExtension(Evaluation):
    text: str = MINE

    def measure_step(self) -> Step:
        (self.root / "mine.py").write_text(MINE, encoding="utf-8")
        extension = {"path": "mine.py", "package": None, "functions": [], "metrics": [NEAR, SAME]}
        update = {"content": {"extension.0": hash_text(self.text)}, "local": {"extensions": [extension]}}
        return super().measure_step().model_copy(update=update)


def measured(tmp_path: Path, outputs: list[str], numbers: list[int | None]) -> WithExtension:
    evaluation = WithExtension(tmp_path, [{"number": number} for number in numbers], metrics=METRICS)
    evaluation.answer("m", "plain", {place: (output, "abc") for place, output in enumerate(outputs)})
    evaluation.measure()
    return evaluation


def test_values_and_what_is_missing(tmp_path: Path) -> None:
    evaluation = measured(tmp_path, ["abc", "a", "none", "abcd"], [1, 4, 1, None])
    found = evaluation.query("SELECT metric, row_id, value FROM item_metrics")
    values = {(metric, row): value for metric, row, value in found}
    assert [values["near", row_id(place)] for place in range(4)] == [4.0, 6.0, None, None]
    assert [values["same", row_id(place)] for place in range(4)] == [1.0, 0.0, 0.0, 0.0]
    units = evaluation.query("SELECT metric, unit, n, missing FROM metrics WHERE template = '*' ORDER BY metric")
    assert units == [("near", "plain", 2, 2), ("same", "share", 4, 0)]


@pytest.mark.parametrize(
    ("output", "code", "words"),
    [
        ("boom", "SFT0432", r"`near` failed on row .*mine.py:7: ValueError: no ␛\[31m way"),
        ("text", "SFT0433", "`near` gave a value of the type `str` and not a number for row"),
        ("nan", "SFT0433", "`near` gave nan and not a number for row"),
    ],
)
def test_a_failure_names_the_row_and_the_line(tmp_path: Path, output: str, code: str, words: str) -> None:
    with pytest.raises(DiagnosticError, match=words) as failed:
        measured(tmp_path, [output], [1])
    assert [item.code for item in failed.value.diagnostics] == [code]


def test_a_file_that_changed_is_not_run(tmp_path: Path) -> None:
    evaluation = WithExtension(tmp_path, [{"number": 1}], metrics=METRICS, text=MINE + "# hashed before\n")
    evaluation.answer("m", "plain", {0: ("a", "a")})
    with pytest.raises(DiagnosticError, match="was changed while the run was on"):
        evaluation.measure()
