"""A plan as a tree for a terminal, and as records for programs. Pure; nothing is wider than asked.

A step hangs under the deepest of the steps it reads, so that the longest chain reads from top to bottom; what else
it reads is counted behind its name, ``(+2)``. Reasons stand below their step, except where the step above it is the
reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.cells import cell_len, set_cell_size

from compiler.plan import Step
from compiler.plan_diff import NOT_FINISHED, StepChange
from runtime.generating.requests_ahead import RequestsAhead
from runtime.plan_facts import LAST_RUN, StepFacts
from sft.plain_tables import wrapped
from sft.planning import Outlook
from spec_lang.frames import Line, Piece
from spec_lang.plain_text import visible
from tui.formats import duration
from tui.view_models.plan_tree import Node, Part, plan_tree

MARKS = {"cached": "=", "run": "+", "rerun": "~", "skipped": "·", "orphan": "-"}
WORDS = {
    "cached": "cached",
    "run": "to run",
    "rerun": "to rerun",
    "skipped": "skipped",
    "orphan": "no longer in the plan",
}

_COLUMNS = (("state", 6), ("rows", 10), ("tokens", 7), ("time", 8))
_FIXED = sum(width + 2 for _, width in _COLUMNS)
_NARROWEST = 24


def plan_lines(outlook: Outlook, width: int) -> list[Line]:
    """The tree with its columns, the orphans, and a summary."""
    changes = {change.step_id: change for change in outlook.changes}
    steps = {step.id: step for step in outlook.plan}
    places = list(plan_tree([Part(step.id, tuple(step.inputs.items())) for step in outlook.plan]))
    orphans = [change for change in outlook.changes if change.state == "orphan"]
    names = [f"{place.lead}{MARKS['run']} {_title(steps[place.key])}" for place in places]
    needed = max([*map(cell_len, names), *(len(change.step_id) + 2 for change in orphans)], default=0)
    room = max(_NARROWEST, min(needed, width - _FIXED))
    lines: list[Line] = [[Piece(" " * room), *_cells([name for name, _ in _COLUMNS], "quiet")]]
    stopped: set[tuple[str, ...]] = set()
    for place in places:
        change, facts = changes[place.key], outlook.facts[place.key]
        lines.append(_step_line(place.lead, _title(steps[place.key]), change, facts, room))
        if change.state != "skipped" or change.reasons not in stopped:  # one stop skips many steps
            lines += _reason_lines(place, change, width)
            stopped |= {change.reasons} if change.state == "skipped" else set()
        lines += _request_lines(place, change, facts, width)
    for change in orphans:
        title = change.step_id.replace(":", " ", 1)
        lines.append(_step_line("", title, change, outlook.facts.get(change.step_id, StepFacts()), room))
    return [*lines, [], *_summary(outlook, width)]


def _title(step: Step) -> str:
    more = len(set(step.inputs.values())) - 1
    told = f": {step.local['told']}" if "told" in step.local else ""
    return f"{step.kind} {step.name}{told}{f' (+{more})' if more > 0 else ''}"


def _step_line(lead: str, title: str, change: StepChange, facts: StepFacts, room: int) -> Line:
    mark = f"{MARKS[change.state]} "
    shown = _cut(visible(title), room - cell_len(lead) - 2)
    blank = " " * (room - cell_len(lead) - 2 - cell_len(shown))
    rows = "" if change.step_id.startswith("gate:") else _rows(facts)  # what comes into a gate are requirements
    cells = [change.state, rows, _tokens(facts), _time(change, facts)]
    return [Piece(lead, "quiet"), Piece(mark + shown + blank, change.state), *_cells(cells, change.state)]


def _cells(cells: Sequence[str], style: str) -> Line:
    """The state to the left, numbers to the right."""
    shown = [f"{cells[0]:<{_COLUMNS[0][1]}}"]
    shown += [f"{cell:>{width}}" for cell, (_, width) in zip(cells[1:], _COLUMNS[1:], strict=True)]
    return [Piece(("  " + "  ".join(shown)).rstrip(), style)]


def _rows(facts: StepFacts) -> str:
    if facts.rows_in is None:
        return ""
    return f"{'' if facts.exact else '~'}{facts.rows_in:,}"


def _tokens(facts: StepFacts) -> str:
    return "" if facts.tokens is None else f"{'' if facts.done else '~'}{short_count(facts.tokens)}"


def _time(change: StepChange, facts: StepFacts) -> str:
    """Only of what has to run: what is cached takes none."""
    if change.state not in ("run", "rerun"):
        return ""
    return "?" if facts.seconds is None else f"~{rough(facts.seconds)}"


def rough(seconds: float) -> str:
    """A duration that is no more exact than an estimate: ``870 ms``, ``42 s``, ``1.4 min``, ``35 min``, ``2.5 h``."""
    if seconds < 59.5:
        return duration(seconds)
    size, unit = (60, "min") if seconds < 3570 else (3600, "h")
    return f"{seconds / size:.1f} {unit}" if seconds < 9.95 * size else f"{seconds / size:,.0f} {unit}"


def short_count(number: int) -> str:
    """``812``, ``7.2k``, ``1.4M``."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.1f}{unit}" if number < 100 * size else f"{number // size}{unit}"
    return str(number)


