"""A measure of text that is compared with two far numbers in a list, where a range was probably meant."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.functions import FUNCTIONS
from compiler.functions.text_measures import MEASURES
from compiler.lints.lint import Facts, Finding, Lint
from compiler.schema.written import constant, written
from compiler.tree import nodes
from spec_lang.ast import Binary, Call, ListLit
from spec_lang.quantities import Unit

_MEASURES = frozenset({"words", "characters", *(function.name for function in MEASURES)})
_FAR = 10  # `lines(x) in [2, 4]` may well be meant; nobody keeps the texts of exactly 3 and exactly 80 words


def _find(facts: Facts) -> Iterator[Finding]:
    for node in nodes(facts.blocks):
        if not isinstance(node, Binary) or node.op != "in" or not isinstance(node.right, ListLit):
            continue
        name = node.left.func.text if isinstance(node.left, Call) else ""
        ends = [constant(item) for item in node.right.items]
        if name not in _MEASURES or len(ends) != 2 or ends[0] is None or ends[1] is None:
            continue
        (low, unit), (high, _) = ends[0], ends[1]
        if high - low >= _FAR or (unit is Unit.SHARE and FUNCTIONS[name].unit is Unit.SHARE and high > low):
            first, last = written(low, unit), written(high, unit)
            yield Finding(
                f"`{name}` is compared with exactly {first} and exactly {last}",
                node.right.span,
                f"write `{first}..{last}` for everything between them",
            )


LINT = Lint(
    "SFT0727",
    "list_for_range",
    "warn",
    "a list holds the values themselves, a range what lies between them too",
    _find,
)
