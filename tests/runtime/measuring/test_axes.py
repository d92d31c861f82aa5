"""Slices that overlap, axes and repeats: from predictions to rows of ``metrics``, ``axes`` and ``gates``."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from compiler.measure_params import Bins, UnseenRequirement, WorstRequirement
from compiler.step_params import Cell, Slice, SpreadRequirement, Sql
from runtime.statistics.clustered import Clusters, clustered_standard_error
from tests.runtime.measuring.evaluation import EXACT, KIND, LENGTH, Evaluation, bound, no_worse, reference, row_id

TAGS = Slice(name="tag", value=Sql(sql="""CAST(to_json(string_split("text", ',')) AS VARCHAR)""", type="list"))
SIZE = Slice(name="size", value=Sql(sql='"number"', type="number"), bins=Bins(ends=(Decimal(10), Decimal(100))))
TEMPLATE = Slice(name="shown", value=None, by="template")
SHOTS = Slice(name="shots", value=None, by="few_shot")


def rows(evaluation: Evaluation, table: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    return evaluation.query(f"SELECT {columns} FROM {table} WHERE {where} ORDER BY rowid")


def right(count: int, of: int) -> list[int]:
    return [1] * count + [0] * (of - count)


# --- slices -----------------------------------------------------------------------------------------


def test_tags_count_in_each_slice_and_once_in_the_pool_and_in_all(tmp_path: Path) -> None:
    texts = ["a,b"] * 20 + [" a, b\u00a0"] * 20 + ["a"] * 20 + ["c,d,c"] * 10 + [None] * 5
    evaluation = Evaluation(tmp_path, [{"text": text} for text in texts], slices=(TAGS,))
    evaluation.right_or_wrong("m", "plain", right(30, 75))
    evaluation.measure()
    stored = rows(evaluation, "item_slices", "value, count(*) OVER (PARTITION BY value)")
    assert dict(stored) == {"a": 60, "b": 40, "c": 10, "d": 10, "(none)": 5}, "a tag that stands twice counts once"
    shown = rows(evaluation, "metrics", "slice_value, n, estimate", "template = '*' AND slice = 'tag'")
    assert shown == [("a", 60, 0.5), ("b", 40, 0.75), ("(small: (none), c, d)", 15, 0.0)]
    assert rows(evaluation, "metrics", "n", "template = '*' AND slice = '*'") == [(75,)]
    evaluation.gate(bound(">=", "0.4", each="tag"))
    parts = rows(evaluation, "gates", "slice_value, n, verdict", "part > 0")
    assert parts == [("a", 60, "pass"), ("b", 40, "pass"), ("(small: (none), c, d)", 15, "fail")]
    assert rows(evaluation, "gates", "verdict", "part = 0") == [("inconclusive",)], "a small pool fails no gate alone"


def test_bins_stand_in_their_order(tmp_path: Path) -> None:
    numbers = [5] * 30 + [50] * 30 + [500] * 30 + [None] * 30
    evaluation = Evaluation(tmp_path, [{"text": "t", "number": n} for n in numbers], slices=(SIZE,))
    evaluation.right_or_wrong("m", "plain", [1] * 120)
    evaluation.measure()
    shown = rows(evaluation, "metrics", "slice_value", "template = '*' AND slice = 'size'")
    assert [value for (value,) in shown] == ["(none)", "under 10", "10 to 99", "100 and more"]


def test_a_slice_by_template_has_all_items_under_each(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, [{"text": "t"} for _ in range(40)], slices=(TEMPLATE,))
    evaluation.right_or_wrong("m", "plain", right(36, 40))
    evaluation.right_or_wrong("m", "chatty", right(10, 40))
    evaluation.measure()
    shown = rows(evaluation, "metrics", "template, slice_value, n, estimate", "slice = 'shown'")
    assert shown == [("*", "plain", 40, 0.9), ("*", "chatty", 40, 0.25)]
    evaluation.gate(bound(">=", "0.5", each="shown"))
    assert rows(evaluation, "gates", "slice_value, n, verdict", "part > 0") == [
        ("plain", 40, "pass"),
        ("chatty", 40, "fail"),
    ]
    assert rows(evaluation, "gates", "verdict", "part = 0") == [("fail",)]


# --- templates and numbers of examples ----------------------------------------------------------------


class Varied(Evaluation):
    """``of`` says more of cells: (model, template) -> fields of Cell."""

    of: dict[tuple[str, str], dict[str, Any]]

    def cell(self, model: str, template: str) -> Cell:
        return Cell(input=f"{model}.{template}", model=model, template=template, **self.of.get((model, template), {}))


def test_lowest_highest_spread_and_what_training_saw(tmp_path: Path) -> None:
    varied = Varied(tmp_path, [{"text": "t"} for _ in range(100)], metrics=(EXACT, LENGTH))
    varied.of = {("m", "plain"): {"trained": True}, ("m", "new"): {"trained": False}}
    varied.right_or_wrong("m", "plain", right(90, 100))
    varied.right_or_wrong("m", "new", right(70, 100))
    varied.right_or_wrong("base", "plain", right(50, 100))
    varied.right_or_wrong("base", "new", [*right(50, 99), None])
    varied.measure()
    columns = "statistic, which, round(estimate, 9), n, missing, unit"
    assert rows(varied, "axes", columns, "model = 'm' AND metric = 'exact'") == [
        ("lowest", "new", 0.7, 100, 0, "share"),
        ("highest", "plain", 0.9, 100, 0, "share"),
        ("spread", "plain to new", 0.2, 100, 0, "share"),
        ("unseen_minus_trained", "new against plain", -0.2, 100, 0, "share"),
    ]
    (low, high), *_ = rows(varied, "axes", "low, high", "model = 'm' AND statistic = 'lowest' AND metric = 'exact'")
    assert low == pytest.approx(proportion_confint(70, 100, method="wilson")[0])
    assert high == pytest.approx(proportion_confint(70, 100, alpha=0.025, method="wilson")[1]), "one of two"
    base = rows(varied, "axes", columns, "model = 'base' AND metric = 'exact'")
    assert base[2][:5] == ("spread", None, 0.0, 99, 1), "of the items that were answered under both"
    assert [name for name, *_ in base] == ["lowest", "highest", "spread"], "no train made it"
    (drop,) = rows(varied, "axes", "low, high, method", "statistic = 'unseen_minus_trained' AND metric = 'exact'")
    assert drop[0] < -0.2 < drop[1] < 0 and drop[2] == "tango"


def shots(pattern: Sequence[tuple[str, int, int]], tmp_path: Path, *slices: Slice) -> Varied:
    """Cells ``plain@0`` …: (template, number of examples, right of 60)."""
    varied = Varied(tmp_path, [{"text": "t"} for _ in range(60)], slices=slices)
    varied.of = {}
    for base, count, correct in pattern:
        label = f"{base}@{count}"
        varied.of["m", label] = {"base": base, "few_shot": count}
        varied.right_or_wrong("m", label, right(correct, 60))
    varied.measure()
    return varied


def test_numbers_of_examples_are_an_axis_beside_templates(tmp_path: Path) -> None:
    cells = [("plain", 0, 30), ("plain", 5, 48), ("terse", 0, 24), ("terse", 5, 42)]
    varied = shots(cells, tmp_path, SHOTS, TEMPLATE)
    found = dict(rows(varied, "metrics", "template, round(estimate, 9)", "slice = '*'"))
    assert found == {
        "*": 0.6, "*@0": 0.45, "*@5": 0.75, "plain@*": 0.65, "terse@*": 0.55,
        "plain@0": 0.5, "plain@5": 0.8, "terse@0": 0.4, "terse@5": 0.7,
    }  # fmt: skip
    assert dict(rows(varied, "metrics", "slice_value, round(estimate, 9)", "slice = 'shots'")) == {"0": 0.45, "5": 0.75}
    assert dict(rows(varied, "metrics", "slice_value, round(estimate, 9)", "slice = 'shown'")) == {
        "plain": 0.65,
        "terse": 0.55,
    }
    axes = rows(varied, "axes", "axis, statistic, which, round(estimate, 9)")
    assert axes == [
        ("templates", "lowest", "terse", 0.55),
        ("templates", "highest", "plain", 0.65),
        ("templates", "spread", "plain to terse", 0.1),
        ("few_shot", "lowest", "0", 0.45),
        ("few_shot", "highest", "5", 0.75),
        ("few_shot", "spread", "5 to 0", 0.3),
    ]


# --- gates over an axis -------------------------------------------------------------------------------


def worst(op: str, threshold: str, level: str | None = None, axis: str = "templates", over: str | None = None) -> Any:
    return WorstRequirement(
        text="w",
        metric=reference("m"),
        op=op,  # type: ignore[arg-type]
        threshold=Decimal(threshold),
        level=None if level is None else Decimal(level),
        axis=axis,  # type: ignore[arg-type]
        over=over,
    )


def spread(limit: str, level: str | None = None, axis: str = "templates", over: str | None = None) -> Any:
    at = None if level is None else Decimal(level)
    limits = {"op": "<=", "limit": Decimal(limit), "level": at, "axis": axis, "over": over}
    return SpreadRequirement(text="s", metric=reference("m"), **limits)  # type: ignore[arg-type]


def verdicts(evaluation: Evaluation, *requirements: Any) -> list[tuple[str, float, str]]:
    evaluation.gate(*requirements)
    return rows(evaluation, "gates", "verdict, round(estimate, 9), reason", "part = 0")


def test_the_worst_template_decides(tmp_path: Path) -> None:
    varied = shots([("plain", 0, 57), ("plain", 5, 58), ("terse", 0, 36), ("terse", 5, 34)], tmp_path)
    found = verdicts(
        varied,
        worst(">=", "0.5"),
        worst(">=", "0.5", "0.95"),
        worst(">=", "0.6"),
        worst("<=", "0.9"),
        worst(">=", "0.7", axis="few_shot"),
        spread("0.3", axis="few_shot"),
        spread("0.3"),
    )
    assert [(verdict, estimate) for verdict, estimate, _ in found] == [
        ("pass", 0.583333333),
        ("inconclusive", 0.583333333),
        ("fail", 0.583333333),
        ("fail", 0.958333333),
        ("pass", 0.766666667),
        ("pass", 0.008333333),
        ("fail", 0.375),
    ]
    assert "From the worst on: `terse` 58.3% and `plain` 95.8%" in found[0][2]
    assert "`5 examples`" in found[5][2] or "`0 examples`" in found[5][2]


def test_a_spread_over_slices_compares_groups_of_items(tmp_path: Path) -> None:
    data = [{"text": "t", "kind": kind} for kind in ["a"] * 100 + ["b"] * 100 + ["c"] * 5]
    evaluation = Evaluation(tmp_path, data, slices=(KIND,))
    evaluation.right_or_wrong("m", "plain", [*right(90, 100), *right(80, 100), *right(1, 5)])
    evaluation.measure()
    by_kind: dict[str, Any] = {"axis": "slice", "over": "kind"}
    found = verdicts(
        evaluation,
        spread("0.15", **by_kind),
        spread("0.8", "0.95", **by_kind),
        spread("0.05", **by_kind),
        worst(">=", "0.5", **by_kind),
    )
    assert [(verdict, estimate) for verdict, estimate, _ in found] == [
        ("inconclusive", 0.7),
        ("inconclusive", 0.7),
        ("fail", 0.7),
        ("inconclusive", 0.2),
    ]
    assert "does not without the pool of small slices" in found[0][2]
    assert "Only the pool of small slices fails" in found[3][2]


def test_the_worst_of_slices_that_were_only_looked_at_together_is_not_known(tmp_path: Path) -> None:
    data = [{"text": "t", "kind": kind} for kind in ["a", "b"] * 20]
    evaluation = Evaluation(tmp_path, data, slices=(KIND,))
    evaluation.right_or_wrong("m", "plain", right(40, 40))
    evaluation.measure()
    [(verdict, estimate, reason)] = verdicts(evaluation, worst(">=", "0.5", axis="slice", over="kind"))
    assert (verdict, estimate) == ("inconclusive", 1.0) and "No slice by kind was looked at alone" in reason


def test_missing_answers_leave_a_spread_over_slices_open(tmp_path: Path) -> None:
    data = [{"text": "t", "kind": kind} for kind in ["a"] * 40 + ["b"] * 40]
    evaluation = Evaluation(tmp_path, data, slices=(KIND,))
    evaluation.right_or_wrong("m", "plain", [*[1] * 79, None])
    evaluation.measure()
    ((verdict, _, reason),) = verdicts(evaluation, spread("0.9", axis="slice", over="kind"))
    assert verdict == "inconclusive" and "1 answer is missing" in reason


def test_templates_new_to_the_model_are_compared_item_by_item(tmp_path: Path) -> None:
    varied = Varied(tmp_path, [{"text": "t"} for _ in range(400)])
    varied.of = {("m", name): {"trained": name == "plain"} for name in ("plain", "new", "other")}
    varied.right_or_wrong("m", "plain", right(360, 400))
    varied.right_or_wrong("m", "new", right(356, 400))
    varied.right_or_wrong("m", "other", right(356, 400))
    varied.measure()
    more = {"text": "u", "metric": reference("m"), "level": Decimal("0.95")}
    kept, broken = (UnseenRequirement(margin=Decimal(margin), **more) for margin in ("0.05", "0.001"))  # type: ignore[arg-type]
    found = verdicts(varied, kept, broken)
    assert [(verdict, estimate) for verdict, estimate, _ in found] == [("pass", -0.01), ("fail", -0.01)]
    assert "templates that it was trained on" in found[0][2]


# --- repeats ------------------------------------------------------------------------------------------


def several(tmp_path: Path, *patterns: Sequence[Sequence[int | None]]) -> Evaluation:
    """One model a pattern (items × samples): ``m``, ``base``."""
    evaluation = Evaluation(tmp_path, [{"text": "t"} for _ in patterns[0]], samples=len(patterns[0][0]))
    for model, pattern in zip(("m", "base"), patterns, strict=False):
        evaluation.answer(model, "plain", {})
        evaluation.repeats[model, "plain"] = {
            (item, sample): ("yes" if value else "no", "yes")
            for item, values in enumerate(pattern)
            for sample, value in enumerate(values)
            if value is not None
        }
    evaluation.measure()
    return evaluation


def test_answers_to_an_item_are_folded_into_it(tmp_path: Path) -> None:
    pattern = [[1, 1, 1], [1, 0, 1], [0, 0, 0], [1, None, 1]] + [[1, 1, 1]] * 16
    evaluation = several(tmp_path, pattern)
    items = dict(rows(evaluation, "item_metrics", "row_id, value"))
    assert [items[row_id(n)] for n in range(4)] == [1.0, pytest.approx(2 / 3), 0.0, None]
    samples = rows(evaluation, "sample_metrics", "sample, value", f"row_id = '{row_id(3)}'")
    assert samples == [(0, 1.0), (1, None), (2, 1.0)]
    (row,) = rows(evaluation, "metrics", "n, missing, estimate, method", "template = '*'")
    assert row == (19, 1, pytest.approx((17 + 2 / 3) / 19), "korn-graubard")
    flips = rows(evaluation, "axes", "axis, statistic, template, which, n, missing, estimate, low, high")
    low, high = proportion_confint(1, 19, method="wilson")
    expected = ("3 answers an item", 19, 1, pytest.approx(1 / 19), pytest.approx(low), pytest.approx(high))
    assert flips == [("samples", "flip_rate", name, *expected) for name in ("*", "plain")]


def test_the_standard_error_is_that_of_item_means() -> None:
    """``(between + within/K) / n``, as repeats are answers in the item's cluster."""
    random = np.random.default_rng(1)
    answers = (random.random((50, 1)) * 0.5 + 0.5 > random.random((50, 4))).astype(float)
    folded = Clusters.of_rows(answers.mean(axis=1, keepdims=True), samples=4)
    whole = Clusters.of_rows(answers)
    assert (folded.sums == whole.sums).all() and (folded.sizes == whole.sizes).all()
    assert clustered_standard_error(folded) == pytest.approx(answers.mean(axis=1).std(ddof=1) / 50**0.5)


def test_gates_know_that_items_were_asked_several_times(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    ours = (random.random((120, 4)) < 0.85).astype(int).tolist()
    theirs = (random.random((120, 4)) < 0.84).astype(int).tolist()
    evaluation = several(tmp_path, ours, theirs)
    evaluation.gate(bound(">=", "0.8", "0.95"), no_worse("0.06"))
    found = rows(evaluation, "gates", "verdict, test, n, reason")
    assert [(verdict, n) for verdict, _, n, _ in found] == [("pass", 120), ("pass", 120)]
    assert found[0][1] == "one-sided Korn-Graubard bound" and "asked 4 times" in found[0][3]
    assert found[1][1] == "sign-flip by item, Tango interval"
    once = Evaluation(tmp_path / "once", [{"text": "t"} for _ in range(120)])
    once.right_or_wrong("m", "plain", [int(sum(values) >= 2) for values in ours][:102] + [0] * 18)
    once.measure()
    once.gate(bound(">=", "0.8", "0.95"))
    assert rows(once, "gates", "verdict") == [("inconclusive",)], "as many items asked once prove less"
