"""A plan as a tree: every step under the deepest of the steps that it reads, loops and rounds folded. Pure.

So the longest chain reads from top to bottom; what else a step reads is counted beside its name. The steps of a loop
stand together in a fold, each round in one inside of it, and so do the answers of an eval with many models and
templates: a fold takes the place of its steps in the tree and is one line until it is opened. Linear in the steps.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

DEEPEST = 16  # cells of a lead; of a deeper tree the lines nearest to the step are drawn
MANY_ANSWERS = 6  # steps of one eval that ask a model, from which on they are folded


@dataclass(frozen=True)
class Part:
    """A step of a plan as far as a tree needs it; ``inputs`` are (role, step id), ``path`` the folds around it."""

    id: str
    inputs: tuple[tuple[str, str], ...]
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node:
    """A line of the tree, drawn by ``lead``; what stands below it is drawn by ``below``. ``steps`` are its steps: of a
    fold all that are in it. ``opened`` is None for what is no fold."""

    key: str
    parent: str | None
    lead: str
    below: str
    steps: tuple[str, ...]
    opened: bool | None = None

    @property
    def title(self) -> str:
        """The name of a fold."""
        return self.key.rpartition("/")[2]


@dataclass
class _Unit:
    key: str
    parts: list[Part] = field(default_factory=list)
    fold: bool = False
    parent: str | None = None
    children: list[_Unit] = field(default_factory=list)


def parts_of(plan: Mapping[str, Any]) -> list[Part]:
    """The steps of a plan's JSON, with their folds."""
    steps = plan.get("steps", ())
    loops = [step["name"] for step in steps if step.get("kind") == "select"]
    round_of = re.compile(rf"({'|'.join(map(re.escape, loops))})\.(\d+)(?:\.|$)") if loops else None
    asked: dict[str, int] = {}
    for step in steps:
        if (eval := _asked_for(step)) is not None:
            asked[eval] = asked.get(eval, 0) + 1
    found = []
    for step in steps:
        path: tuple[str, ...] = ()
        if round_of is not None and (match := round_of.match(step["name"])):
            path = (f"loop {match[1]}", f"round {match[2]}")
        if (eval := _asked_for(step)) is not None and asked[eval] > MANY_ANSWERS:
            path = (*path, f"answers of {eval}")
        found.append(Part(f"{step['kind']}:{step['name']}", tuple(step.get("inputs", {}).items()), path))
    return found


def _asked_for(step: Mapping[str, Any]) -> str | None:
    """The eval that a step asks a model for."""
    if step.get("kind") not in ("predict", "likelihood"):
        return None
    eval = step.get("local", {}).get("labels", {}).get("eval")
    return str(eval) if eval is not None else None


def plan_tree(parts: Sequence[Part], opened: Collection[str] = ()) -> Iterator[Node]:
    """The lines, depth first; children in the order of the plan. ``opened`` are keys of folds."""
    pending = [(unit, "", "") for unit in reversed(_level(parts, 0, "", opened))]
    while pending:
        unit, lead, below = pending.pop()
        own = unit.children
        steps = tuple(part.id for part in unit.parts)
        is_open = unit.key in opened if unit.fold else None
        yield Node(unit.key, unit.parent, _tail(lead), _tail(below + ("│ " if own else "  ")), steps, is_open)
        for number, child in enumerate(reversed(own)):
            pending.append((child, below + ("└─" if number == 0 else "├─"), below + ("  " if number == 0 else "│ ")))


def folds_around(parts: Iterable[Part], step_ids: Collection[str]) -> set[str]:
    """The keys of the folds that some steps are in."""
    found = set()
    for part in parts:
        if part.id in step_ids:
            found |= {"/".join(part.path[: depth + 1]) for depth in range(len(part.path))}
    return found


def _tail(lead: str) -> str:
    return lead if len(lead) <= DEEPEST else "⋯ " + lead[2 - DEEPEST :]


def _level(parts: Sequence[Part], depth: int, prefix: str, opened: Collection[str]) -> list[_Unit]:
    """The steps and folds of a level, those that hang under no other of them; the others are their children."""
    units: dict[str, _Unit] = {}
    owner: dict[str, str] = {}
    for part in parts:
        fold = len(part.path) > depth
        key = prefix + part.path[depth] if fold else part.id
        units.setdefault(key, _Unit(key, fold=fold)).parts.append(part)
        owner[part.id] = key
    roots: list[_Unit] = []
    parents = _parents(units, owner)
    for key, unit in units.items():
        if unit.fold and unit.key in opened:
            unit.children = [*_level(unit.parts, depth + 1, key + "/", opened), *unit.children]
        # Rounds read each other in a chain, and stand below each other.
        unit.parent = None if unit.fold and depth == 1 else parents[key]
        (roots if unit.parent is None else units[unit.parent].children).append(unit)
    return roots


def _parents(units: Mapping[str, _Unit], owner: Mapping[str, str]) -> dict[str, str | None]:
    """The deepest input of each; of several the first, and of an eval's cells the last, so that it stands below all."""
    inputs = {
        key: [
            (number if role.startswith("cell:") else -number, owner[source])
            for part in unit.parts
            for number, (role, source) in enumerate(part.inputs)
            if owner.get(source, key) != key
        ]
        for key, unit in units.items()
    }
    depth: dict[str, int] = {}
    found: dict[str, str | None] = {}
    for key in _in_order(inputs):
        ranked = [(depth[source], rank, source) for rank, source in inputs[key] if source in depth]
        found[key] = max(ranked)[2] if ranked else None
        depth[key] = depth[found[key] or ""] + 1 if ranked else 0
    return found


def _in_order(inputs: Mapping[str, Sequence[tuple[int, str]]]) -> Iterable[str]:
    """Inputs first. Folds that read each other, which no plan has, stay in their order."""
    sources = {key: [source for _, source in read] for key, read in inputs.items()}
    try:
        return list(TopologicalSorter(sources).static_order())
    except CycleError:
        return list(inputs)
