"""The gate step: verdicts and their reasons, slices, looks, what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compiler.step_params import Requirement
from runtime.gating.spread import decide_spread
from runtime.store import insert_rows
from tests.runtime.measuring.evaluation import KIND, LENGTH, Evaluation, bound, no_worse, row_id, spread


def pattern(right: int, n: int) -> list[int | None]:
    return [1] * right + [0] * (n - right)


def one_template(tmp_path: Path, cells: dict[str, Sequence[int | None]], kinds: Sequence[str] = ()) -> Evaluation:
    n = max(len(answers) for answers in cells.values())
    data = [{"text": f"t{i}", "kind": kinds[i] if kinds else "all"} for i in range(n)]
    evaluation = Evaluation(tmp_path, data, slices=(KIND,), metrics=(*Evaluation.metrics, LENGTH))
    for model, answers in cells.items():
        evaluation.right_or_wrong(model, "plain", answers)
    evaluation.measure()
    return evaluation


def decide(evaluation: Evaluation, requirement: Requirement) -> dict[str, Any]:
    found: dict[str, Any] = evaluation.gate(requirement).summary["requirements"][0]
    return found


@pytest.fixture(scope="module")
def ninety_five_of_100(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return one_template(tmp_path_factory.mktemp("floors"), {"m": pattern(95, 100)})


@pytest.mark.parametrize(
    ("op", "threshold", "level", "verdict", "words"),
    [
        (">=", "0.85", "0.95", "pass", "clears the floor of 85%"),
        (">=", "0.9", "0.95", "inconclusive", "items would settle it"),
        (">=", "0.96", "0.95", "fail", "the wrong side"),
        (">=", "0.95", None, "pass", "estimate alone decides"),
        (">", "0.95", None, "fail", "misses the floor of 95%"),
        ("<=", "0.95", None, "pass", "meets the ceiling"),
        ("<=", "0.99", "0.95", "pass", "stays within the ceiling of 99%"),
        ("<", "0.96", "0.95", "inconclusive", "exceeds the ceiling of 96%"),
        (">=", "1", "0.95", "fail", "wrong side"),
    ],
)
def test_floors_and_ceilings(
    ninety_five_of_100: Evaluation, op: str, threshold: str, level: str | None, verdict: str, words: str
) -> None:
    found = decide(ninety_five_of_100, bound(op, threshold, level))
    assert found["verdict"] == verdict, found["reason"]
    assert words.lower() in found["reason"].lower()
    assert (found["estimate"], found["n"]) == (0.95, 100)


def test_a_perfect_score_does_not_prove_perfection(tmp_path: Path) -> None:
    found = decide(one_template(tmp_path, {"m": pattern(100, 100)}), bound(">=", "1", "0.95"))
    assert found["verdict"] == "inconclusive"
    assert "more items alone would not settle it" in found["reason"].lower()


def test_none_of_200_does_not_prove_less_than_one_percent(tmp_path: Path) -> None:
    evaluation = one_template(tmp_path, {"m": pattern(0, 200)})
    assert decide(evaluation, bound("<=", "0.015", "0.95"))["verdict"] == "pass"
    found = decide(evaluation, bound("<=", "0.01", "0.95"))
    assert found["verdict"] == "inconclusive"
    assert "About 299 items" in found["reason"]


def test_plain_numbers_use_t_bounds(tmp_path: Path) -> None:
    evaluation = one_template(tmp_path, {"m": pattern(50, 100)})  # outputs of 3 and 2 characters
    assert decide(evaluation, bound("<=", "2.6", "0.95", metric=LENGTH))["verdict"] == "pass"
    assert decide(evaluation, bound("<=", "2.51", "0.95", metric=LENGTH))["verdict"] == "inconclusive"
    assert decide(evaluation, bound("<=", "2.4", "0.95", metric=LENGTH))["verdict"] == "fail"


def test_an_evaluation_that_lost_answers_never_passes(tmp_path: Path) -> None:
    answers = [*pattern(90, 95), *[None] * 5]
    evaluation = one_template(tmp_path, {"m": answers, "other": pattern(50, 100)})
    for threshold, level in (("0", None), ("0.1", "0.95"), ("0.8", "0.95")):
        lost = decide(evaluation, bound(">=", threshold, level))
        assert lost["verdict"] == "inconclusive"
        assert "an evaluation that lost answers does not pass" in lost["reason"]
    found = decide(evaluation, bound(">=", "0.93"))
    assert found["verdict"] == "inconclusive"
    assert "5 answers are missing" in found["reason"]
    assert decide(evaluation, bound(">=", "0.97"))["verdict"] == "fail"
    length = decide(evaluation, bound("<=", "9", metric=LENGTH))
    assert length["verdict"] == "inconclusive"


def test_nothing_measured_is_never_a_pass(tmp_path: Path) -> None:
    evaluation = one_template(tmp_path, {"m": [None] * 5, "base": pattern(3, 5)})
    for requirement in (
        bound(">=", "0"),
        bound("<=", "1", "0.95"),
        no_worse("1"),
        spread("1"),
        bound(">=", "0", model="nobody"),
        bound(">=", "0", each="nothing"),
    ):
        found = decide(evaluation, requirement)
        assert found["verdict"] == "inconclusive", requirement.text


FLIPS = [(0, 0), (10, 10), (2, 30), (0, 5), (10, 16)]


@pytest.fixture(scope="module")
def flipped(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """200 items; for each pair of counts a candidate ``m`` and a baseline ``base`` with so many gains and losses."""
    cells = {}
    for gained, lost in FLIPS:
        cells[f"base {gained} {lost}"] = [0] * gained + [1] * (200 - gained)
        cells[f"m {gained} {lost}"] = [1] * (200 - lost) + [0] * lost
    return one_template(tmp_path_factory.mktemp("flips"), cells)


@pytest.mark.parametrize(
    ("gained", "lost", "margin", "verdict"),
    [
        (0, 0, "0.02", "pass"),
        (10, 10, "0.05", "pass"),
        (10, 10, "0.02", "inconclusive"),
        (2, 30, "0.02", "fail"),
        (0, 5, "0.06", "pass"),
        (0, 5, "0.05", "inconclusive"),
        (10, 16, "0.02", "inconclusive"),
    ],
)
def test_no_worse_than(flipped: Evaluation, gained: int, lost: int, margin: str, verdict: str) -> None:
    flips = f"{gained} {lost}"
    result = flipped.gate(no_worse(margin, model=f"m {flips}", baseline=f"base {flips}"))
    found = result.summary["requirements"][0]
    assert found["verdict"] == verdict, found["reason"]
    assert found["estimate"] == pytest.approx((gained - lost) / 200)
    row = flipped.query(
        "SELECT gained, lost, threshold, test, minimum_detectable FROM gates "
        f"WHERE text LIKE '%m {flips})%' AND threshold = -{margin}"
    )[0]
    assert row[:4] == (gained, lost, -float(margin), "McNemar mid-p, Tango interval")
    assert 0 < row[4] < 0.2


def test_a_missing_pair_makes_a_comparison_inconclusive(tmp_path: Path) -> None:
    evaluation = one_template(tmp_path, {"m": [*pattern(100, 100)[:-1], None], "base": pattern(50, 100)})
    found = decide(evaluation, no_worse("0.05"))
    assert found["verdict"] == "inconclusive"
    assert "1 pair is missing" in found["reason"]


def test_items_count_once_under_several_templates(tmp_path: Path) -> None:
    """Ten templates that always agree say no more than one: the bound stays that of 60 items."""
    answers = pattern(54, 60)
    many = Evaluation(tmp_path / "many", [{"text": "t"} for _ in answers])
    for number in range(10):
        many.right_or_wrong("m", f"t{number}", answers)
    many.measure()
    single = one_template(tmp_path / "single", {"m": answers})
    bounds = []
    for evaluation in (many, single):
        evaluation.gate(bound(">=", "0.8", "0.95"))
        bounds.append(evaluation.query("SELECT bound, n FROM gates")[0])
    assert bounds[0] == (pytest.approx(bounds[1][0], abs=0.01), 60)
    assert bounds[0][0] <= bounds[1][0] + 1e-9


def test_no_worse_over_templates_and_for_plain_numbers(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, [{"text": "t"} for _ in range(100)], metrics=(*Evaluation.metrics, LENGTH))
    for template in ("plain", "chatty"):
        evaluation.right_or_wrong("m", template, pattern(60, 100))
        evaluation.right_or_wrong("base", template, pattern(90, 100))
    evaluation.measure()
    for metric, margin in ((Evaluation.metrics[0], "0.1"), (LENGTH, "0.1")):
        assert decide(evaluation, no_worse(margin, metric=metric))["verdict"] == "fail"
        assert decide(evaluation, no_worse(margin, model="base", baseline="m", metric=metric))["verdict"] == "pass"


def test_each_slice_has_to_hold_and_small_ones_are_pooled(tmp_path: Path) -> None:
    kinds = ["a"] * 60 + ["b"] * 60 + ["c"] * 20 + ["d"] * 20
    answers = pattern(57, 60) + pattern(33, 60) + pattern(20, 20) + pattern(20, 20)
    evaluation = one_template(tmp_path, {"m": answers}, kinds)
    found = decide(evaluation, bound(">=", "0.8", "0.95", each="kind"))
    assert found["verdict"] == "fail"
    assert "not passed: `b`" in found["reason"]
    parts = evaluation.query("SELECT part, slice, slice_value, verdict, n FROM gates ORDER BY part")
    assert parts == [
        (0, None, None, "fail", 60),
        (1, "kind", "a", "pass", 60),
        (2, "kind", "b", "fail", 60),
        (3, "kind", "(small: c, d)", "pass", 40),
    ]


def test_a_pool_that_is_still_small_cannot_fail_alone(tmp_path: Path) -> None:
    evaluation = one_template(tmp_path, {"m": pattern(60, 60) + pattern(2, 10)}, ["a"] * 60 + ["b"] * 10)
    found = decide(evaluation, bound(">=", "0.8", each="kind"))
    assert found["verdict"] == "inconclusive"
    assert "cannot fail the gate" in found["reason"]
    assert evaluation.query("SELECT verdict FROM gates WHERE part = 2") == [("fail",)]


@pytest.mark.parametrize(("right", "verdict"), [(40, "inconclusive"), (10, "fail")])
def test_slices_that_are_all_too_small_do_not_pass_each(tmp_path: Path, right: int, verdict: str) -> None:
    """Together they have enough items; that the pool holds shows of none that it does, that it fails of one."""
    evaluation = one_template(tmp_path, {"m": pattern(right, 40)}, ["a", "b"] * 20)
    found = decide(evaluation, bound(">=", "0.8", each="kind"))
    assert found["verdict"] == verdict
    assert found["reason"].startswith("No slice by kind was looked at alone: each has fewer than 30 items")
    assert evaluation.query("SELECT verdict, n FROM gates WHERE part = 1") == [("pass" if right == 40 else "fail", 40)]


def test_holm_takes_back_a_failure_that_chance_explains(tmp_path: Path) -> None:
    kinds = [kind for kind in "abcdefghij" for _ in range(40)]
    base = pattern(36, 40) * 10
    tuned = [*pattern(32, 40), *base[40:]]  # one slice lost 4 of 40: p = 0.03 alone, 0.3 over ten
    evaluation = one_template(tmp_path, {"m": tuned, "base": base}, kinds)
    plain = evaluation.gate(no_worse("0.02", each="kind"))
    assert plain.summary["verdict"] == "fail"
    corrected = evaluation.gate(no_worse("0.02", each="kind", correct="holm"))
    assert corrected.summary["verdict"] == "inconclusive"
    assert evaluation.query("SELECT count(*) FROM gates WHERE reason LIKE '%Holm%' AND part = 1") == [(1,)]


def test_holm_keeps_a_failure_that_it_does_not_explain(tmp_path: Path) -> None:
    kinds = [kind for kind in "abcde" for _ in range(40)]
    base = pattern(36, 40) * 5
    evaluation = one_template(tmp_path, {"m": [*pattern(10, 40), *base[40:]], "base": base}, kinds)
    assert evaluation.gate(no_worse("0.02", each="kind", correct="holm")).summary["verdict"] == "fail"


def two_templates(tmp_path: Path, plain: int, chatty: int, n: int = 100) -> Evaluation:
    evaluation = Evaluation(tmp_path, [{"text": "t"} for _ in range(n)])
    evaluation.right_or_wrong("m", "plain", pattern(plain, n))
    evaluation.right_or_wrong("m", "chatty", pattern(chatty, n))
    evaluation.measure()
    return evaluation


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return two_templates(tmp_path_factory.mktemp("spread"), plain=95, chatty=70)


@pytest.mark.parametrize(
    ("limit", "level", "verdict"),
    [("0.3", None, "pass"), ("0.2", None, "fail"), ("0.35", "0.95", "pass"), ("0.3", "0.95", "inconclusive")],
)
def test_spread(uneven: Evaluation, limit: str, level: str | None, verdict: str) -> None:
    found = decide(uneven, spread(limit, level))
    assert found["verdict"] == verdict, found["reason"]
    assert found["estimate"] == pytest.approx(0.25)
    assert found["low"] < 0.25 < found["high"]


def test_the_interval_of_equal_templates_reaches_zero(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, [{"text": "t"} for _ in range(100)])
    evaluation.right_or_wrong("m", "plain", [1] * 80 + [0] * 20)
    evaluation.right_or_wrong("m", "chatty", [0] * 10 + [1] * 78 + [0] * 12)
    evaluation.measure()
    found = decide(evaluation, spread("0.3", "0.95"))
    assert found["low"] == 0 < found["estimate"] < found["high"]


@pytest.mark.parametrize("lengths", [(10, 13), (10, 13, 10)])
def test_templates_that_differ_by_the_same_for_every_item_allow_no_bound(lengths: tuple[int, ...]) -> None:
    answers = np.arange(6.0)[:, None] + np.array(lengths)
    names = ("a", "b", "c")[: len(lengths)]
    for rows in (answers, answers[:2] ** 2):
        found = decide_spread(spread("50", "0.95", metric=LENGTH), rows, names)
        assert found.verdict == "inconclusive" and "no bound can be computed" in found.reason
    lonely = decide_spread(spread("5", metric=LENGTH), answers[:1], names)
    assert lonely.verdict == "pass" and "inf" not in lonely.reason


def test_spread_needs_two_templates_and_all_answers(tmp_path: Path) -> None:
    lonely = decide(one_template(tmp_path / "one", {"m": pattern(5, 10)}), spread("0.5"))
    assert lonely["verdict"] == "inconclusive" and "one template only" in lonely["reason"]
    evaluation = Evaluation(tmp_path / "two", [{"text": "t"} for _ in range(3)])
    evaluation.right_or_wrong("m", "plain", [1, 1, 1])
    evaluation.right_or_wrong("m", "chatty", [1, None, 1])
    evaluation.measure()
    assert decide(evaluation, spread("0.5"))["verdict"] == "inconclusive"


def test_the_worst_requirement_is_the_gates_verdict(tmp_path: Path) -> None:
    evaluation = one_template(tmp_path, {"m": pattern(95, 100)})
    passing, open_, failing = bound(">=", "0.5"), bound(">=", "0.94", "0.95"), bound(">=", "0.99")
    assert evaluation.gate(passing).summary["verdict"] == "pass"
    assert evaluation.gate(passing, open_).summary["verdict"] == "inconclusive"
    result = evaluation.gate(open_, failing, passing)
    assert result.summary["verdict"] == "fail"
    assert (result.rows_in, result.rows_out) == (3, 3)


def test_looks_at_a_held_out_set_are_counted(tmp_path: Path) -> None:
    evaluation = one_template(tmp_path, {"m": pattern(95, 100)})
    first = decide(evaluation, bound(">=", "0.5"))
    assert "has decided 1 gate." in first["reason"]
    again = decide(evaluation, bound(">=", "0.5"))  # the same decision, computed again, is no new look
    assert "has decided 1 gate." in again["reason"]
    second = decide(evaluation, bound(">=", "0.6"))
    assert "has decided 2 gates" in second["reason"]
    assert evaluation.query("SELECT count(*), count(DISTINCT held_out) FROM looks") == [(2, 1)]


def test_a_gate_on_most_of_the_items_counts_and_one_on_half_of_them_does_not(tmp_path: Path) -> None:
    evaluation = one_template(tmp_path, {"m": pattern(8, 10)})
    own = evaluation.measure_step().hash
    earlier = {"all and more": range(-5, 10), "most": range(4, 10), "half": range(5, 10), "none": range(10, 20)}
    with evaluation.store.writing() as con:
        for name, items in earlier.items():
            con.execute("INSERT INTO lineage VALUES (?, 'e', ?)", [f"gate {name}", f"measure {name}"])
            con.execute("INSERT INTO looks VALUES (?, ?, 'r', now())", [f"set {name}", f"gate {name}"])
            rows = [(f"measure {name}", "m", "plain", row_id(item), "x") for item in items]
            insert_rows(con, "item_metrics", ("step_hash", "model", "template", "row_id", "metric"), rows)
    first = decide(evaluation, bound(">=", "0.5"))["reason"]
    assert "has decided 1 gate; 2 more gates were decided on other sets with most of its items." in first
    with evaluation.store.writing() as con:  # its own gates are told by the set, whatever else they have looked at
        con.execute("INSERT INTO lineage SELECT gate_hash, 'e', ? FROM looks WHERE held_out NOT LIKE 'set %'", [own])
    second = decide(evaluation, bound(">=", "0.6"))["reason"]
    assert "has decided 2 gates so far; 2 more gates were" in second


def test_deciding_again_gives_the_same_rows(tmp_path: Path) -> None:
    evaluation = two_templates(tmp_path, 90, 60)
    evaluation.right_or_wrong("base", "plain", pattern(80, 100))
    evaluation.right_or_wrong("base", "chatty", pattern(70, 100))
    evaluation.measure()
    requirements = (bound(">=", "0.7", "0.95"), no_worse("0.1"), spread("0.3", "0.95"))
    evaluation.gate(*requirements)
    before = evaluation.query("SELECT * FROM gates ORDER BY ALL")
    evaluation.gate(*requirements)
    assert evaluation.query("SELECT * FROM gates ORDER BY ALL") == before


def test_slice_values_in_reasons_are_harmless(tmp_path: Path) -> None:
    evaluation = one_template(tmp_path, {"m": pattern(40, 40)}, ["\x1b[2J\u202eevil"] * 40)
    found = decide(evaluation, bound(">=", "0.5", each="kind"))
    assert "\x1b" not in found["reason"] and "\u202e" not in found["reason"]
