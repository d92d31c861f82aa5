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
from runtime.run_comparison import MetricPair
from sft.comparing import Difference
from sft.plain_tables import Table, aligned, wrapped
from spec_lang.frames import Line, Piece
from spec_lang.plain_text import visible
from tui.formats import NOTHING
from tui.view_models.compare import NO_TEST, measured_text, own_reasons, pair_words, step_title

_BLOCK_MARKS = {"added": "+", "removed": "-", "renamed": ">", "changed": "~"}
_STEP_STYLES = {"run": "added", "orphan": "removed", "rerun": "changed", "cached": "changed"}


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
        own = own_reasons(change)
        if change.state == "cached" and change.renamed_from is None:
            continue
        if change.state == "rerun" and not own and change.renamed_from is None:
            followers += 1
            continue
        lines.append([Piece(visible(step_title(change)), _STEP_STYLES[change.state])])
        for reason in own if change.state == "rerun" else ():
            lines += [[Piece(f"    {part}")] for part in wrapped(reason, width - 4)]
    if followers:
        lines.append([Piece(f"and {followers} step{'s' * (followers != 1)} after these", "quiet")])
    same = sum(change.state == "cached" for change in found.steps)
    return f"steps ({same} the same)", lines or [[Piece("all have the same hashes: the same results")]]


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
        (
            f"{pair.eval}.{pair.metric}({pair.model})",
            measured_text(pair.first),
            measured_text(pair.second),
            _items(pair),
        )
        for pair in found.metrics
    ]
    notes = [pair_words(pair) for pair in found.metrics]
    lines = _table(Table("", ("metric", "first", "second", "n"), rows, frozenset({3}), notes), width)
    if any(pair.paired for pair in found.metrics):
        lines += [[Piece(text, "quiet")] for text in wrapped(NO_TEST, width)]
    return "metrics", lines


def _items(pair: MetricPair) -> str:
    return "/".join(f"{n:,}" for n in dict.fromkeys(side.n for side in (pair.first, pair.second) if side is not None))


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
