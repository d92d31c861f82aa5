"""A column between the marks of another template language, which stay text here."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.template_text import filled
from spec_lang.diagnostics import Edit


def _find(facts: Facts) -> Iterator[Finding]:
    for template in facts.own(facts.spec.templates):
        for mark in filled(facts, template):
            meant = f"{{{mark.column}}}"
            yield Finding(
                f"`{mark.text}` in `{mark.role}` of template `{template.name}` is text, not column `{mark.column}`",
                mark.span,
                f"write `{meant}`",
                fix=(Edit(mark.span, meant),) if mark.seen else (),
            )


LINT = Lint(
    "SFT0724",
    "foreign_placeholder",
    "deny",
    "every row would show the model these very characters",
    _find,
)