def _reason_lines(place: Node, change: StepChange, width: int) -> list[Line]:
    told = [f"renamed from {change.renamed_from}"] if change.renamed_from else []
    if change.state in ("rerun", "skipped") or change.reasons == (NOT_FINISHED,):
        because = f"because {place.parent} "
        told += [reason for reason in change.reasons if not reason.startswith(because)]
    indent = place.below + "  "
    lines: list[Line] = []
    for reason in told:
        for text in wrapped(reason, max(30, width - cell_len(indent))):
            lines.append([Piece(place.below, "quiet"), Piece("  " + text, "reason")])
    return lines


def _request_lines(place: Node, change: StepChange, facts: StepFacts, width: int) -> list[Line]:
    """How often a step that has to run asks its model."""
    told = requests_told(facts.requests) if change.state in ("run", "rerun") else ""
    indent = place.below + "  "
    lines = wrapped(told, max(30, width - cell_len(indent))) if told else []
    return [[Piece(place.below, "quiet"), Piece("  " + text, "quiet")] for text in lines]


def requests_told(ahead: RequestsAhead | None) -> str:
    """``at least 1,063 requests, at most 2,000 (budget); less what is answered already``."""
    if ahead is None or (ahead.least is None and ahead.most is None):
        return ""
    most = "no budget limits them" if ahead.most is None else f"at most {ahead.most:,}" + " (budget)" * ahead.by_budget
    if ahead.least is not None and ahead.least == ahead.most:
        told = f"{ahead.least:,} requests" + " (budget)" * ahead.by_budget
    else:
        told = most if ahead.least is None else f"at least {ahead.least:,} requests, {most}"
    return f"{told}; less what is answered already"


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…"


# --- the last lines ---------------------------------------------------------------------------------


def _summary(outlook: Outlook, width: int) -> list[Line]:
    counts = {state: sum(change.state == state for change in outlook.changes) for state in MARKS}
    told = [f"{counts[state]} {WORDS[state]}" for state in MARKS if counts[state] or state == "cached"]
    lines: list[Line] = [[Piece(", ".join(told))]]
    work = [outlook.facts[c.step_id] for c in outlook.changes if c.state in ("run", "rerun")]
    if not work:
        return [*lines, [Piece("nothing to do")]]
    return [*lines, *([Piece(text, "quiet")] for text in wrapped(_time_told(work), width))]


def _time_told(work: Sequence[StepFacts]) -> str:
    """How long all of it takes, and how far that can be trusted."""
    known = [fact for fact in work if fact.seconds is not None]
    if not known:
        return "time: not known, no step of these kinds has run in this store"
    bases = Counter(fact.basis or "" for fact in known)
    told = [f"{bases.pop(LAST_RUN)} from their last run"] if LAST_RUN in bases else []
    told += [f"{count} from {basis}" for basis, count in bases.items()]
    told += [f"{len(work) - len(known)} not known"] if len(known) < len(work) else []
    total = rough(sum(fact.seconds for fact in known if fact.seconds is not None))
    return f"time: about {total} on this machine, in proportion to the rows ({', '.join(told)})"


def records(outlook: Outlook) -> list[Mapping[str, Any]]:
    """One record a step, orphans last; numbers that are not known are null."""
    steps = {step.id: step for step in outlook.plan.steps}
    return [
        _record(change, steps.get(change.step_id), outlook.facts.get(change.step_id, StepFacts()))
        for change in outlook.changes
    ]


def _record(change: StepChange, step: Step | None, facts: StepFacts) -> Mapping[str, Any]:
    seconds = None if facts.seconds is None else round(facts.seconds, 3)
    return {
        "step": change.step_id,
        "state": change.state,
        "reasons": list(change.reasons),
        "renamed_from": change.renamed_from,
        "inputs": sorted(set(step.inputs.values())) if step is not None else [],
        "rows": facts.rows_in,
        "rows_counted": facts.exact,
        "tokens": facts.tokens,
        "tokens_counted": facts.done and facts.tokens is not None,
        "seconds": seconds,
        "seconds_by": "measured" if facts.done else facts.basis,
        **({"requests": asdict(facts.requests)} if facts.requests is not None else {}),
    }
