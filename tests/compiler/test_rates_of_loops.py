"""Rates of a judge as what a loop is watched and chosen by: which way they are better follows from its labels."""

from __future__ import annotations

import pytest

from compiler.compile import check, compile_spec
from compiler.loop_params import RoundParams, SelectParams
from compiler.plan import StepKind
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.test_uncalibrated_judge import loop

HEAD = """edition 2026
judge declines {
  labels    = [complied, partial_refusal, refused]
  using     = rules("refusal")
  calibrate { rows = triage.test   output = instruction   label = output }
}
"""


def spec(condition: str, field: str) -> str:
    return HEAD + loop(field).replace("rate(declines == refused)", f"rate({condition})")


def problems(text: str) -> list[str]:
    _, found = check(SourceFile("main.sft", text), FakeWorld())
    return [f"{item.code}: {item.message}" for item in found if item.severity == "error"]


@pytest.mark.parametrize(
    ("condition", "better"),
    [
        ("declines == refused", "higher"),
        ("declines != complied", "higher"),
        ("declines in [partial_refusal, refused]", "higher"),
        ("declines == complied", "lower"),
        ("declines != refused", "lower"),
    ],
)
def test_the_last_labels_are_the_better_ones(condition: str, better: str) -> None:
    text = spec(condition, "best = progress.refused   proxy = progress.refused   gold = progress.exact")
    assert problems(text) == []
    found = Diagnostics()
    plan = compile_spec(SourceFile("main.sft", text), FakeWorld(), found)
    assert plan is not None
    chosen = [step.params.best for step in plan.steps if isinstance(step.params, SelectParams)]
    watched = [step.params.proxy for step in plan.steps if isinstance(step.params, RoundParams)]
    assert [one.better for one in (*chosen, *watched) if one is not None] == [better] * 4
    shown = next(step.params.shown for step in plan.steps if step.kind is StepKind.ROUND)  # type: ignore[union-attr]
    assert next(one.better for one in shown if one.metric == "refused") == better


@pytest.mark.parametrize("field", ["best", "proxy", "gold"])
def test_labels_from_the_middle_have_no_better_side(field: str) -> None:
    other = {"best": "", "proxy": "   gold = progress.exact", "gold": "   proxy = progress.exact"}[field]
    text = spec("declines == partial_refusal", f"{field} = progress.refused{other}")
    message = f"SFT0664: of `progress.refused` neither more nor less is better, so it cannot be `{field}`"
    assert problems(text) == [message]


def test_a_round_is_compared_with_the_one_before_it() -> None:
    judge = "judge better { pairwise = ties   using = model(smol) }\nlint levels { uncalibrated_judge = allow }\n"
    text = HEAD + judge + loop("proxy = progress.wins   gold = progress.exact")
    text = text.replace("models = [student]", "models = [student, previous]")
    text = text.replace("metric level = judge(declines)", "metric wins = win_rate(better, previous)")
    assert problems(text) == []
    plan = compile_spec(SourceFile("main.sft", text), FakeWorld(), Diagnostics())
    assert plan is not None
    compared = {
        step.id: step.inputs["against"]
        for step in plan.steps
        if step.kind is StepKind.JUDGE and "against" in step.inputs
    }
    assert compared == {
        f"judge:star.{n}.progress.star.{n}.student.plain.better.{before}": f"predict:star.{n}.progress.{before}.plain"
        for n, before in ((1, "smol"), (2, "star.1.student"), (3, "star.2.student"))
    }
