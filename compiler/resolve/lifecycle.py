"""The kinds that are checked and cannot run yet, each resolved against everything else in the spec."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from compiler.names import Names
from compiler.resolve.feedback import resolve_feedback
from compiler.resolve.generate import resolve_generate
from compiler.resolve.guardrail import resolve_guardrail
from compiler.resolve.judge import resolve_judge
from compiler.resolve.loop import resolve_loop
from compiler.resolve.policy import check_policy, resolve_policy
from compiler.resolve.redteam import resolve_redteam
from compiler.resolve.review import resolve_review
from compiler.resolve.tables import Tables, find_column, scope_of
from compiler.resolved_lifecycle import ResolvedLater
from compiler.resolved_loop import LoopRows
from compiler.schema.feedback import Feedback
from compiler.schema.fields import Shape
from compiler.schema.generate import Generate
from compiler.schema.guardrail import Guardrail
from compiler.schema.judge import Judge
from compiler.schema.loop import Loop
from compiler.schema.policy import Policy
from compiler.schema.redteam import Redteam
from compiler.schema.review import Review
from compiler.schema.source import Source
from compiler.world import World


def resolve_lifecycle(
    read: Iterable[Shape],
    names_of: Callable[[Shape], Names],
    world: World,
    tables: Tables,
    loops: Mapping[str, LoopRows],
) -> dict[str, ResolvedLater]:
    """All blocks of these kinds by full name; of a repeated name the first counts."""
    found: dict[str, ResolvedLater] = {}
    read = tuple(read)
    policies = {shape.name: shape for shape in reversed(read) if isinstance(shape, Policy)}
    reviews = {shape.name: shape for shape in reversed(read) if isinstance(shape, Review)}
    for shape in read:
        if isinstance(shape, Source):
            _check_source(shape, names_of(shape), tables)
        if isinstance(shape, Judge):
            judge = resolve_judge(shape, names_of(shape), tables, policies, reviews)
            found.setdefault(shape.name, judge)
            continue
        resolved = _resolve(shape, names_of, world, tables, loops)
        if resolved is not None:
            found.setdefault(shape.name, resolved)
    return found


def _check_source(block: Source, names: Names, tables: Tables) -> None:
    """When rows came and under which policy: told of a source, and used by what cannot run yet."""
    check_policy(block.policy.value, names)
    find_column(block.received.value, scope_of(tables.sources.get(block.name), names), "`received`")


def _resolve(
    shape: Shape, names_of: Callable[[Shape], Names], world: World, tables: Tables, loops: Mapping[str, LoopRows]
) -> ResolvedLater | None:
    if isinstance(shape, Policy):
        return resolve_policy(shape, names_of(shape))
    if isinstance(shape, Generate):
        return resolve_generate(shape, names_of(shape), tables)
    if isinstance(shape, Loop):
        rows = loops[shape.name]
        return resolve_loop(rows, names_of(shape), tables) if rows.block.head is shape.head else None
    if isinstance(shape, Review):
        return resolve_review(shape, names_of(shape), tables)
    if isinstance(shape, Redteam):
        return resolve_redteam(shape, names_of(shape), tables)
    if isinstance(shape, Guardrail):
        return resolve_guardrail(shape, names_of(shape), tables)
    if isinstance(shape, Feedback):
        return resolve_feedback(shape, names_of(shape), world, tables)
    return None
