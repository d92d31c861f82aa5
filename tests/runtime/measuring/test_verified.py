"""IFEval and code with tests, through the measure step: values, sums, reasons, and what is never run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.step_params import Cell, MeasureParams, Metric, MetricColumn, Sql
from runtime.code_execution.running import Outcome
from runtime.languages import model_hash
from runtime.measuring.table import AnswerTable
from runtime.metrics import Answer, explain_items
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.measuring.evaluation import Evaluation, row_id

COMMA, QUOTED, WORDS = "punctuation:no_comma", "startend:quotation", "length_constraints:number_words"
ROWS: list[tuple[list[str], list[Any], str]] = [
    ([COMMA], [{}], "no comma"),
    ([COMMA, QUOTED, WORDS], [{}, {}, {"num_words": 2, "relation": "at least"}], '"one, two"'),
    ([COMMA, QUOTED], [{}, {"num_words": None}], "Sure:\nneither, nor"),
    ([WORDS], [{"num_words": 2, "relation": "at most"}], "two words"),
    (["length:words"], [{}], "two words"),
]


def of_rows(name: str, function: str, *, whole: bool = False, mode: str = "strict") -> Metric:
    pairs = (("instructions", '"text"'), ("arguments", '"kind"'))
    columns = tuple(MetricColumn(argument=name, value=Sql(sql=sql, type="list")) for name, sql in pairs)
    args = {"mode": mode, "languages": model_hash()}
    unit: Any = "plain" if whole else "share"
    return Metric(name=name, function=function, args=args, unit=unit, columns=columns, whole=whole)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    metrics = (
        of_rows("strict", "ifeval"),
        of_rows("loose", "ifeval", mode="loose"),
        of_rows("instructions", "ifeval_instructions", whole=True),
    )
    data = [{"text": json.dumps(ids), "kind": json.dumps(given)} for ids, given, _ in ROWS]
    evaluation = Evaluation(tmp_path_factory.mktemp("ifeval"), data, metrics)
    evaluation.answer("m", "t", {place: (output, "") for place, (*_, output) in enumerate(ROWS)})
    evaluation.measure()
    return evaluation


def values(evaluation: Evaluation, metric: str) -> dict[str, tuple[Any, ...]]:
    found = evaluation.query(f"SELECT row_id, value, statistics, reason FROM item_metrics WHERE metric = '{metric}'")
    ids = {item: row for item, *row in found}
    return {output: tuple(ids[row_id(place)]) for place, (*_, output) in enumerate(ROWS[:4])}


def test_a_prompt_is_followed_when_all_its_instructions_are(measured: Evaluation) -> None:
    assert values(measured, "strict") == {
        "no comma": (1.0, None, None),
        '"one, two"': (0.0, None, f"not followed: {COMMA}"),
        "Sure:\nneither, nor": (0.0, None, f"not followed: {COMMA}, {QUOTED}"),
        "two words": (None, None, f'{WORDS}: `relation` cannot be "at most"'),
    }
    assert values(measured, "loose")["Sure:\nneither, nor"] == (0.0, None, f"not followed: {QUOTED}")


def test_instructions_are_summed_over_rows_and_no_mean_of_them(measured: Evaluation) -> None:
    assert [row[1] for row in values(measured, "instructions").values()] == [[1, 1], [2, 3], [0, 2], None]
    found = measured.query("SELECT estimate, n, missing FROM metrics WHERE metric = 'instructions' AND template = '*'")
    assert found == [(3 / 6, 3, 2)]


def test_rows_that_are_not_understood_are_missing_and_told(measured: Evaluation) -> None:
    found = measured.query("SELECT estimate, n, missing FROM metrics WHERE metric = 'strict' AND template = '*'")
    assert found == [(1 / 3, 3, 2)]
    said = (measured.root / "events.jsonl").read_text(encoding="utf-8")
    for metric in ("strict", "loose", "instructions"):
        assert f"{metric} could not be measured of 1 answer: there is no instruction `length:words`" in said


def test_another_model_of_languages_is_refused() -> None:
    answer = Answer("a", "", columns={"instructions": [COMMA], "arguments": [{}]})
    with pytest.raises(DiagnosticError, match="not the one that this plan was made with"):
        explain_items("ifeval", {"mode": "strict", "languages": "other"}, [answer])


CODE = {"k": 1, "fence": "first", "timeout": 2, "memory_mib": 512, "allow_code_execution": True}
GOOD = "Sure.\n```python\ndef f(x):\n    return x + 1\n```\n"
HUMAN_EVAL = "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(1) == 2\n"
GUARDED = "def test():\n    assert f(1) == 1\nif __name__ == '__main__':\n    test()\n"


def passes(output: str, **columns: Any) -> tuple[float | None, str]:
    (found,) = explain_items("passes_tests", CODE, [Answer(output, "", columns=columns)])
    return found


@pytest.mark.parametrize(
    ("output", "columns", "value", "reason"),
    [
        (GOOD, {"tests": ["assert f(1) == 2", "assert f(2) == 3"]}, 1.0, ""),
        (GOOD, {"tests": "assert f(1) == 2"}, 1.0, ""),
        (GOOD, {"tests": ["assert f(1) == 1"]}, 0.0, "line 1 of the tests: AssertionError"),
        (GOOD, {"tests": HUMAN_EVAL, "entry_point": "f"}, 1.0, ""),
        ("    return x + 1\n", {"tests": HUMAN_EVAL, "entry_point": "f", "before": "def f(x):\n"}, 1.0, ""),
        (GOOD, {"tests": HUMAN_EVAL, "entry_point": "f", "before": "def f(x):\n    '''Adds 1.'''"}, 1.0, ""),
        ("", {"tests": ["assert f(1) == 2"]}, 0.0, "NameError"),
        ("I cannot write that.", {"tests": ["assert f(1) == 2"]}, 0.0, "SyntaxError"),
        (GOOD, {"tests": HUMAN_EVAL}, None, "only define things"),
        (GOOD, {"tests": "def test_f():\n    assert f(1) == 1\n"}, None, "only define things"),
        (GOOD, {"tests": f"import sys\nsys.path.insert(0, '.')\n{GUARDED}"}, None, "do not run"),
        (GOOD, {"tests": HUMAN_EVAL + GUARDED, "entry_point": "f"}, 1.0, ""),
        (GOOD, {"tests": "async def main():\n    assert f(1) == 1\nmain()\n"}, None, "nothing awaits"),
        (GOOD, {"tests": "async def check(f):\n    assert f(1) == 1\n", "entry_point": "f"}, None, "nothing awaits"),
        (GOOD, {"tests": "import asyncio\nasync def main():\n    assert f(1) == 1\nasyncio.run(main())"}, 0.0, ""),
        (GOOD, {"tests": HUMAN_EVAL, "entry_point": "f); import os; (f"}, None, "is no name to check"),
        (GOOD, {"tests": HUMAN_EVAL, "entry_point": None}, None, "is no name to check"),
        (GOOD, {"tests": ["assert f(1) = 2"]}, None, "the tests are no Python"),
        (GOOD, {"tests": []}, None, "no tests"),
        (GOOD, {"tests": None}, None, "no tests"),
        (GOOD, {"tests": ["assert f(1) == 2", None]}, None, "no tests"),
        (GOOD, {"tests": "\0"}, None, "the tests are no Python"),
    ],
)
def test_code_with_tests(output: str, columns: dict[str, Any], value: float | None, reason: str) -> None:
    found, why = passes(output, **columns)
    assert found == value
    assert reason in why


def test_no_code_runs_without_consent(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    answer = Answer(f"open({str(ran)!r}, 'w')", "", columns={"tests": "assert True"})
    with pytest.raises(ValueError, match="unless its spec allows it"):
        explain_items("passes_tests", {**CODE, "allow_code_execution": False}, [answer])
    assert not ran.exists()


def test_a_run_that_is_to_stop_does_not_wait_for_all_code(measured: Evaluation) -> None:
    class Stop(Exception):
        pass

    def check() -> None:
        raise Stop

    answer = Answer("while True: pass", "", columns={"tests": "assert True"})
    with pytest.raises(Stop):
        explain_items("passes_tests", {**CODE, "timeout": 1}, [answer] * 1_000, check)


def test_a_run_tells_what_did_not_confine_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runtime.metrics import code

    monkeypatch.setattr(code, "_KNOWN", {})
    monkeypatch.setattr("sys.platform", "linux")
    lies = "line 1 of the tests: AssertionError: not confined: nothing; not confined: all"
    held = iter([(True, "", code._HOLDS), (False, lies, code._HOLDS), (True, "", ("files",)), (False, lies, ())])
    monkeypatch.setattr(code, "run_programs", lambda programs, *_: [Outcome(*next(held)) for _ in programs])
    column = MetricColumn(argument="tests", value=Sql(sql='"text"', type="text"))
    metric = Metric(name="pass", function="passes_tests", args=CODE, unit="share", columns=(column,))
    told = []
    for name in ("confined", "open"):
        evaluation = Evaluation(tmp_path / name, [{"text": "assert x"}, {"text": "assert x"}], (metric,))
        evaluation.answer("m", "t", {0: (f"x = {name!r}", ""), 1: (f"x = 1; {name} = 1", "")})
        evaluation.measure()
        told.append((evaluation.root / "events.jsonl").read_text(encoding="utf-8"))
    assert "did not confine" not in told[0]
    assert told[1].count("pass ran a model's code that this machine did not confine: privileges, calls (docs") == 1


def test_pass_at_k_of_an_item_is_made_of_all_its_answers(tmp_path: Path) -> None:
    """Two of three answers pass: one of two does in every choice, all but one of none."""
    args = {**CODE, "k": 2}
    code = MetricColumn(argument="tests", value=Sql(sql='"text"', type="text"))
    metric = Metric(name="pass", function="passes_tests", args=args, unit="share", columns=(code,))
    first = Metric(name="first", function="passes_tests", args=CODE, unit="share", columns=(code,))
    cell = Cell(input="m.t", model="m", template="t")
    params = MeasureParams(metrics=(metric, first), slices=(), cells=(cell,), samples=3)
    rows = {name: {"tests": "assert f(1) == 2"} for name in "abc"}
    table = AnswerTable(list("abc"), params, {"pass": rows, "first": rows})
    good, bad = "def f(x): return x + 1", "def f(x): return x"
    for sample, outputs in enumerate(((good, bad, good), (good, bad, bad), (bad, bad, good))):
        table.fill(cell, {name: Answer(output, "") for name, output in zip("abc", outputs, strict=True)}, sample)
    assert table.values["m", "t", "pass"].tolist() == [1.0, 0.0, 1.0]
    assert table.values["m", "t", "first"].tolist() == pytest.approx([2 / 3, 0.0, 2 / 3])


def test_the_same_code_runs_once_for_all_metrics_and_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runtime.metrics import code

    ran: list[Any] = []
    run = code.run_programs
    monkeypatch.setattr(code, "run_programs", lambda programs, *rest: ran.extend(programs) or run(programs, *rest))
    monkeypatch.setattr(code, "_KNOWN", {})
    answers = [Answer(f"x = {n % 2}", "", columns={"tests": "assert x == 1"}) for n in range(6)]
    for _ in range(2):
        assert [value for value, _ in explain_items("passes_tests", CODE, answers)] == [0.0, 1.0] * 3
    assert len(ran) == 2
    explain_items("passes_tests", {**CODE, "timeout": 3}, answers)
    assert len(ran) == 4
