"""The text of `sft explain STEP`: SQL, parameters and what the hash covers; safe for a terminal."""

from __future__ import annotations

import pytest

from compiler.explain import explain_step
from compiler.plan import Step
from tests.compiler.quickstart import QUICKSTART, changed
from tests.compiler.test_hashes import plan_of


def test_a_filter_shows_its_sql_with_parameters() -> None:
    plan = plan_of(QUICKSTART)
    text = explain_step(plan, plan.step("filter:triage.clean"))
    assert (
        'rule 2, `drop instruction matches r"(?i)lorem ipsum"`: drop where\n    regexp_matches("instruction", ?)'
        in text
    )
    assert '    with ["(?i)lorem ipsum"]' in text
    line = QUICKSTART[: QUICKSTART.index("filter clean")].count("\n") + 1
    assert f"declared at triage.sft:{line}" in text


def test_the_best_rows_and_scores_show_what_they_rank_and_measure() -> None:
    scored = "score quality {\n  length = characters(output)\n  keep top 10% by length per lower(label)\n}\n\ntask "
    text = changed("task ", scored).replace("filters   = [clean]", "filters = [clean]   scores = [quality]")
    plan = plan_of(text.replace("label)", "output)"))
    assert "score `length`\n    length(" in explain_step(plan, plan.step("score:triage.quality"))
    told = explain_step(plan, plan.step("filter:triage.quality"))
    assert 'largest\n    "length"' in told and 'of each\n    lower("output")' in told


def test_a_dedup_shows_who_stays_and_what_it_is_compared_with() -> None:
    near = "dedup near  on lower(instruction) at 90% against triage.test"
    text = changed("dedup near  on instruction at 90%", near).replace("filters   = [clean]", "")
    text = text.replace("dedup exact on instruction", "dedup exact on instruction by characters(output)")
    text += "task other { from = tickets   filters = [clean]   templates = [plain] }\n"
    text += "train more { model = smol   data = other   overflow = drop }\n"
    plan = plan_of(text)
    told = explain_step(plan, plan.step("filter:other.clean"))
    assert "the greatest stays\n    length(" in told
    assert 'compared with, of split:triage, part `test`\n    lower("instruction")' in told


@pytest.mark.parametrize("step_id", ["render:triage.train", "render:format.plain"])
def test_a_template_shows_its_choices(step_id: str) -> None:
    options = 'user = "{instruction} {options}"   assistant = "{letter}"\n  options { from = split(output, ",")   '
    text = changed('user      = "{instruction}"\n  assistant = "{output}"', options + "answer = output }")
    plan = plan_of(text)
    told = explain_step(plan, plan.step(step_id))
    assert "template `plain`: choices\n" in told and 'template `plain`: answer\n    "output"' in told


@pytest.mark.parametrize("step", plan_of(QUICKSTART), ids=lambda step: step.id)
def test_every_step_shows_its_hash_and_inputs(step: Step) -> None:
    plan = plan_of(QUICKSTART)
    text = explain_step(plan, step)
    assert step.hash in text
    assert all(plan.step(source).hash in text for source in step.inputs.values())


def test_control_characters_of_a_spec_stay_out_of_the_terminal() -> None:
    plan = plan_of(changed("lorem ipsum", "lorem \x1b]52;c;x\x07"))
    assert "\x1b" not in explain_step(plan, plan.step("filter:triage.clean"))
