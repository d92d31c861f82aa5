"""A block that no other block mentions, in a spec that has blocks which could.

A spec of sources, filters and tasks alone is a whole spec: its tasks are the result. So a kind is looked at only
where something in the file takes blocks of that kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.tree import has

_LEARNING = ("train", "eval", "generate", "loop")
_TAKEN_BY = {
    "model": ("train", "eval", "generate", "loop", "score", "judge"),
    "source": ("task", "review", "redteam", "judge"),
    "template": _LEARNING,
    "filter": ("task", "generate"),
    "score": ("task", "generate"),
    "task": _LEARNING,
    "mixture": _LEARNING,
    "generate": _LEARNING,
    "train": ("eval", "redteam"),
    "policy": ("eval", "judge", "review", "redteam", "feedback"),
    "judge": ("eval", "score", "redteam"),
}


def _find(facts: Facts) -> Iterator[Finding]:
    for block in facts.blocks:
        takers = _TAKEN_BY.get(block.kind.text, ())
        if block.name is None or block.name.text in facts.used or not facts.has_kind(*takers):
            continue
        if block.kind.text == "judge" and has(block, "calibrate"):  # how well it judges is a result
            continue
        yield Finding(f"nothing uses {block.title}", block.head, "name it where it belongs, or delete it")


LINT = Lint(
    "SFT0713",
    "unused_block",
    "warn",
    "what is declared and not used is most often what was forgotten",
    _find,
    needs="sound",
)
