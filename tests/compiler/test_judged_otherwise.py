"""The lint of judges that see more of the labelled rows than of an eval, or less."""

from __future__ import annotations

from compiler.compile import check
from spec_lang import codes
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.lang.language_pages import examples

ALIKE = examples(codes.pages()["SFT0737"])[1].text
RENAMED = "origin  = human\n  columns { asked = instruction   output = output   level = level }\n}\n\ntask"
TEMPLATE = 'template blind { user = "Is this low or high? {output}"   assistant = "{output}" }\n'


def found(text: str) -> list[tuple[str, str]]:
    _, diagnostics = check(SourceFile("spec.sft", text), FakeWorld())
    return [(item.code, item.message) for item in diagnostics]


def test_a_judge_that_is_calibrated_without_the_question_and_shown_it_is_warned_of() -> None:
    other = ALIKE.replace("origin  = human\n}\n\ntask", RENAMED)
    assert found(ALIKE) == [] and found(other.replace("  prompt   = instruction\n", "")) == []
    message = "judge `level` is shown what `gpt` was asked, and is calibrated without what was asked"
    assert found(other) == [("SFT0737", message)]


def test_a_template_that_shows_no_question_is_alike_in_any_case() -> None:
    blind = ALIKE.replace("  prompt   = instruction\n", "").replace("model(served)", "model(served, prompt = blind)")
    assert found(blind + TEMPLATE) == []
