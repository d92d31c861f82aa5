"""A gate releases a model that was only tuned on examples, and requires nothing of its safety.

Off unless asked for: a model that answers in JSON has little to refuse. `strict` asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.requirements import sort_of


def _find(facts: Facts) -> Iterator[Finding]:
    items = facts.required
    if any(sort_of(item, facts) in ("safety", "unknown") for item in items):
        return
    for gate in facts.own(facts.spec.gates):
        trained = {r.metric.model for r in gate.requirements if r is not None} & facts.spec.trains.keys()
        if trained:
            block = next(item.gate for item in items if item.gate.name and item.gate.name.text == gate.name)
            yield Finding(
                f"{block.title} releases `{min(trained)}` and requires nothing of safety",
                block.head,
                "require a safety metric, or allow this lint for a model that nobody talks to",
            )
            return


LINT = Lint(
    "SFT0708",
    "tuning_taken_for_alignment",
    "allow",
    "tuning on good examples teaches a format and a task, and unlearns no harm",
    _find,
    needs="sound",
)
