"""An eval that no gate requires anything of, in a spec with gates."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint


def _find(facts: Facts) -> Iterator[Finding]:
    if not facts.has_kind("gate"):
        return
    for block in facts.blocks:
        if block.kind.text == "eval" and block.name is not None and block.name.text not in facts.used:
            yield Finding(
                f"no gate requires anything of {block.title}",
                block.head,
                "require a metric of it, or allow this lint for numbers that are only looked at",
            )


LINT = Lint(
    "SFT0714",
    "ungated_eval",
    "warn",
    "a regression there stops no release",
    _find,
    needs="sound",
)
