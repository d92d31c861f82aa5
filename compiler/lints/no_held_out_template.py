"""Several templates in training, and none in the eval that is new to the model."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.trained_templates import evals_on_trained_templates


def _find(facts: Facts) -> Iterator[Finding]:
    for block, model, trained in evals_on_trained_templates(facts):
        if len(trained) > 1:
            place = block.block.templates
            yield Finding(
                f"eval `{block.name}` has no template that `{model.name}` was not trained on",
                place.span if place.given else block.block.head,
                "add a template that no train uses",
            )


LINT = Lint(
    "SFT0710",
    "no_held_out_template",
    "warn",
    "how the model takes instructions in new words stays unknown",
    _find,
)
