"""What to show of a view of ``sft show``, and names in it that have to exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.store import Store
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible
from spec_lang.suggest import closest
from tui import queries

ENDED = ("done", "cached")


@dataclass(frozen=True)
class Filters:
    """What to show of a view. Names are those of the spec; ``step`` is a step id, ``rule`` a rule of it as
    :func:`shown_rule` has it, ``row`` an id or a place from 0, ``at`` a limit to try."""

    step: str | None = None
    rule: str | None = None
    eval: str | None = None
    model: str | None = None
    template: str | None = None
    metric: str | None = None
    row: str | None = None
    at: float | None = None
    baseline: str | None = None
    outcome: str | None = None
    slice: str | None = None
    text: str | None = None
    where: str | None = None
    cause: str | None = None
    tag: str | None = None
    marked: bool = False
    all: bool = False
    limit: int = 20
    most: int | None = None  # the limit that was asked for, of views that show everything otherwise


def unfinished(store: Store, run_id: str, kind: str, step_id: str | None) -> str:
    """Which steps of a kind, or whether this one, a page cannot tell of, because the run was stopped before they ended
    or has not come there yet; nothing where there is none."""
    steps = [step for step in queries.steps(store, run_id) if step_id in (None, step.step_id)]
    left = [step for step in steps if step.kind == kind and step.status not in ENDED]
    return "not done: " + ", ".join(f"`{step.step_id}` ({step.status})" for step in left) if left else ""


def shown_rule(rule: str) -> str:
    """A rule of the ledger as people count: its position from 1, as in the spec and in `sft explain`, or its name."""
    return str(int(rule) + 1) if rule.isdecimal() else rule


def step_id(store: Store, run_id: str, named: str) -> str:
    """The id of the step that is meant: ``filter:zh.han``, ``filter zh.han`` as tables show it, ``zh.han`` where no
    other step has that name, or ``han``, a block's own name, where no other step ends in it. Raises DiagnosticError
    SFT0910 where several do; what no step has stays as it is."""
    known = [step.step_id for step in queries.steps(store, run_id)]
    spaced = ":".join(named.split(None, 1))
    if named in known or spaced in known:
        return named if named in known else spaced
    names = {one: one.partition(":")[2] for one in known}
    meant = [one for one, name in names.items() if name == named]
    meant = meant or [one for one, name in names.items() if name.rpartition(".")[2] == named]
    if len(meant) > 1:
        listed = ", ".join(f"`{one}`" for one in meant)
        raise fatal("SFT0910", f"several steps of this run are called `{visible(named)}`", f"name one: {listed}")
    return meant[0] if meant else named


def known_name(name: str | None, options: Sequence[str], what: str) -> None:
    if name is not None and name not in options:
        near = closest(name, sorted(options))
        hint = f"did you mean `{near[0]}`?" if near else f"it has: {', '.join(dict.fromkeys(options)) or 'none'}"
        raise fatal("SFT0910", f"this run has no {what} `{visible(name)}`", hint)
