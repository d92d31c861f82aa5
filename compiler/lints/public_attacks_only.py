"""A red team that knows the published attacks alone."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.tree import has, of_kind


def _find(facts: Facts) -> Iterator[Finding]:
    for block in of_kind(facts.blocks, "redteam"):
        if has(block, "public") and not has(block, "private") and not has(block, "automated"):
            yield Finding(
                f"{block.title} has public attacks only",
                block.head,
                "add `private = [ROWS]` or `automated { … }`",
            )


LINT = Lint(
    "SFT0705",
    "public_attacks_only",
    "deny",
    "published attacks are in the training data of most models, so resisting them proves little",
    _find,
    needs="spelled",
)
