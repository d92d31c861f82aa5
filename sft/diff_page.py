"""A difference for people, in lines, and for programs, as one record. Pure; nothing is wider than asked.

Steps that changed only because of a step before them are counted, not listed: the cause is what a reader looks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from msgspec import to_builtins

from compiler.plan_diff import StepChange
from compiler.spec_diff import BlockChange, EntryChange
from runtime.run_comparison import Measured, MetricPair, Paired
from sft.comparing import Difference
from sft.plain_tables import Table, aligned, wrapped
from spec_lang.frames import Line, Piece
from spec_lang.plain_text import visible
from tui.formats import NOTHING, estimate

_BLOCK_MARKS = {"added": "+", "removed": "-", "renamed": ">", "changed": "~"}
_STEP_STYLES = {"run": "added", "orphan": "removed", "rerun": "changed", "cached": "changed"}
_NO_TEST = (
    "two intervals side by side are no test; `change` is: second minus first on the same rows, with its 95% interval"
)


def diff_lines(found: Difference, width: int) -> list[Line]:
    """All that differs, or one line that nothing does."""
    lines = [[Piece(visible(f"first   {found.first.label}"))], [Piece(visible(f"second  {found.second.label}"))]]
    sections = [_blocks(found.blocks, width), _steps(found, width), _verdicts(found, width), _metrics(found, width)]
    for title, body in (section for section in sections if section is not None and section[1]):
        lines += [[], [Piece(title, "title")], *body]
    return lines


def _blocks(blocks: Sequence[BlockChange] | None, width: int) -> tuple[str, list[Line]] | None:
    if blocks is None:
        return None
    lines: list[Line] = []
    for block in blocks:
        style = {"renamed": "changed"}.get(block.kind, block.kind)
        was = f", called `{block.was}` before" if block.was else ""
        lines.append(
            [
                Piece(visible(f"{_BLOCK_MARKS[block.kind]} {block.title}{was}"), style),
                Piece(f"  (line {block.line})", "quiet"),
            ]
        )
        for entry in block.entries:
            lines += _entry(entry, width)
    return "blocks", lines or [[Piece("the same")]]


def _entry(entry: EntryChange, width: int) -> Iterator[Line]:
    mark, style = ("+", "added") if entry.old is None else ("-", "removed") if entry.new is None else ("~", "changed")
    name = entry.path
    if entry.old is not None and entry.new is not None:
        text = f"{name}: {entry.old} -> {entry.new}" if name else f"{entry.old} -> {entry.new}"
        if len(text) + 6 > width:
            lead = f"{name}: " if name else ""
            yield from _indented(f"- {lead}{entry.old}", "removed", width)
            yield from _indented(f"+ {lead}{entry.new}", "added", width)
            return
    else:
        value = entry.new if entry.old is None else entry.old
        text = f"{name} = {value}" if name and value else name or value or ""
    yield from _indented(f"{mark} {text}", style, width)


def _indented(text: str, style: str, width: int) -> Iterator[Line]:
    for number_, part in enumerate(wrapped(text, width - 8)):
        yield [Piece(f"    {'  ' if number_ else ''}{part}", style)]


def _steps(found: Difference, width: int) -> tuple[str, list[Line]] | None:
    if found.steps is None:
        broken = [side.label for side in (found.first, found.second) if side.findings is not None]
        return "steps", [[Piece(visible(f"not compared: {', '.join(broken)} does not compile"))]]
    lines: list[Line] = []
    followers = 0
    for change in found.steps:
        own = [reason for reason in change.reasons if not reason.startswith("because ")]
        if change.state == "cached" and change.renamed_from is None:
            continue
        if change.state == "rerun" and not own and change.renamed_from is None:
            followers += 1
            continue
        lines.append([Piece(visible(_step_title(change)), _STEP_STYLES[change.state])])
        for reason in own if change.state == "rerun" else ():
            lines += [[Piece(f"    {part}")] for part in wrapped(reason, width - 4)]
    if followers:
        lines.append([Piece(f"and {followers} step{'s' * (followers != 1)} after these", "quiet")])
    same = sum(change.state == "cached" for change in found.steps)
    return f"steps ({same} the same)", lines or [[Piece("all have the same hashes: the same results")]]


def _step_title(change: StepChange) -> str:
    mark = {"run": "+", "orphan": "-", "rerun": "~"}.get(change.state, ">")
    was = f", called {change.renamed_from} before" if change.renamed_from else ""
    return f"{mark} {change.step_id}{was}"


def _verdicts(found: Difference, width: int) -> tuple[str, list[Line]] | None:
    if found.verdicts is None:
        return None
    rows = [
        (
            "" if pair.first == pair.second else "~",
            f"{pair.gate}: {pair.text}",
            pair.first or NOTHING,
            pair.second or NOTHING,
        )
        for pair in found.verdicts
    ]
    return "verdicts", _table(Table("", ("", "requirement", "first", "second"), rows), width)


def _metrics(found: Difference, width: int) -> tuple[str, list[Line]] | None:
    if found.metrics is None:
        return None
    rows = [
        (f"{pair.eval}.{pair.metric}({pair.model})", _measured(pair.first), _measured(pair.second), _items(pair))
        for pair in found.metrics
    ]
    notes = [_note(pair) for pair in found.metrics]
    lines = _table(Table("", ("metric", "first", "second", "n"), rows, frozenset({3}), notes), width)
    if any(pair.paired for pair in found.metrics):
        lines += [[Piece(text, "quiet")] for text in wrapped(_NO_TEST, width)]
    return "metrics", lines


def _measured(side: Measured | None) -> str:
    return NOTHING if side is None else estimate(side.estimate, side.low, side.high, side.unit)


def _items(pair: MetricPair) -> str:
    return "/".join(f"{n:,}" for n in dict.fromkeys(side.n for side in (pair.first, pair.second) if side is not None))


def _note(pair: MetricPair) -> str:
    """The change, or why there is none."""
    paired = pair.paired
    if paired is None:
        return pair.note
    unit = pair.second.unit if pair.second is not None else "plain"
    change = estimate(paired.estimate, paired.low, paired.high, "points" if unit == "share" else unit, signed=True)
    rows = f"{paired.n:,} row{'s' * (paired.n != 1)} under {' and '.join(paired.templates)}"
    test = f"p = {paired.p_value:.3g} for a {'rise' if paired.better == 'lower' else 'drop'} ({paired.test})"
    return f"change {change} on {rows}: {_flips(paired)}, {test}{f'; {pair.note}' if pair.note else ''}"


def _flips(paired: Paired) -> str:
    """How many answers changed which way, by the side on which the metric is better."""
    if paired.better is None:
        return f"{paired.gained:,} answers larger, {paired.lost:,} smaller"
    better, worse = (paired.lost, paired.gained) if paired.better == "lower" else (paired.gained, paired.lost)
    return f"{better:,} answers better, {worse:,} worse"


def _table(table: Table, width: int) -> list[Line]:
    return [[Piece(line)] for line in aligned(table, width)] if table.rows else []


def record(found: Difference) -> dict[str, Any]:
    """The same facts for programs; what could not be compared is null."""
    return {
        "first": found.first.label,
        "second": found.second.label,
        "same": found.is_same,
        "blocks": None if found.blocks is None else to_builtins(found.blocks),
        "steps": None if found.steps is None else [_step_record(change) for change in found.steps],
        "verdicts": None if found.verdicts is None else [asdict(pair) for pair in found.verdicts],
        "metrics": None if found.metrics is None else [asdict(pair) for pair in found.metrics],
    }


def _step_record(change: StepChange) -> dict[str, Any]:
    state = {"run": "added", "orphan": "removed", "rerun": "changed"}.get(change.state, "same")
    reasons = [reason for reason in change.reasons if change.state == "rerun"]
    return {"step": change.step_id, "state": state, "reasons": reasons, "renamed_from": change.renamed_from}
