"""The spec is about how a model behaves, and no gate requires anything of its safety."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.preferences_without_kl import PREFERENCE_OBJECTIVES
from compiler.lints.requirements import sort_of
from compiler.lints.tree import of_kind, tag, value

# Whoever writes one of these releases a model that people talk to.
_BEHAVIOUR = ("policy", "judge", "redteam", "guardrail", "feedback")


def _find(facts: Facts) -> Iterator[Finding]:
    gates = list(of_kind(facts.blocks, "gate"))
    preferences = any(
        tag(value(train, "objective")) in PREFERENCE_OBJECTIVES for train in of_kind(facts.blocks, "train")
    )
    about_behaviour = preferences or facts.has_kind(*_BEHAVIOUR)
    if gates and about_behaviour and not any(sort_of(item, facts) in ("safety", "unknown") for item in facts.required):
        yield Finding(
            f"{gates[0].title} requires nothing of safety",
            gates[0].head,
            "require a metric over harmful and one over benign requests",
        )


LINT = Lint(
    "SFT0706",
    "no_safety_requirement",
    "warn",
    "capability that was bought with harm passes this gate",
    _find,
    needs="spelled",
)
