"""Answers are sampled, and the seed is the default.

Off unless asked for: the default is a fixed seed, so the run repeats. What is missing is that a reader sees it.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.tree import nodes
from spec_lang.ast import Field, Tagged


def _find(facts: Facts) -> Iterator[Finding]:
    for block in facts.blocks:
        for node in nodes(block):
            if not isinstance(node, Field) or node.name.text != "decode":
                continue
            decode = node.value
            if not isinstance(decode, Tagged) or decode.tag.text != "sample":
                continue
            if not any(isinstance(e, Field) and e.name.text == "seed" for e in decode.body.entries):
                yield Finding("answers are sampled without a `seed`", decode.tag.span, "write the seed down")


LINT = Lint(
    "SFT0719",
    "sampling_without_seed",
    "allow",
    "another seed gives other answers, so the one that was used belongs to the result",
    _find,
)
