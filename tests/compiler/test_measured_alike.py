"""What an eval is written down to have done, and which of two that differ are told apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from compiler.answer_params import Greedy, LikelihoodParams
from compiler.judge_params import JudgedAnswers, JudgeParams, JudgeSpec, ModelJudge
from compiler.measure_params import Cell, MeasureParams, Reading
from compiler.measured_alike import How, differences, how_measured, judge_of_answers, same_templates
from compiler.plan import Place, Step, StepKind
from compiler.step_params import StepParams
from sft.project import compile

SPEC = """edition 2026
source rows { path = "rows.jsonl"   licence = "CC0-1.0"   origin = human }
task questions { from = rows }
model other { recorded = rows   item = question   answer = reply   scores { good = one } }
eval exam {
  models   = [other]
  data     = questions
  expected = answer
  metric exact = exact_match()
  metric good  = recorded("good")
}
"""


def how(folder: Path, spec: str) -> How:
    row = {"question": "q", "reply": "a", "answer": "a", "old": "b", "one": 0.5, "two": 0.25}
    (folder / "rows.jsonl").write_text(json.dumps(row) + "\n")
    (folder / "t.sft").write_text(spec)
    plan, found = compile(folder / "t.sft")
    assert plan is not None, [item.message for item in found]
    return how_measured(next(step for step in plan.steps if step.kind is StepKind.MEASURE), plan.step)


def told(then: How, now: How, metric: str) -> list[str]:
    return list(differences(then, now, metric, "other", "other", "`main`"))


def test_recorded_answers_compared_with_another_column_are_not_alike(tmp_path: Path) -> None:
    then = how(tmp_path, SPEC)
    now = how(tmp_path, SPEC.replace("expected = answer", "expected = old"))
    assert told(then, now, "exact") == [
        "`main` was decoded otherwise under template `recorded` (expected answer then, old now)"
    ]
    assert told(then, then, "exact") == []


def test_a_score_that_is_read_of_another_column_is_not_alike_and_leaves_other_metrics_alone(tmp_path: Path) -> None:
    then, now = how(tmp_path, SPEC), how(tmp_path, SPEC.replace("good = one", "good = two"))
    assert "scores.good one then, two now" in told(then, now, "good")[0]
    assert told(then, now, "exact") == []


TEMPLATES: dict[str, dict[str, str]] = {
    "plain": {"text": "t1", "examples": "e", "version": "4"},
    "chatty": {"text": "t2", "examples": "e", "version": "4"},
}


def under(asked: Mapping[str, int], **templates: Mapping[str, str]) -> How:
    """An eval under these templates, each with a number of tokens."""
    told = {name: {"max_new_tokens": tokens, "scores": {}} for name, tokens in asked.items()}
    return {"metrics": {"exact": {}}, "templates": templates, "models": {"other": told}}


def test_a_template_is_what_it_shows_whatever_it_is_called() -> None:
    then = under({"plain": 8, "chatty": 9}, **TEMPLATES)
    renamed = under({"short": 8, "chatty": 9}, short=TEMPLATES["plain"], chatty=TEMPLATES["chatty"])
    swapped = under({"plain": 9, "chatty": 8}, plain=TEMPLATES["chatty"], chatty=TEMPLATES["plain"])
    for now, names in (
        (renamed, {"short": "plain", "chatty": "chatty"}),
        (swapped, {"plain": "chatty", "chatty": "plain"}),
    ):
        assert same_templates(then, "other", now, "other") == names
        assert told(then, now, "exact") == []
    otherwise = under({"short": 7, "chatty": 9}, short=TEMPLATES["plain"], chatty=TEMPLATES["chatty"])
    assert told(then, otherwise, "exact") == [
        "`main` was decoded otherwise under template `short` (max_new_tokens 8 then, 7 now)"
    ]


def test_a_template_of_another_text_is_another_one_also_under_the_old_name() -> None:
    then = under({"plain": 8}, plain=TEMPLATES["plain"])
    both = under({"plain": 8, "old": 8}, plain=TEMPLATES["chatty"], old=TEMPLATES["plain"])
    assert same_templates(then, "other", both, "other") == {"old": "plain"}
    assert told(then, both, "exact") == ["`main` was not asked under template `plain`"]
    edited = under({"plain": 8}, plain=TEMPLATES["chatty"])
    assert told(then, edited, "exact") == ["template `plain` does not show what it showed in `main`"]
    examples = under({"new": 8}, new=TEMPLATES["plain"] | {"examples": "f"})
    assert told(then, examples, "exact") == [
        "the rows that template `new` draws its examples from are not those of `main`"
    ]


def test_the_scores_of_another_model_may_stand_in_other_columns(tmp_path: Path) -> None:
    then = how(tmp_path, SPEC)
    now = how(tmp_path, SPEC.replace("other", "newer").replace("good = one", "good = two"))
    assert list(differences(then, now, "good", "newer", "other", "`main`")) == []


JUDGED = """edition 2026
source rows { path = "rows.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{question}"   assistant = "{answer}" }
task questions { from = rows   templates = [plain] }
model other { recorded = rows   item = question   answer = reply }
judge good { labels = [bad, fine]   using = recorded(answer) }
eval exam { models = [other]   data = questions   metric fine = rate(good == fine)   metric long = characters() }
"""


def test_labels_recorded_in_another_column_are_those_of_another_judge(tmp_path: Path) -> None:
    then, now = how(tmp_path, JUDGED), how(tmp_path, JUDGED.replace("recorded(answer)", "recorded(old)"))
    assert "judged_by" in told(then, now, "fine")[0]
    assert told(then, now, "long") == [] and told(then, then, "fine") == []


def test_a_judge_that_was_trained_otherwise_is_another() -> None:
    using = ModelJudge(decode=Greedy(max_new_tokens=8))
    judge = JudgeParams(judge=JudgeSpec(labels=("a", "b"), ordered=False, using=using), items=JudgedAnswers())
    step = _step(StepKind.JUDGE, judge, {"model": "train:j"}, {})
    trained = {hash: step.model_copy(update={"hash": hash}) for hash in ("one", "two")}
    found = [judge_of_answers(step, lambda _, own=own: own) for own in trained.values()]  # type: ignore[misc]
    assert found[0] != found[1] and found[0] | {"trained": ""} == found[1] | {"trained": ""}


def test_a_divergence_from_other_weights_is_not_alike() -> None:
    one, two = read_beside({"weights": "w", "reference_weights": "a"}), read_beside({"reference_weights": "b"})
    assert "likelihood 1.reference" in told(one, two, "kl")[0]
    assert told(one, read_beside({"weights": "v", "reference_weights": "a"}), "kl") == []


def read_beside(content: Mapping[str, str]) -> How:
    """An eval of one model that is read beside a reference, with this content of the step that reads."""
    read = LikelihoodParams(of="output", precision="fp32")
    cell = Cell(input="read", model="other", template="t", readings=(Reading(input="read", reference="base"),))
    measured = MeasureParams(cells=(cell,), metrics=(), slices=())
    steps = {
        "read": _step(StepKind.LIKELIHOOD, read, {}, content),
        "exam": _step(StepKind.MEASURE, measured, {"read": "read"}, {}),
    }
    return how_measured(steps["exam"], steps.__getitem__)


def _step(kind: StepKind, params: StepParams, inputs: dict[str, str], content: Mapping[str, str]) -> Step:
    place = Place(path="t.sft", line=1, column=1, end_line=1, end_column=2)
    told = {"kind": kind, "name": "s", "params": params, "inputs": inputs, "content": dict(content), "local": {}}
    return Step.model_validate({**told, "place": place, "version": 1, "hash": "h"})
