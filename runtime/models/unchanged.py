"""Whether a step's model is still the one that its hash names.

The compiler hashes weights, tokenizer and chat template; the step loads them minutes or hours later. A file
edited in between would be stored under a hash that never saw it. Asking again costs a stat a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from compiler.plan import Step
from compiler.world import Problem
from runtime.models.model_facts import classifier_facts, model_facts
from spec_lang.diagnostics import fatal

CHANGED = "SFT0526"
_PARTS = {"weights": "weights", "tokenizer": "tokenizer", "chat_template": "chat template"}


def require_unchanged(step: Step, spec_dir: Path) -> None:
    """Raises DiagnosticError SFT0526 when the files differ from ``step.content``, and every Problem of the facts."""
    hashed = {name: step.content[name] for name in _PARTS if name in step.content}
    if hashed:
        require_same(hashed, step.local["weights"], step.local.get("chat_template"), spec_dir)


def require_same(hashed: Mapping[str, str], weights: str, chat_template: str | None, spec_dir: Path) -> None:
    """The same of one model by the hashes of its parts."""
    changed = changed_parts(hashed, weights, chat_template, spec_dir)
    if changed:
        raise fatal(
            CHANGED,
            f"the {' and the '.join(changed)} of `{weights}` changed while the run was going on",
            "run again: the plan is made anew with the files as they are now, and nothing of this step was stored",
        )


def changed_parts(hashed: Mapping[str, str], weights: str, chat_template: str | None, spec_dir: Path) -> list[str]:
    """What of a model is no longer what its hashes name; what has no chat template is a classifier. Raises every
    Problem of the facts."""
    if "chat_template" in hashed:
        facts = model_facts(weights, chat_template, spec_dir)
    else:
        facts = classifier_facts(weights, spec_dir)
    if isinstance(facts, Problem):
        raise fatal(facts.code, facts.message, facts.help)
    return [_PARTS[name] for name, value in hashed.items() if getattr(facts, name) != value]
