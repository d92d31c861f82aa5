"""Trained on one template and evaluated on the same one."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.trained_templates import evals_on_trained_templates


def _find(facts: Facts) -> Iterator[Finding]:
    for block, model, trained in evals_on_trained_templates(facts):
        if len(trained) == 1:
            (name,) = trained
            place = block.block.templates
            yield Finding(
                f"eval `{block.name}` shows `{model.name}` the one template it was trained on, `{name}`",
                place.span if place.given else block.block.head,
                f"add a template in other words: `templates = [{name}, OTHER]`",
            )


LINT = Lint(
    "SFT0709",
    "single_template_eval",
    "warn",
    "an answer that needs these very words looks like a skill",
    _find,
)
