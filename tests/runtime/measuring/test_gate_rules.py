"""Rules beside floors and margins: no significant regression, equivalence, tags, groups, strict gates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.weightstats import ttost_paired

from compiler.step_params import GroupRequirement, Sql
from runtime.comparison.pair import Side, side_aggregate
from runtime.gating.bound import decide_bound
from runtime.gating.compared import Against, Floats, decide_compared
from runtime.gating.comparison import compare
from runtime.gating.decision import Decision, Verdict
from runtime.gating.equivalent import judge, judge_equivalent, tost_p
from runtime.gating.evidence import Evidence
from runtime.gating.groups import combined
from runtime.gating.never import _failed, decide_never
from runtime.gating.no_regression import judge_no_regression
from runtime.gating.no_worse import judge_no_worse
from runtime.gating.spread import decide_spread
from tests.runtime.measuring.evaluation import (
    EXACT,
    LENGTH,
    Evaluation,
    bound,
    equivalent,
    never,
    no_regression,
    no_worse,
    row_id,
    spread,
)
from tests.runtime.measuring.test_gate import one_template, pattern


def answers(*counts: tuple[float, int]) -> Floats:
    """A column of answers: so many of each value."""
    return np.repeat([value for value, _ in counts], [count for _, count in counts])[:, None]


def flips(gained: int, lost: int, n: int = 200) -> tuple[Floats, Floats]:
    """A candidate and a baseline on n items with so many gains and losses."""
    return answers((1, n - lost), (0, lost)), answers((0, gained), (1, n - gained))


def decided(requirement: Any, candidate: Floats, baseline: Floats, *differs: str) -> Decision:
    judges: dict[str, Any] = {
        "no_worse_than": judge_no_worse,
        "no_significant_regression": judge_no_regression,
        "equivalent": judge_equivalent,
    }
    return decide_compared(
        requirement, judges[requirement.rule], candidate, baseline, 7, Against("`base`", tuple(differs))
    )


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (10, 10), (2, 30), (30, 2), (5, 14), (5, 11), (1, 2)])
def test_no_significant_regression_is_the_mid_p_test(gained: int, lost: int) -> None:
    found = decided(no_regression(), *flips(gained, lost))
    changed = gained + lost
    p = binom.sf(lost, changed, 0.5) + binom.pmf(lost, changed, 0.5) / 2 if changed else 1.0
    assert found.verdict == ("fail" if p <= 0.05 else "pass"), found.reason
    assert found.p_value == pytest.approx(p)
    if found.verdict == "pass":
        assert "would have been found with a power of 80%" in found.reason


@pytest.mark.parametrize(("level", "verdict"), [("0.999", "fail"), ("0.99999", "inconclusive")])
def test_a_drawn_test_cannot_find_what_its_draws_cannot_show(level: str, verdict: str) -> None:
    worse = np.arange(200.0)[:, None]
    found = decided(no_regression(level=level, metric=LENGTH), worse, worse * 1.01 + 5)
    assert found.verdict == verdict, found.reason
    assert ("cannot fail" in found.reason) == (verdict == "inconclusive")


def test_a_failure_with_missing_answers_is_as_significant_as_with_all_of_them_good() -> None:
    """29 right and 21 wrong of 100: not proven where the other 50 may be right, however bad the 50 look alone."""
    some, best = np.full((100, 1), np.nan), answers((1, 79), (0, 21))
    some[:50] = answers((1, 29), (0, 21))
    one, other = (decide_bound(bound(">=", "0.8", "0.95"), column) for column in (some, best))
    assert one.verdict == other.verdict == "fail"
    assert one.worse_p == pytest.approx(other.worse_p) and one.worse_p > 0.4


def test_what_would_pass_knows_of_repeats() -> None:
    random = np.random.default_rng(0)
    shares = random.binomial(10, np.clip(random.beta(8, 1.2, 100), 0, 1)) / 10
    told = [decide_bound(bound(">=", "0.8", "0.95"), shares[:, None], samples).reason for samples in (1, 10)]
    assert told[0].rpartition("With as many items")[2] != told[1].rpartition("With as many items")[2]


@pytest.mark.parametrize(("n", "verdict"), [(3, "inconclusive"), (4, "fail")])
def test_a_regression_test_that_cannot_fail_decides_nothing(n: int, verdict: str) -> None:
    found = decided(no_regression(), answers((0, n)), answers((1, n)))
    assert found.verdict == verdict
    assert ("cannot fail" in found.reason) == (n == 3)


@pytest.mark.parametrize(
    ("gained", "lost", "margin", "verdict"),
    [
        (10, 10, "0.05", "pass"),
        (10, 10, "0.02", "inconclusive"),
        (2, 30, "0.05", "fail"),
        (30, 2, "0.05", "fail"),
        (30, 2, "0.25", "pass"),
        (0, 0, "0.02", "pass"),
        (5, 14, "0.05", "inconclusive"),
    ],
)
def test_equivalent(gained: int, lost: int, margin: str, verdict: str) -> None:
    candidate, baseline = flips(gained, lost)
    found = decided(equivalent(margin), candidate, baseline)
    assert found.verdict == verdict, found.reason
    mirrored = decided(equivalent(margin), baseline, candidate)
    assert mirrored.verdict == verdict and mirrored.estimate == -found.estimate  # type: ignore[operator]
    assert found.low is not None and found.high is not None
    assert (mirrored.low, mirrored.high) == (-found.high, -found.low)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(3, 60), st.floats(0.1, 2))
def test_tost_of_plain_numbers_is_statsmodels(seed: int, n: int, margin: float) -> None:
    random = np.random.default_rng(seed)
    baseline = random.normal(0, 1, n)
    candidate = baseline + random.normal(0.1, 0.5, n)
    found = compare(candidate[:, None], baseline[:, None], "plain", 0.95, 1)
    expected = ttost_paired(candidate, baseline, -margin, margin)[0]
    assert tost_p(found, margin) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert (judge(found, margin) is Verdict.PASS) == (expected < 0.05)


@settings(max_examples=60)
@given(*[st.integers(0, 60)] * 3, st.sampled_from([0.02, 0.05, 0.1, 0.3]), st.sampled_from([0.9, 0.95]))
def test_p_values_and_bounds_of_flips_agree(gained: int, lost: int, same: int, margin: float, level: float) -> None:
    counts = [gained, lost, same + 1]
    candidate, baseline = np.repeat([1.0, 0.0, 1.0], counts), np.repeat([0.0, 1.0, 1.0], counts)
    found = compare(candidate[:, None], baseline[:, None], "share", level, 1)
    assert (found.gated.low > -margin) == (found.p_above(-margin) < 1 - level)
    assert (found.gated.high < margin) == (found.p_below(margin) < 1 - level)
    assert (judge(found, margin) is Verdict.PASS) == (tost_p(found, margin) < 1 - level)


def test_where_less_is_better_a_rise_is_the_regression() -> None:
    """Verdicts change places, and changes keep their sign."""
    low, high = answers((1, 50), (0, 150)), answers((1, 90), (0, 110))  # 20 points apart
    lower = {"better": "lower"}
    for requirement in (no_worse("0.05", **lower), no_regression(**lower), equivalent("0.05", **lower)):
        found = decided(requirement, high, low)
        assert found.verdict == "fail" and found.estimate == pytest.approx(0.2)
        assert found.low is not None and found.high is not None
        assert 0.1 < found.low < 0.2 < found.high
    worse = decided(no_worse("0.05", **lower), high, low)
    assert "The rise is larger than the 5 pt allowed and real: the one-sided lower bound is +" in worse.reason
    better = decided(no_worse("0.05", **lower), low, high)
    assert better.verdict == "pass" and better.estimate == pytest.approx(-0.2)
    assert "upper bound is -" in better.reason and "below the +5 pt that the margin allows" in better.reason
    assert better.threshold == 0.05 and better.bound is not None and better.bound < -0.1


def test_missing_pairs_decide_nothing_whatever_the_rule() -> None:
    candidate, baseline = answers((1, 20), (0, 79), (np.nan, 1)), answers((1, 99), (0, 1))
    for requirement in (no_worse("0.05"), no_regression(), equivalent("0.05"), no_regression(metric=LENGTH)):
        found = decided(requirement, candidate, baseline)
        assert found.verdict == "inconclusive"
        assert "1 pair is missing" in found.reason
        assert decided(requirement, candidate[:0], baseline[:0]).verdict == "inconclusive"


def test_what_was_measured_otherwise_decides_nothing_and_is_named() -> None:
    for requirement in (no_worse("0.05"), no_regression(), equivalent("0.05")):
        found = decided(requirement, *flips(2, 30), "the baseline was decoded otherwise")
        assert (found.verdict, found.worse_p) == ("inconclusive", 1)
        assert "The baseline was decoded otherwise, so the two sides were not measured alike" in found.reason


def test_a_model_against_itself_is_no_evidence_of_anything() -> None:
    same = flips(0, 40)[0]
    for requirement, verdict in (
        (no_worse("0.02"), "pass"),
        (no_regression(), "pass"),
        (equivalent("0.02"), "pass"),
        (equivalent("0.01"), "inconclusive"),
    ):
        found = decided(requirement, same, same)
        assert (found.verdict, found.p_value, found.estimate) == (verdict, 1, 0)


@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(1, 3), st.integers(0, 2**32), st.booleans())
def test_an_evaluation_that_lost_an_answer_never_passes(items: int, templates: int, seed: int, plain: bool) -> None:
    """Whatever is required of it, however little: the lowest floor, the widest margin."""
    random = np.random.default_rng(seed)
    candidate = (random.random((items, templates)) < 0.9).astype(float)
    baseline = candidate.copy()
    (baseline if random.random() < 0.3 else candidate)[random.integers(items), random.integers(templates)] = np.nan
    metric = LENGTH if plain else EXACT
    found = [
        decided(rule, candidate, baseline)
        for rule in (no_worse("1", metric=metric), no_regression(metric=metric), equivalent("1", metric=metric))
    ]
    if np.isnan(candidate).any():
        found += [decide_bound(bound(">=", "0", level, metric=metric), candidate) for level in (None, "0.6")]
        found += [decide_bound(bound("<=", "1", level, metric=metric), candidate) for level in (None, "0.6")]
        names = tuple(str(number) for number in range(templates))
        found.append(decide_spread(spread("1", "0.6", metric=metric), candidate, names))
    assert [item.reason for item in found if item.verdict == "pass"] == []


def test_every_rule_says_what_would_pass() -> None:
    scores = flips(2, 30)[0]
    for found in (
        decide_bound(bound(">=", "0.9", "0.95"), scores),
        decide_bound(bound("<=", "3.5", "0.95", metric=LENGTH), scores + np.arange(200)[:, None] / 100),
        decided(no_worse("0.02"), *flips(5, 11)),
        decided(no_worse("0.02"), *flips(2, 30)),
        decided(equivalent("0.05"), *flips(10, 10)),
        decide_spread(spread("0.2", "0.95"), np.hstack(flips(5, 11)), ("a", "b")),
    ):
        assert " passes" in found.reason


def test_what_would_pass_does() -> None:
    """The score that a floor names lies between the last that does not clear it and the first that does."""
    for right, verdict in ((89, "inconclusive"), (90, "pass")):
        found = decide_bound(bound(">=", "0.83", "0.95"), answers((1, right), (0, 100 - right)))
        assert found.verdict == verdict, found.reason
        assert "With as many items, 89.5% or more passes" in found.reason


# --- tags -------------------------------------------------------------------------------------------


TAGS: list[Any] = [["critical", "x"], [], ["x"], [" critical "], None, ["critical"]]
PATTERNS: dict[str, tuple[list[int | None], str, str]] = {
    "fine": ([1, 0, 0, 1, 0, 1], "pass", "none of them fails"),
    "one": ([1, 1, 1, 0, 1, 1], "fail", f"1 of them fails `exact` of `one`: `{row_id(3)[:12]}`"),
    "two": ([0, 1, 1, 0, 1, None], "fail", "2 of them fail"),
    "lost": ([1, 1, 1, 1, 1, None], "inconclusive", f"1 item lacks an answer or a measurement: `{row_id(5)[:12]}`"),
    "lost elsewhere": ([1, None, 1, 1, 1, 1], "pass", "none of them fails"),
}


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """Six items, half of them critical, and a model for each pattern of answers; `both` is right under one template."""
    data = [{"text": f"t{i}", "kind": "a" if i else "a, b", "tags": tags} for i, tags in enumerate(TAGS)]
    evaluation = Evaluation(tmp_path_factory.mktemp("tags"), data, tags=Sql(sql='"tags"', type="list"))
    for model, (answers, _, _) in PATTERNS.items():
        evaluation.right_or_wrong(model, "plain", answers)
        evaluation.right_or_wrong(model, "chatty", answers)
    evaluation.right_or_wrong("both", "plain", [1] * 6)
    evaluation.right_or_wrong("both", "chatty", [1, 1, 1, 1, 1, 0])
    evaluation.measure()
    with evaluation.store.reading():
        yield Evidence.of(evaluation.store, evaluation.measure_step())


@pytest.mark.parametrize("model", PATTERNS)
def test_never(tagged: Evidence, model: str) -> None:
    found = decide_never(never("critical", model), tagged)
    _, verdict, words = PATTERNS[model]
    assert found.verdict == verdict, found.reason
    assert words.lower() in found.reason.lower()
    assert found.n == 3


def test_never_looks_at_every_template_and_every_model(tagged: Evidence) -> None:
    assert decide_never(never("critical", "both"), tagged).verdict == "fail"
    assert decide_never(never("x", "both"), tagged).verdict == "pass"
    assert decide_never(never("critical", "fine", "one"), tagged).verdict == "fail"
    assert decide_never(never("critical", "fine", fails="high"), tagged).verdict == "fail"
    assert decide_never(never("critical", "nobody"), tagged).verdict == "inconclusive"


def test_an_item_of_which_one_sample_failed_is_a_failure() -> None:
    for fails, answers_, failed in (
        ("low", [1, 0.75, 0], [False, True, True]),
        ("high", [1, 0.25, 0], [True, True, False]),
    ):
        (checked,) = never("x", fails=fails).checked
        assert _failed(np.array(answers_, dtype=float)[:, None], checked).tolist() == failed


def test_a_tag_that_no_item_carries_is_never_a_pass(tagged: Evidence) -> None:
    found = decide_never(never("\x1b[2Jcritcal", "fine"), tagged)
    assert found.verdict == "inconclusive"
    assert "nothing was checked; tags that occur: `critical` and `x`" in found.reason
    assert "\x1b" not in found.reason
    other = replace(tagged, step_hash="of another eval")
    assert "no item carries any tag" in decide_never(never("critical", "fine"), other).reason.lower()


def test_a_column_of_text_is_one_tag(tmp_path: Path) -> None:
    evaluation = Evaluation(
        tmp_path, [{"kind": kind} for kind in ("a", "a, b", "", "a")], tags=Sql(sql='"kind"', type="text")
    )
    evaluation.right_or_wrong("m", "plain", [1, 0, 0, 1])
    evaluation.measure()
    assert evaluation.query("SELECT tag, count(*) FROM item_tags GROUP BY tag ORDER BY tag") == [("a", 2), ("a, b", 1)]


# --- groups and strict gates --------------------------------------------------------------------------

P, F, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("verdicts", "any_of", "all_of"),
    [
        ([P], P, P),
        ([F], F, F),
        ([OPEN], OPEN, OPEN),
        ([P, F], P, F),
        ([P, OPEN], P, OPEN),
        ([F, OPEN], OPEN, F),
        ([F, F], F, F),
        ([P, F, OPEN], P, F),
        ([], OPEN, OPEN),
    ],
)
def test_groups_decide_what_holds_however_the_open_ones_turn_out(
    verdicts: list[Verdict], any_of: Verdict, all_of: Verdict
) -> None:
    assert (combined("any", verdicts), combined("all", verdicts)) == (any_of, all_of)
    assert (combined("any", verdicts[::-1]), combined("all", verdicts[::-1])) == (any_of, all_of)


def test_a_member_that_fails_does_not_fail_the_gate(tmp_path: Path) -> None:
    evaluation = one_template(tmp_path, {"m": pattern(95, 100)})
    passing, open_, failing = bound(">=", "0.5"), bound(">=", "0.94", "0.95"), bound(">=", "0.99")
    either = GroupRequirement(rule="any", text="any of: …", members=(1, 2))
    both = GroupRequirement(rule="all", text="all of: …", members=(3, 4))
    result = evaluation.gate(either, failing, both, passing, passing)
    assert result.summary["verdict"] == "pass"
    assert [item["verdict"] for item in result.summary["requirements"]] == ["pass", "fail", "pass", "pass", "pass"]
    assert "`all of: …` holds" in result.summary["requirements"][0]["reason"]
    members = "SELECT requirement, member FROM gate_members ORDER BY ALL"
    assert evaluation.query(members) == [(0, 1), (0, 2), (2, 3), (2, 4)]
    assert evaluation.gate(either, failing, passing, failing).summary["verdict"] == "fail"
    strict = evaluation.gate(either, failing, open_, strict=True).summary
    assert strict["verdict"] == "fail"
    assert [item["verdict"] for item in strict["requirements"]] == ["inconclusive", "fail", "inconclusive"]


def test_each_side_of_a_diff_knows_of_repeats() -> None:
    values = np.array([[0.1 * i] for i in range(11)])
    side = Side("m", tuple(map(str, range(11))), ("t",), values, frozenset())
    assert side_aggregate(side, "share").method == "wilson"
    assert side_aggregate(replace(side, samples=10), "share").method == "korn-graubard"
