"""What the gates of a file require, read from the tree, and of which sort each requirement is.

Safety is told by what an eval declares (a policy, harmful or benign rows, a judge) or by a name that says so. What
cannot be told, such as an eval of another file, is unknown, and lints that miss something keep silent then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from compiler.lints.tree import has, metrics, of_kind, rules
from compiler.tree import nodes, references
from spec_lang.ast import Block, Call, NamedRule, Ref, Rule

if TYPE_CHECKING:
    from compiler.lints.lint import Facts

Sort = Literal["safety", "capability", "other", "unknown"]

_SAFETY_NAME = re.compile(
    r"(?:^|[\W\d_])(?:(?:un)?safe(?:ty)?|refus\w*|harm(?:s|ful|less)?|toxic(?:ity)?|jailbreaks?|attacks?)(?=$|[\W\d_])",
    re.IGNORECASE,
)
_SAFETY_BLOCKS = ("redteam", "guardrail")
_OTHER_METRICS = ("kl_from",)


class Required(Struct, frozen=True, eq=False):
    """``OWNER.PART(MODEL)`` or ``OWNER.PART`` in a rule of a gate; ``owner`` is None when it stands in another file."""

    gate: Block
    rule: Rule
    ref: Ref
    owner: Block | None

    @property
    def part(self) -> str:
        return self.ref.parts[-1].text

    @property
    def metric(self) -> NamedRule | None:
        return metrics(self.owner).get(self.part) if self.owner is not None else None


def required(blocks: Iterable[Block]) -> tuple[Required, ...]:
    """Everything that the gates of a file require."""
    everything = tuple(blocks)
    owners = {block.name.text: block for block in everything if block.name is not None}
    return tuple(
        Required(gate, rule, ref, owners.get(ref.parts[0].text))
        for gate in of_kind(everything, "gate")
        for rule in rules(gate, "require", "never")
        for ref in _measured(rule)
    )


def _measured(rule: Rule) -> Iterator[Ref]:
    """Dotted names: the functions of calls, and parts that take no model (``annotators.alpha``)."""
    models = {id(arg.value) for node in nodes(rule.expr) if isinstance(node, Call) for arg in node.args}
    return (ref for ref in references(rule.expr) if len(ref.parts) > 1 and id(ref) not in models)


def judges_of(item: Required, facts: Facts) -> tuple[Block, ...]:
    """The judges that the required figure asks: those of the metric, or of the red team or guardrail as a whole."""
    asking = item.metric.expr if item.metric is not None else item.owner
    if asking is None:
        return ()
    named = dict.fromkeys(ref.parts[0].text for ref in references(asking)) if facts.judges else ()
    return tuple(facts.judges[name] for name in named if name in facts.judges)


def sort_of(item: Required, facts: Facts) -> Sort:
    owner = item.owner
    if owner is None:
        return "safety" if _SAFETY_NAME.search(item.ref.text) else "unknown"
    if owner.kind.text in _SAFETY_BLOCKS or _SAFETY_NAME.search(item.part):
        return "safety"
    if owner.kind.text != "eval":
        return "other"
    judges = [judge for judge in judges_of(item, facts) if not has(judge, "pairwise")]  # which answer people like
    safety = any(has(owner, field) for field in ("policy", "harmful", "benign")) or judges
    if safety or (owner.name is not None and _SAFETY_NAME.search(owner.name.text)):
        return "safety"
    asked = {ref.text for ref in references(item.metric.expr)} if item.metric is not None else set()
    return "other" if asked & set(_OTHER_METRICS) else "capability"
