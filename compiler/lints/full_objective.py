"""The loss is on every token of a conversation, the prompts too.

Off unless asked for: `full` has to be written out, and whoever writes it has most often a reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint


def _find(facts: Facts) -> Iterator[Finding]:
    for train in facts.own(facts.spec.trains):
        objective = train.block.objective
        if objective.known and objective.value == "full":
            yield Finding(
                f"train `{train.name}` learns the prompts of its templates too",
                objective.span,
                "use `objective = response`",
            )


LINT = Lint(
    "SFT0722",
    "full_objective",
    "allow",
    "the model learns to write the user's part, and templates weigh as much as answers",
    _find,
)
