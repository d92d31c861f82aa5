"""Gates require safety and nothing of what the model can do."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.requirements import sort_of


def _find(facts: Facts) -> Iterator[Finding]:
    sorts = [(sort_of(item, facts), item.gate) for item in facts.required]
    safety = [gate for sort, gate in sorts if sort == "safety"]
    if safety and not any(sort in ("capability", "unknown") for sort, _ in sorts):
        yield Finding(
            f"{safety[0].title} requires safety and nothing of capability",
            safety[0].head,
            "require a metric of what the model is for, such as `EVAL.METRIC(MODEL) no_worse_than BASE by 2pt at 95%`",
        )


LINT = Lint(
    "SFT0707",
    "no_capability_requirement",
    "warn",
    "a model that can do nothing is safe",
    _find,
    needs="spelled",
)
