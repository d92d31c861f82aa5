"""What a plan holds: all blocks of the main spec, and of the files that it imports what those blocks lead to.

An imported file is a library: a train or a gate in it runs when a block of the main spec uses it, and
not because it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler.judged_metrics import judges_of
from compiler.known import Known
from compiler.resolve.models_in_rules import roots_of
from compiler.resolved import ResolvedEval, ResolvedMixture, ResolvedModel, ResolvedSpec, ResolvedTask, ResolvedTrain
from compiler.resolved_gate import ResolvedGate
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.schema.fields import Shape


def reached(spec: ResolvedSpec) -> ResolvedSpec:
    """The spec without the imported blocks that nothing of its own uses."""
    tables = {name: getattr(spec, name) for name in spec.__struct_fields__}
    tables = {name: table for name, table in tables.items() if isinstance(table, Mapping)}
    if all(_is_own(item, spec) for table in tables.values() for item in table.values()):
        return spec
    seen: set[int] = set()
    roots: dict[str, ResolvedModel] = {}
    pending = [item for table in tables.values() for item in table.values() if _is_own(item, spec)]
    while pending:
        item = pending.pop()
        if id(item) not in seen:
            seen.add(id(item))
            pending.extend(_parts(item))
            if isinstance(item, ResolvedTrain) and (loop := spec.later.get(item.name)) is not None:
                pending.append(loop)  # a model of this name is that of its best round
            if isinstance(item, ResolvedTask):  # what writes its rows, and what scores them, is told by name
                written = item.source.name if item.source is not None and item.source.is_written else ""
                pending.extend(spec.generates[name] for name in {item.name, written} & spec.generates.keys())
                named = (name for score in item.scores for name in score.models)
                pending.extend(found for name in named if (found := spec.models.get(name) or spec.trains.get(name)))
                judges = (name for score in item.scores for name in score.judges)
                pending.extend(spec.later[name] for name in judges if name in spec.later)
            if isinstance(item, ResolvedGate):
                pending.extend(spec.later[one.of] for one in item.figures if one.of in spec.later)
            if isinstance(item, ResolvedEval | ResolvedGenerate):
                told = item.metrics.items.values() if isinstance(item, ResolvedEval) else item.verifiers
                asked = judges_of(told)
                pending.extend(spec.later[name] for name in asked if name in spec.later)
            if isinstance(item, ResolvedTask | ResolvedEval):  # and so is what its rules ask for tokens
                bottom = roots_of(item, spec)
                roots |= bottom
                pending.extend(bottom.values())
    kept: dict[str, Any] = {
        name: {key: item for key, item in table.items() if id(item) in seen} for name, table in tables.items()
    }
    return replace(spec, **kept | {"roots": roots})


def reached_for(target: ResolvedTask | ResolvedMixture | ResolvedTrain, spec: ResolvedSpec) -> ResolvedSpec:
    """What a run of the spec has, where that holds a target; the whole spec where the target is of an imported file
    and nothing uses it."""
    own = reached(spec)
    held = any(item is target for table in (own.tasks, own.mixtures, own.trains) for item in table.values())
    return own if held else spec


def _is_own(item: Any, spec: ResolvedSpec) -> bool:
    block = getattr(item, "block", None)
    return not isinstance(block, Shape) or block.file is spec.file


def _parts(item: Any) -> Iterator[Any]:
    """What a resolved thing is made of; what is known of a list or table counts, syntax does not."""
    if isinstance(item, Known | tuple | list):
        yield from item
    elif isinstance(item, Mapping):
        yield from item.values()
    elif isinstance(item, Struct) and type(item).__module__.startswith("compiler.resolved"):
        yield from (getattr(item, name) for name in item.__struct_fields__)
