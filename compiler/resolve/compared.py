"""What rows are compared with before they are trained on: every eval of the file, unless a rule says otherwise.

Lowering compares, and the check that no model scores rows which it waits for itself has to know with what; both ask
here, because two answers that come apart make a circle that lowering never leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from compiler.known import Known
from compiler.resolved import (
    Dedup,
    ResolvedEval,
    ResolvedMixture,
    ResolvedSource,
    ResolvedTask,
    ResolvedTemplate,
    ResolvedTrain,
    Rows,
)
from compiler.resolved_decontaminate import Decontaminate, HeldOut
from compiler.schema.written import written
from compiler.template_pieces import flat
from compiler.tree import references
from spec_lang.quantities import Unit

NGRAM, COVERAGE = 8, Decimal("0.5")  # Tülu 3 (Lambert et al. 2024, arXiv:2411.15124, section 3.2)
_BY_DEFAULT = "every eval of the file, by default"

Owner: TypeAlias = ResolvedMixture | ResolvedTrain
Key: TypeAlias = tuple[str, tuple[str, ...] | None, bool]


class Compared(Struct, frozen=True):
    """Rows to compare with, under all their names, and how."""

    held: tuple[HeldOut, ...]
    ngram: int = NGRAM
    coverage: Decimal = COVERAGE
    reason: str | None = _BY_DEFAULT

    @property
    def names(self) -> str:
        return ", ".join(held.name for held in self.held)

    @property
    def text(self) -> str:
        """As a rule would be written."""
        return f"decontaminate against [{self.names}] ngram {self.ngram} coverage {written(self.coverage, Unit.SHARE)}"

    def told(self, rule: Decontaminate) -> Compared:
        """With the numbers and the reason of a rule."""
        clause = rule.entry.clause
        ngram, coverage = clause("ngram") or self.ngram, clause("coverage") or self.coverage
        return replace(self, ngram=ngram, coverage=coverage, reason=clause("because"))


def compared_with(owner: Owner | None, rows: Rows, evals: Iterable[HeldOut]) -> dict[Key, Compared]:
    """What some rows of a mixture or train are compared with, by rows and columns, those of evals first: what a rule
    says of an eval, it says of others over the same rows. A rule without names speaks of all evals. What nobody trains
    on has no rules."""
    found: dict[Key, Compared] = {}
    for held in evals:
        one = found.setdefault(_key(held), Compared(()))
        found[_key(held)] = replace(one, held=(*one.held, held))
    every = dict(found)
    for rule in _rules(owner, rows) if owner is not None else ():
        named = [Compared((held,)) for held in rule.against] if "against" in rule.entry.clauses else every.values()
        for one in named:
            key = _key(one.held[0])
            if rule.off:
                found.pop(key, None)
            else:
                found[key] = found.get(key, every.get(key, one)).told(rule)
    return found


def _key(held: HeldOut) -> Key:
    return held.rows.name, held.texts, held.turns


def _rules(owner: Owner, rows: Rows) -> Iterator[Decontaminate]:
    """The rules for some rows: of a mixture inside another one its own, and then what the outer one says."""
    uses = owner.uses if isinstance(owner, ResolvedMixture) else ()
    for inner in (use.of for use in uses if use is not None and isinstance(use.of, ResolvedMixture)):
        if any(one.name == rows.name for one in inner.rows):
            yield from _rules(inner, rows)
    yield from owner.decontaminate


def owner_of(train: ResolvedTrain) -> Owner:
    """Whose rules the rows of a train follow: those of its mixture, or its own."""
    return train.data if isinstance(train.data, ResolvedMixture) else train


def are_given(held: HeldOut, trains: Mapping[str, ResolvedTrain]) -> bool:
    """Whether held-out rows are there before any model writes or is trained, so that what is generated may wait for
    them. Were they not, each of two generates could wait for an eval over rows of the other one."""
    if isinstance(held.rows, ResolvedSource):
        return not held.rows.is_written
    pending, seen = [held.rows.task], set[str]()
    while pending:
        task = pending.pop()
        if task.source is None or task.source.is_written:
            return False
        if any(score.judges or trains.keys() & set(score.models) for score in task.scores):
            return False
        seen.add(task.name)
        pending += [other for other in filtered_against(task) if other.name not in seen]
    return True


def filtered_against(task: ResolvedTask) -> tuple[ResolvedTask, ...]:
    """The tasks whose rows the filters of a task compare with, so that these come first."""
    rules = (rule for item in task.filters for rule in item.rules if isinstance(rule, Dedup | Decontaminate))
    return tuple(other.rows.task for rule in rules for other in rule.against if isinstance(other.rows, Rows))


def of_evals(evals: Iterable[ResolvedEval]) -> list[HeldOut]:
    """The rows that evals ask about, as far as they are known."""
    return [held for held in map(of_eval, evals) if held is not None]


def of_eval(item: ResolvedEval) -> HeldOut | None:
    """The rows that an eval asks about; None where they are not known."""
    return asked(item.name, item.data, item.templates) if item.data is not None else None


def asked(name: str, rows: Rows, templates: Known[ResolvedTemplate]) -> HeldOut:
    """Rows as templates ask about them."""
    if are_conversations(templates):
        return HeldOut(name, rows, None, turns=True)
    return HeldOut(name, rows, None if templates.empty else prompt_columns(templates))


def are_conversations(templates: Iterable[ResolvedTemplate]) -> bool:
    """Whether rows are conversations already, whose turns count and no columns."""
    return any(not template.roles for template in templates)


def prompt_columns(templates: Iterable[ResolvedTemplate]) -> tuple[str, ...]:
    """The columns that the user says, in the order of the template: system texts are what many rows share."""
    return _columns(templates, answers=False)


def trained_columns(templates: Iterable[ResolvedTemplate]) -> tuple[str, ...]:
    """All columns of the conversation, in its order."""
    return _columns(templates, answers=True)


def _columns(templates: Iterable[ResolvedTemplate], *, answers: bool) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for template in templates:
        for role, pieces in template.roles.items():
            if role == "user" or answers:
                found |= dict.fromkeys(piece.column for piece in flat(pieces) if piece.column is not None)
        if template.options is not None:
            block = template.options.block
            exprs = [block.from_.value, block.answer.value] if answers else [block.from_.value]
            found |= dict.fromkeys(ref.parts[0].text for expr in exprs if expr is not None for ref in references(expr))
    return tuple(found)
