"""Finished conversations as a table that a layout selects from, and what has to be known of them first.

A part is the artifact of a render or mix step (or of whatever stands after one): ``row_id``, ``messages`` as JSON
text, template and task, in training order. Layouts are selects over it, written by DuckDB in one pass from file
to file, in order, so a million rows stream through some hundred MB. One pass before it looks at the shapes of
conversations, because tools skip in silence what they do not expect: 1,000,000 short rows take 3.5 s of processor time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from runtime.relational import PARQUET_SETTINGS, PLACE, Engine, literal, parquet

PLAIN_KEYS = frozenset({"role", "content"})
PLAIN_ROLES = frozenset({"system", "user", "assistant"})
TOOLS = "tools"  # the role of a first turn that holds the list of tools (runtime.models.tools)
LOSS = "loss"  # the key that is false on an answer that is not learned


@dataclass(frozen=True)
class Part:
    """``file`` holds the rows; ``template_names`` and ``task_names`` are what their template hashes, and in a mixture
    their parts, are called in the spec."""

    name: str
    file: Path
    template_names: Mapping[str, str]
    task_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pattern:
    """Conversations of the same shape: roles in order, keys that any message has, types of the contents. ``example`` is
    the id of the first of them."""

    roles: tuple[str, ...]
    keys: frozenset[str]
    types: frozenset[str]
    rows: int
    example: str

    @property
    def is_plain(self) -> bool:
        """Whether every message is a text under one of the three usual roles, and nothing else."""
        return self.is_text() and not self.has_tools

    def is_text(self, *more: str) -> bool:
        """Whether it is texts under the usual roles, after the list of tools where there is one; messages may have the
        keys ``more`` too."""
        turns = self.roles[1:] if self.has_tools else self.roles
        return self.keys <= {*PLAIN_KEYS, *more} and self.types == {"VARCHAR"} and PLAIN_ROLES.issuperset(turns)

    @property
    def has_tools(self) -> bool:
        return self.roles[:1] == (TOOLS,)

    @property
    def answers_once(self) -> bool:
        return self.roles.count("assistant") == 1 and self.roles[-1] == "assistant"

    @property
    def alternates(self) -> bool:
        """Whether user and assistant take turns, from the first (or after one system message) to the last."""
        turns = self.roles[1:] if self.roles[:1] == ("system",) else self.roles
        return len(turns) % 2 == 0 and turns == ("user", "assistant") * (len(turns) // 2)


@dataclass(frozen=True)
class PartTable:
    """A part, open in an engine as ``view``."""

    part: Part
    db: Engine
    view: str
    has_task: bool
    has_tools: bool
    patterns: tuple[Pattern, ...]

    @property
    def rows(self) -> int:
        return sum(pattern.rows for pattern in self.patterns)

    @property
    def origin_columns(self) -> str:
        """SQL of the columns that tell where a row is from."""
        return "row_id, template" + ", task" * self.has_task + ", tools" * self.has_tools

    def by_template(self) -> dict[str, int]:
        """Rows of each template, most first."""
        return dict(
            self.db.rows(f"SELECT coalesce(template, ''), count(*) FROM {self.view} GROUP BY 1 ORDER BY 2 DESC, 1")
        )

    def copy(self, select: str, path: Path, form: Literal["json", "parquet"]) -> None:
        """Write a select over the view to a file: JSON lines or Parquet."""
        path.parent.mkdir(parents=True, exist_ok=True)
        settings = "FORMAT json" if form == "json" else PARQUET_SETTINGS
        self.db.execute(f"COPY ({select}) TO {literal(str(path))} ({settings})")


def open_part(db: Engine, part: Part, position: int) -> PartTable:
    """The part as a table; ``position`` keeps its view apart from those of other parts."""
    view, source = f"rows_{position}", parquet(part.file)
    columns = [row[0] for row in db.rows(f"SELECT column_name FROM (DESCRIBE FROM {source})")]
    patterns = _patterns(db, source)
    has_tools = any(pattern.has_tools for pattern in patterns)
    template = _named(db, f"{view}_templates", part.template_names)
    task = f", {_named(db, f'{view}_tasks', part.task_names)}[part] AS task" if "part" in columns else ""
    talk = _WITHOUT_TOOLS if has_tools else "messages"
    db.execute(
        f"CREATE VIEW {view} AS SELECT row_id, {talk}, {template}[template_hash] AS template{task} FROM {source}"
    )
    return PartTable(part, db, view, "part" in columns, has_tools, patterns)


_IS_TOOLS = f"messages ->> '$[0].role' = '{TOOLS}'"
_TURNS = "to_json(list_slice(from_json(messages, '[\"JSON\"]'), 2, -1))::VARCHAR"
_WITHOUT_TOOLS = (
    f"CASE WHEN {_IS_TOOLS} THEN {_TURNS} ELSE messages END AS messages, "
    f"CASE WHEN {_IS_TOOLS} THEN messages ->> '$[0].content' END AS tools"
)


def _named(db: Engine, table: str, names: Mapping[str, str]) -> str:
    """SQL of a map from keys to names; the names are bound, in a table of their own."""
    values = [list(names), list(names.values())]
    db.execute(f"CREATE TABLE {table} AS SELECT unnest(?::VARCHAR[]) AS k, unnest(?::VARCHAR[]) AS n", values)
    return f"(SELECT map(list(k), list(n)) FROM {table})"


def _patterns(db: Engine, source: str) -> tuple[Pattern, ...]:
    found = db.rows(
        "SELECT roles, keys, types, count(*), arg_min(row_id, place) FROM (SELECT messages ->> '$[*].role' AS roles, "
        "list_sort(list_distinct(flatten(json_keys(messages, '$[*]')))) AS keys, "
        f"list_sort(list_distinct(json_type(messages, '$[*].content'))) AS types, row_id, {PLACE} AS place "
        f"FROM {source}) GROUP BY ALL "
        "ORDER BY 4 DESC, 1"
    )
    return tuple(
        Pattern(tuple(str(role) for role in roles), frozenset(keys), frozenset(types), int(rows), example)
        for roles, keys, types, rows, example in found
    )
