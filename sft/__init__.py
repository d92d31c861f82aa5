"""``sft``: a spec language for instruction tuning, its compiler and its runtime, behind a few functions.

The names below are the whole public surface; each loads what it needs when it is first called, so
``import sft`` costs a few milliseconds and never loads torch, transformers, duckdb or textual.
"""

from __future__ import annotations

from sft.extending import filter, metric, scorer, verifier
from sft.project import check, compile, diff, open_store, run

__version__ = "0.1.0"
__all__ = ["__version__", "check", "compile", "diff", "filter", "metric", "open_store", "run", "scorer", "verifier"]
