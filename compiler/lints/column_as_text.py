"""A column's name between marks that other tools fill in and that prose has too: `$column`, `${column}`, `<column>`."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.template_text import marked


def _find(facts: Facts) -> Iterator[Finding]:
    for template in facts.own(facts.spec.templates):
        for mark in marked(facts, template):
            dollar = mark.text.startswith("${")
            what = "puts a `$` before" if dollar else "is text, not"
            yield Finding(
                f"`{mark.text}` in `{mark.role}` of template `{template.name}` {what} column `{mark.column}`",
                mark.span,
                f"write `{{{mark.column}}}` where its value is meant",
            )


LINT = Lint(
    "SFT0725",
    "column_as_text",
    "warn",
    "every row would show the model these very characters",
    _find,
)
