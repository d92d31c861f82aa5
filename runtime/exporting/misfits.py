"""Rows that a layout cannot take: which, and what can be done about them.

The way out is written as the rule of a filter, where an item of ``messages`` is the JSON of a turn. Examples of a
template are in no row that a filter sees.
"""

from __future__ import annotations

from collections.abc import Sequence

from runtime.exporting.layouts.base import Layout
from runtime.exporting.rows import LOSS, PLAIN_KEYS, PLAIN_ROLES, TOOLS, PartTable, Pattern
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible


def refuse_misfits(table: PartTable, layout: Layout, others: Sequence[str]) -> None:
    """Raise DiagnosticError SFT0924 when the layout's tool skips or misreads a row; ``others`` are the names of layouts
    that take all of them."""
    bad = [pattern for pattern in table.patterns if not layout.fits(pattern)]
    if not bad:
        return
    first = bad[0]
    more = first.keys - PLAIN_KEYS
    roles = ", ".join(map(visible, first.roles[:6])) + (", …" if len(first.roles) > 6 else "")
    keys = f" with {', '.join(map(visible, sorted(more)))}" if more else ""
    raise fatal(
        "SFT0924",
        f"{sum(pattern.rows for pattern in bad):,} of {table.rows:,} rows of `{table.part.name}` do not fit "
        f"{layout.tool}, which takes {layout.takes}; {first.rows:,} of them, such as row `{first.example[:12]}`, "
        f"are: {roles}{keys}",
        f"{_way_out(first)}; or export with {' or '.join(f'`--as {name}`' for name in others)}, which "
        f"{'take' if len(others) > 1 else 'takes'} all of these rows",
    )


def _way_out(pattern: Pattern) -> str:
    """The rule of a filter that drops such rows."""
    roles = [role for role in dict.fromkeys(pattern.roles) if role not in (*PLAIN_ROLES, TOOLS)]
    keys = sorted(pattern.keys - {*PLAIN_KEYS, LOSS})
    if roles:
        return _drop(f'json_field(item, "role") == "{visible(roles[0])}"')
    if keys:
        return _drop(f'not is_null(json_field(item, "{visible(keys[0])}"))')
    if pattern.has_tools:
        return _drop(f'json_field(item, "role") == "{TOOLS}"')
    if LOSS in pattern.keys:
        examples = (
            "examples of `few_shot` are answers that are not learned: give them a `text`; where a file marks turns, "
        )
        return examples + _drop('json_field(item, "loss") == "false"')
    return f"drop them in a filter (`sft trace {pattern.example[:12]}` shows the row)"


def _drop(condition: str) -> str:
    return f"drop them in a filter: `drop any(messages, {condition})`"
