"""Pages named as the modules of ``compiler/lower``, and on imports, params, bases, and many mistakes at once: specs
with exactly the findings
and steps written there."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.schema.catalogue import LATER_KINDS
from tests.compiler.plan_pages import PageExample, compiled, excerpt, page_examples

HERE = Path(__file__).parent
EXAMPLES = [example for path in sorted(HERE.glob("*.md")) for example in page_examples(path)]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_page(example: PageExample) -> None:
    plan, printed = compiled(example.text, example.files, example.settings)
    assert printed == example.diagnostics
    for step_id, expected in example.steps.items():
        assert plan is not None
        assert excerpt(plan.step(step_id)) == expected


def test_every_lowering_has_a_page() -> None:
    modules = {path.stem for path in (HERE.parents[1] / "compiler" / "lower").glob("*.py")}
    pages = {path.stem for path in HERE.glob("*.md")} - {
        "duplicates",
        "eval_axes",
        "independent_mistakes",
        "expression_mistakes",
        "foreign_habits",
        "later_fields",
        "metric",
        "metric_verified",
        "modules",
        "parameters",
        "policy",
        "extends",
        "secrets",
    }
    assert pages - {*LATER_KINDS} == modules - {"__init__", "builder", "decode", "spec"}


def test_every_kind_that_cannot_run_yet_has_a_page() -> None:
    assert {*LATER_KINDS} <= {path.stem for path in HERE.glob("*.md")}
