"""The law of the ledger, in SQL, over every example that ships: in = kept + dropped, and an entry a dropped row."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

from compiler.compile import compile_export
from compiler.plan import Plan, Step
from runtime.scheduler import run_plan
from runtime.store import Store
from runtime.world import LocalWorld
from sft.project import read_spec
from spec_lang.diagnostics import DiagnosticError, Diagnostics

ROOT = Path(__file__).parent.parent

UNBALANCED = """
SELECT s.step_id, s.rows_in, s.rows_out, s.rows_dropped, coalesce(l.entries, 0) AS entries
FROM steps s LEFT JOIN (SELECT step_hash, count(*) AS entries FROM ledger GROUP BY 1) l USING (step_hash)
WHERE s.status IN ('done', 'cached')
  AND (s.rows_in <> s.rows_out + s.rows_dropped OR s.rows_dropped <> coalesce(l.entries, 0))
"""
STRANGERS = """
SELECT step_hash, rule, row_id, line FROM ledger
WHERE rule <> 'unreadable' AND row_id NOT IN (SELECT row_id FROM examples)
   OR survivor NOT IN (SELECT row_id FROM examples) OR rule = 'unreadable' AND (line IS NULL OR file IS NULL)
"""


def data_plan(spec: Path) -> Plan | None:
    """Every data step of a spec: those behind the rows that could be exported, which need no model."""
    file = read_spec(spec)
    steps: dict[str, Step] = {}
    for name in re.findall(r"^(?:task|mixture)\s+(\w+)", file.text, re.MULTILINE):
        with suppress(DiagnosticError):  # a task without templates has no rows to hand out
            exported = compile_export(file, LocalWorld(spec.parent), Diagnostics(), name)
            steps |= {step.id: step for step in exported.plan} if exported is not None else {}
    return Plan(format=1, edition=2026, spec=spec.name, steps=tuple(steps.values())) if steps else None


def test_every_row_of_the_examples_is_accounted_for(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns(".sft"))
    store = Store(tmp_path / "store")
    ran = 0
    for spec in sorted((tmp_path / "examples").rglob("*.sft")):
        if (plan := data_plan(spec)) is not None:
            outcome = run_plan(plan, spec.parent, store)
            assert outcome.status == "done", (spec, outcome.findings)
            ran += 1
    assert ran >= 6
    assert store.query(UNBALANCED) == [] and store.query(STRANGERS) == []
    told = "SELECT count(*), sum(rows_in), sum(rows_dropped) FROM results"
    steps, rows, dropped = store.query(told)[0]
    assert steps > 20 and rows > 1000 and dropped > 10


def test_the_queries_find_what_is_wrong(tmp_path: Path) -> None:
    store = Store(tmp_path / "store").create()
    columns = ("run_id", "ordinal", "step_id", "kind", "name", "step_hash", "labels", "status")
    counts = ("rows_in", "rows_out", "rows_dropped")
    for number, (rows, entries) in enumerate([((5, 4, 1), 0), ((5, 5, 0), 1), ((5, 3, 1), 1)]):
        name = f"s{number}"
        store.insert("steps", (*columns, *counts), [("r", number, name, "filter", name, name, "{}", "done", *rows)])
        store.insert("ledger", ("step_hash", "rule", "row_id"), [(name, "0", "nobody")] * entries)
    assert {row[0] for row in store.query(UNBALANCED)} == {"s0", "s1", "s2"} and len(store.query(STRANGERS)) == 2
