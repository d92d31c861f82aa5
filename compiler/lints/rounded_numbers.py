"""A placeholder of a column of numbers that cannot keep all of their digits."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.resolved import ResolvedSource


def _find(facts: Facts) -> Iterator[Finding]:
    for template in facts.own(facts.spec.templates):
        sources = [source for source in facts.shown_rows.get(template, ()) if source is not None]
        for name, span in dict(template.placeholders).items():
            source = next((source for source in sources if _rounded(name, source)), None)
            if source is not None:
                yield Finding(
                    f"column `{name}` of source `{source.name}` has whole numbers of 2^53 and more beside numbers that "
                    "are no 64-bit integers, and loses digits of them",
                    span,
                    "keep its values as JSON texts, in quotes: texts stay as they are",
                )


def _rounded(name: str, source: ResolvedSource) -> bool:
    return source.facts is not None and source.mapping.get(name) in source.facts.rounded


LINT = Lint(
    "SFT0729",
    "rounded_numbers",
    "warn",
    "such a column is kept in 64-bit floats, and the text would show another number than the file",
    _find,
)
