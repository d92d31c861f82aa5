"""Names of columns that no data may have: those of the run itself, and those that reading a Parquet file adds.

A step puts its own columns beside those of the data. One name for both would let the data say what the step is to say,
such as which row a ledger names. DuckDB's Parquet reader has three columns that one of the data would hide.
"""

from __future__ import annotations

import re

OWN = "__"  # how columns of the run begin
_INDEX = re.compile(r"__index_level_\d+__")  # pandas writes it into most Parquet files; no step has one called so
_OF_PARQUET = frozenset({"file_row_number", "filename", "file_index"})


def is_own(name: str) -> bool:
    """Whether a column of data may not be called so. SQL does not tell upper from lower case."""
    if _INDEX.fullmatch(name):
        return False
    return name.startswith(OWN) or name.lower() in _OF_PARQUET
