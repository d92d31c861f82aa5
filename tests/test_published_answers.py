"""Published answers of real models go through compare and gate, and the numbers are scipy's. Nothing is run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from runtime.comparison.pair import Change
from runtime.comparison.two_models import TwoModels
from sft.comparing_models import Wanted, compare_models
from sft.project import open_store, run

SHARED = Path(__file__).parents[2] / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the public data sets are not there")

ITEM = "[trim(instruction), trim(input)]"
MODELS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
GSM8K = f"""edition 2026
source solutions {{
  path    = "example_model_solutions.jsonl"
  licence = "MIT"
  origin  = model
  columns {{ {" ".join(f"a{name} = `{name}`.solution   r{name} = `{name}`.is_correct" for name in MODELS)} }}
}}
task gsm8k {{ from = solutions }}
{
    "".join(
        f'''
model m{name} {{ recorded = solutions   item = question   answer = a{name}   scores {{ right = r{name} }} }}
'''
        for name in MODELS
    )
}
eval math {{
  models   = [{", ".join(f"m{name}" for name in MODELS)}]
  data     = gsm8k
  expected = ground_truth
  metric right = recorded("right")
  metric number = numeric_match(after = "A:")
}}
gate better {{ require math.right(m175b_verification) no_worse_than m175b_finetuning by 4pt at 95% }}
gate worse  {{ require math.right(m6b_finetuning) no_worse_than m6b_verification by 4pt at 95% }}
"""


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def compared(folder: Path, first: str, second: str, metric: str) -> TwoModels:
    return compare_models(Wanted(first, second, metric=metric), open_store(folder))[0].result


def same_as_binomial_test(found: Change | None, before: list[bool], after: list[bool]) -> None:
    """McNemar's mid-p, from scipy's exact binomial test."""
    assert found is not None
    gained = sum(b and not a for a, b in zip(before, after, strict=True))
    lost = sum(a and not b for a, b in zip(before, after, strict=True))
    assert (found.n, found.gained, found.lost) == (len(before), gained, lost)
    assert found.estimate == pytest.approx((gained - lost) / len(before))
    exact = stats.binomtest(min(gained, lost), gained + lost).pvalue
    mid = exact - stats.binom.pmf(min(gained, lost), gained + lost, 0.5)
    assert found.p_value == pytest.approx(1.0 if gained == lost else mid, rel=1e-9)


def test_the_solutions_of_gsm8k_by_four_models(tmp_path: Path) -> None:
    shutil.copy(SHARED / "gsm8k" / "example_model_solutions.jsonl", tmp_path)
    (tmp_path / "t.sft").write_text(GSM8K)
    assert run(tmp_path / "t.sft").verdict == "fail"
    store, rows = open_store(tmp_path), lines(tmp_path / "example_model_solutions.jsonl")
    assert dict(store.query("SELECT s.name, g.verdict FROM gates g JOIN steps s USING (step_hash)")) == {
        "better": "pass",
        "worse": "fail",
    }
    right = {name: [row[name]["is_correct"] for row in rows] for name in MODELS}
    assert len(rows) == 1319
    for first, second in (MODELS[:2], MODELS[2:], (MODELS[0], MODELS[3])):
        found = compared(tmp_path, f"m{first}", f"m{second}", "right")
        same_as_binomial_test(found.change, right[first], right[second])
        assert sum(found.buckets.values()) == 1319 and found.outcome == "better"
    # What we read as the number of a solution agrees with the published verdicts.
    agree = store.query(
        "SELECT avg((a.value = b.value)::INTEGER) FROM item_metrics a "
        "JOIN item_metrics b USING (row_id, model, template) WHERE a.metric = 'right' AND b.metric = 'number'"
    )[0][0]
    assert agree > 0.99


def test_the_answers_of_six_models_to_the_instructions_of_self_instruct(tmp_path: Path) -> None:
    names = sorted(path.name for path in (SHARED / "self_instruct").glob("*_predictions.jsonl"))
    assert len(names) == 6
    for name in (*names, "user_oriented_instructions.jsonl"):
        shutil.copy(SHARED / "self_instruct" / name, tmp_path)
    spec = """edition 2026
source asked {
  path    = "user_oriented_instructions.jsonl"   licence = "Apache-2.0"   origin = human
  columns { input = instances.`0`.input   output = instances.`0`.output }
}
task instructions { from = asked }
"""
    for number, name in enumerate(names):
        spec += (
            f'source s{number} {{ path = "{name}"   licence = "Apache-2.0"   origin = model }}\n'
            f"model m{number} {{ recorded = s{number}   answer = response   item = {ITEM} }}\n"
        )
    spec += """eval user {
  models   = [m0, m1, m2, m3, m4, m5]
  data     = instructions
  expected = output
  metric rouge = rouge_l()
  metric words = words()
}
gate release { require user.rouge(m5) no_worse_than m2 by 0.05 at 95% }
"""
    (tmp_path / "t.sft").write_text(spec)
    assert run(tmp_path / "t.sft").verdict == "inconclusive"
    assert open_store(tmp_path).query("SELECT DISTINCT rows_out FROM steps WHERE kind = 'predict'") == [(252,)]
    for first, second in ((0, 1), (2, 5), (3, 4)):
        found = compared(tmp_path, f"m{first}", f"m{second}", "words")
        one, two = (
            np.array([len(row["response"].split()) for row in lines(tmp_path / names[number])])
            for number in (first, second)
        )
        assert found.change is not None and found.change.n == 252
        assert found.change.estimate == pytest.approx((two - one).mean())
        ends = stats.ttest_rel(two, one).confidence_interval(0.95)
        assert (found.change.low, found.change.high) == (pytest.approx(ends.low), pytest.approx(ends.high))
        drawn = stats.permutation_test(
            (two, one), _mean_difference, permutation_type="samples", n_resamples=2000, rng=1
        ).pvalue
        assert found.change.p_value == pytest.approx(drawn, abs=0.05)


def _mean_difference(a: Any, b: Any, axis: int) -> Any:
    return np.mean(a - b, axis=axis)
