"""Files that are one object with the rows in a list of it, as many programs write them: ``{"data": [{…}, …]}``."""

from __future__ import annotations

import re

from compiler.world import SourceFacts


def out_of_list(field: str, file: str) -> str | None:
    """How to take the rows out of a field; None where a shell would need it quoted."""
    if not re.fullmatch(r"[A-Za-z_]\w*", field, re.ASCII) or not re.fullmatch(r"[\w./-]+", file):
        return None
    command = f"jq -c '.{field}[]' {file} > rows.jsonl"
    return f"the file is one object with a list in `{field}`; if that holds the rows, take them out: `{command}`"


def rows_inside(facts: SourceFacts | None) -> str | None:
    """What helps when columns are missing of a source that is one row with one list."""
    if facts is None or (facts.rows, facts.unreadable) != (1, 0) or facts.format not in ("json", "jsonl"):
        return None
    lists = [name for name, kind in facts.columns.items() if kind == "list"]
    return out_of_list(lists[0], facts.files[0][0]) if len(lists) == 1 else None
