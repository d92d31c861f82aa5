"""The measure step: items, missing answers, slices, aggregates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.proportion import proportion_confint

from compiler.step_params import Metric, MetricColumn, Slice, Sql
from tests.runtime.measuring.evaluation import EXACT, KIND, LENGTH, Evaluation, row_id

KINDS = ["a"] * 40 + ["b"] * 35 + ["c"] * 10 + ["d"] * 5


def test_counts_and_item_rows(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, [{"text": f"t{i}"} for i in range(4)], metrics=(EXACT, LENGTH))
    evaluation.right_or_wrong("m", "plain", [1, 0, None, 1])
    evaluation.right_or_wrong("base", "plain", [1, 1, 0, 1])
    result = evaluation.measure()
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (7, 7, 0)
    assert result.summary == {"items": 4, "cells": 2, "missing": 1}
    rows = evaluation.query("SELECT row_id, value FROM item_metrics WHERE model = 'm' AND metric = 'exact'")
    assert dict(rows) == {row_id(0): 1.0, row_id(1): 0.0, row_id(2): None, row_id(3): 1.0}
    aggregates = evaluation.query(
        "SELECT template, n, missing, estimate FROM metrics WHERE model = 'm' AND metric = 'exact' ORDER BY template"
    )
    assert aggregates == [("*", 3, 1, pytest.approx(2 / 3)), ("plain", 3, 1, pytest.approx(2 / 3))]


def test_intervals_follow_the_shape_of_the_data(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, [{"text": "t"} for _ in range(50)], metrics=(EXACT, LENGTH))
    pattern = [int(i % 4 > 0) for i in range(50)]
    evaluation.right_or_wrong("m", "plain", pattern)
    evaluation.right_or_wrong("m", "chatty", pattern[1:] + pattern[:1])
    evaluation.measure()
    found = {
        (template, metric): (estimate, low, high, method)
        for template, metric, estimate, low, high, method in evaluation.query(
            "SELECT template, metric, estimate, low, high, method FROM metrics WHERE slice = '*'"
        )
    }
    right = sum(pattern)
    assert found["plain", "exact"][1:] == pytest.approx(
        (*proportion_confint(right, 50, method="wilson"), "wilson"), abs=1e-9
    )
    assert found["*", "exact"][3] == "korn-graubard"
    lengths = np.array(
        [[3.0 if value else 2.0 for value in pair] for pair in zip(pattern, pattern[1:] + pattern[:1], strict=True)]
    )
    fit = OLS(lengths.ravel(), np.ones(100)).fit(
        cov_type="cluster", cov_kwds={"groups": np.repeat(np.arange(50), 2)}, use_t=True
    )
    assert found["*", "length"][0] == pytest.approx(lengths.mean())
    assert found["*", "length"][1:3] == pytest.approx(tuple(fit.conf_int()[0]))


def test_slices_with_small_ones_pooled(tmp_path: Path) -> None:
    data = [{"text": f"t{i}", "kind": kind} for i, kind in enumerate(KINDS)]
    evaluation = Evaluation(tmp_path, data, slices=(KIND,))
    evaluation.right_or_wrong("m", "plain", [1] * len(KINDS))
    evaluation.measure()
    shown = evaluation.query("SELECT slice_value, n FROM metrics WHERE slice = 'kind' AND template = '*' ORDER BY 1")
    assert shown == [("(small: c, d)", 15), ("a", 40), ("b", 35)]
    raw = evaluation.query("SELECT value, count(*) FROM item_slices GROUP BY value ORDER BY value")
    assert raw == [("a", 40), ("b", 35), ("c", 10), ("d", 5)]


def test_missing_and_empty_slice_values_have_names(tmp_path: Path) -> None:
    data = [{"text": "t", "kind": kind} for kind in [None] * 30 + [""] * 30 + ["x'; DROP TABLE metrics; --"] * 30]
    evaluation = Evaluation(tmp_path, data, slices=(KIND,))
    evaluation.right_or_wrong("m", "plain", [1] * 90)
    evaluation.measure()
    values = evaluation.query("SELECT slice_value FROM metrics WHERE slice = 'kind' AND template = '*' ORDER BY 1")
    assert [value for (value,) in values] == ["(empty)", "(none)", "x'; DROP TABLE metrics; --"]


def test_slice_expressions_take_bound_parameters(tmp_path: Path) -> None:
    long = Slice(name="long", value=Sql(sql='"number" > ?', params=(50,), type="bool"))
    data = [{"text": "t", "number": i} for i in range(100)]
    evaluation = Evaluation(tmp_path, data, slices=(long,))
    evaluation.right_or_wrong("m", "plain", [1] * 100)
    evaluation.measure()
    values = evaluation.query("SELECT slice_value, n FROM metrics WHERE slice = 'long' AND template = '*' ORDER BY 1")
    assert values == [("false", 51), ("true", 49)]


def test_items_are_all_rows_of_the_part_that_was_predicted(tmp_path: Path) -> None:
    data = [{"text": "t", "__split": "test" if i < 6 else "train"} for i in range(10)]
    evaluation = Evaluation(tmp_path, data)
    evaluation.right_or_wrong("m", "plain", [1, 1, 1, None, 1, None])
    assert evaluation.measure().summary == {"items": 6, "cells": 1, "missing": 2}


def test_a_metric_that_cannot_be_measured_counts_as_missing(tmp_path: Path) -> None:
    field = Metric(name="field", function="json_field_match", args={"field": "a"}, unit="share")
    evaluation = Evaluation(tmp_path, [{"text": "t"} for _ in range(3)], metrics=(field,))
    answers = {0: ('{"a": 1}', '{"a": 1}'), 1: ('{"a": 1}', "no json"), 2: ("junk", '{"a": 1}')}
    evaluation.answer("m", "plain", answers)
    evaluation.measure()
    assert evaluation.query("SELECT n, missing, estimate FROM metrics WHERE template = '*'") == [(2, 1, 0.5)]


def test_a_metric_reads_columns_of_the_data(tmp_path: Path) -> None:
    """Lists are JSON in SQL; an expression keeps its bound parameters, also where another column has some too."""
    answers = Sql(
        sql="CASE WHEN \"kind\" = ? THEN CAST(to_json([?, 'yes']) AS VARCHAR) END", params=("b", "no"), type="list"
    )
    loose = Metric(
        name="loose",
        function="exact_match",
        args={"normalise": "text"},
        unit="share",
        columns=(MetricColumn(argument="answers", value=answers),),
    )
    data = [{"text": "t", "kind": kind} for kind in ("a", "b", "b", "b")]
    evaluation = Evaluation(tmp_path, data, metrics=(EXACT, loose))
    evaluation.answer("m", "plain", {0: ("no", "maybe"), 1: ("NO", "maybe"), 2: ("maybe", "maybe"), 3: ("x", "maybe")})
    evaluation.measure()
    rows = evaluation.query("SELECT row_id, value FROM item_metrics WHERE metric = 'loose'")
    assert dict(rows) == {row_id(0): 0.0, row_id(1): 1.0, row_id(2): 1.0, row_id(3): 0.0}


def test_no_predictions_at_all(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, [{"text": "t"} for _ in range(3)])
    evaluation.answer("m", "plain", {})
    evaluation.measure()
    assert evaluation.query("SELECT n, missing, estimate, low, method FROM metrics WHERE template = '*'") == [
        (0, 3, None, None, "none")
    ]


def test_running_again_replaces_its_rows(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, [{"text": "t", "kind": "a"} for _ in range(3)], slices=(KIND,))
    evaluation.right_or_wrong("m", "plain", [1, 0, 1])
    evaluation.measure()
    tables = ("item_metrics", "item_slices", "metrics")
    before = [evaluation.query(f"SELECT * FROM {table} ORDER BY ALL") for table in tables]
    evaluation.measure()
    assert [evaluation.query(f"SELECT * FROM {table} ORDER BY ALL") for table in tables] == before


def test_hostile_outputs_and_values_are_only_data(tmp_path: Path) -> None:
    nasty = "\x1b[31m{{ 7*7 }} \u202e $(rm -rf /) \x00 '\" \\ [[bold]]"
    data = [{"text": "t", "kind": nasty} for _ in range(40)]
    evaluation = Evaluation(tmp_path, data, metrics=(EXACT, LENGTH), slices=(KIND,))
    evaluation.answer("m", "plain", dict.fromkeys(range(40), (nasty, nasty)))
    evaluation.measure()
    assert evaluation.query("SELECT DISTINCT value FROM item_slices") == [(nasty,)]
    assert evaluation.query("SELECT estimate FROM metrics WHERE slice = 'kind' AND metric = 'exact'") == [(1.0,)] * 2


def test_predictions_of_unknown_rows_are_a_bug(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, [{"text": "t"}])
    evaluation.answer("m", "plain", {0: ("a", "a"), 7: ("a", "a")})
    with pytest.raises(RuntimeError, match="no row of the data"):
        evaluation.measure()
