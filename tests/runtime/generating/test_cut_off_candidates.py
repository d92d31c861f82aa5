"""A limit of tokens that most answers do not fit into: a warning of the run, and the remedy where nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.asking import Answer, Request, Unanswered
from runtime.asking.request import Result
from tests.runtime.generating.generated_project import HEAD, GeneratedProject, Script

SPEC = """generate solved {
  method  = respond { samples = 10 }
  prompts = start
  model   = tiny
  decode  = sample { temperature = 0.7   max_new_tokens = 8 }
}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GeneratedProject:
    made = GeneratedProject(tmp_path, monkeypatch)
    made.seeds([{"instruction": "Add 2 and 2.", "input": "none", "output": "4"}])
    (tmp_path / "spec.sft").write_text(HEAD + SPEC, encoding="utf-8")
    return made


def cut(many: int, lost: int = 0) -> Script:
    def answer(request: Request) -> Result:
        if request.sample < lost:
            return Unanswered("prompt_too_long", "no room", lasting=True)
        reason = "length" if request.sample < lost + many else "end_of_turn"
        return Answer(f"it is {request.sample}", reason, 1, 8, 0.0)

    return answer


@pytest.mark.parametrize(("many", "lost", "told"), [(6, 0, True), (5, 0, False), (4, 3, True), (1, 8, False)])
def test_more_than_half_cut_off_is_a_warning(project: GeneratedProject, many: int, lost: int, told: bool) -> None:
    for outcome in (project.run(SPEC, cut(many, lost)), project.run(SPEC, cut(many, lost))):
        assert outcome.status == "done"
        found = [(item.code, item.severity, item.message) for item in outcome.findings]
        message = f"generate `solved`: {many} of 10 candidates were cut off, by a limit of tokens or the server"
        assert found == ([("SFT0572", "warning", message)] if told else [])
    if told:
        (item,) = outcome.findings
        assert item.help is not None and item.help.startswith("raise `max_new_tokens` of `decode` (8)")
        assert item.primary is not None and item.primary.file.slice(item.primary.span).startswith("decode ")


def test_where_all_are_cut_off_the_error_says_what_to_raise(project: GeneratedProject) -> None:
    (item,) = project.run(SPEC, cut(10)).findings
    assert item.code == "SFT0444" and item.help is not None
    assert item.help.startswith("raise `max_new_tokens` of `decode` (8)")
