"""What a plan says of requests, against how many a step then makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.respond_params import Backtranslate, Respond
from compiler.step_params import GenerateParams, StepParams
from runtime.generating.requests_ahead import RequestsAhead, requests_ahead
from runtime.plan_facts import nothing_known, plan_facts
from sft.plan_page import requests_told
from tests.runtime.generating.generated_project import GeneratedProject, is_for_tasks
from tests.runtime.generating.scripts_of_answers import SEEDS, novel

BACK = Backtranslate(text="output", column="instruction", max_words=99)
ANSWERS = Respond(samples=4, column="output", conversation=False, verify=(), take="all")


def params(project: GeneratedProject, more: str = "") -> StepParams:
    return project.plan(novel("target = 30   prompts = 3   new_tasks = 4", more)).step("generate:novel").params


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GeneratedProject:
    made = GeneratedProject(tmp_path, monkeypatch)
    made.seeds(SEEDS)
    return made


def test_the_least_is_what_a_model_takes_that_makes_no_mistake(project: GeneratedProject) -> None:
    def right(request):  # type: ignore[no-untyped-def]
        if not is_for_tasks(request):
            return "No" if "Answer:" in str(request.messages) else f"in {request.hash}\nOutput: out"
        words = [request.hash[at : at + 8] for at in (0, 8, 16, 24)]
        return "\n".join(f"{n}. Ask {word} for a{word} and b{word}" for n, word in enumerate(words, 5))

    text = novel("target = 30   prompts = 3   new_tasks = 4")
    plan = project.plan(text)
    facts = plan_facts(plan, (), {}, nothing_known(), lambda step: 4)["generate:novel"]
    project.run(text, right)
    assert facts.requests == RequestsAhead(len(project.asked), None)


def test_a_budget_bounds_it(project: GeneratedProject) -> None:
    asked = params(project, "budget { requests = 20 }")
    assert isinstance(asked, GenerateParams)
    assert requests_ahead(asked, 4) == RequestsAhead(20, 20, by_budget=True)
    wide = asked.model_copy(update={"budget": asked.budget.model_copy(update={"requests": 500})})
    assert requests_ahead(wide, 4) == RequestsAhead(69, 500, by_budget=True)
    hinted = ANSWERS.model_copy(update={"hint_samples": 1})
    for method, ahead in ((BACK, (7, 7)), (ANSWERS, (28, 28)), (hinted, (28, 35))):
        found = requests_ahead(wide.model_copy(update={"method": method}), 7)
        assert (found.least, found.most, found.by_budget) == (*ahead, False)
        assert requests_ahead(wide.model_copy(update={"method": method}), None) == RequestsAhead(None, 500, True)


REST = "; less what is answered already"


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (RequestsAhead(1063, 2000, True), f"at least 1,063 requests, at most 2,000 (budget){REST}"),
        (RequestsAhead(1063, None), f"at least 1,063 requests, no budget limits them{REST}"),
        (RequestsAhead(28, 28), f"28 requests{REST}"),
        (RequestsAhead(None, 500, True), f"at most 500 (budget){REST}"),
        (RequestsAhead(None, None), ""),
        (None, ""),
    ],
)
def test_how_it_is_told(ahead: RequestsAhead | None, told: str) -> None:
    assert requests_told(ahead) == told
