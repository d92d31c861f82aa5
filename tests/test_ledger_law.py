"""The law of the ledger, in SQL, over every example that ships: in = kept + dropped, and an entry a dropped row."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from compiler.compile import compile_export
from compiler.plan import Plan, Step, StepKind
from runtime.scheduler import run_plan
from runtime.store import Store
from runtime.world import LocalWorld
from sft.project import read_spec
from spec_lang.diagnostics import DiagnosticError, Diagnostics, Severity

ROOT = Path(__file__).parent.parent

UNBALANCED = """
SELECT s.step_id, s.rows_in, s.rows_out, s.rows_dropped, coalesce(l.entries, 0) AS entries
FROM steps s LEFT JOIN (SELECT step_hash, count(*) AS entries FROM ledger GROUP BY 1) l USING (step_hash)
WHERE s.status IN ('done', 'cached')
  AND (s.rows_in <> s.rows_out + s.rows_dropped OR s.rows_dropped <> coalesce(l.entries, 0))
"""
# What an ingest drops never became a row, so it has to have its line; any other entry is of a row that is known.
STRANGERS = """
SELECT step_hash, rule, row_id, line, survivor FROM ledger
WHERE CASE WHEN step_hash IN (SELECT step_hash FROM steps WHERE kind = 'ingest') THEN line IS NULL OR file IS NULL
           ELSE row_id IS NULL OR row_id NOT IN (SELECT row_id FROM examples) END
   OR survivor IS NOT NULL AND survivor NOT IN (SELECT row_id FROM examples)
"""
# Specs without a plan of rows, and why: tasks without templates, and training on preferences, which cannot run yet.
WITHOUT_ROWS = {
    "data-juicer-refine.sft": {"SFT0921"},
    "llama-factory-dpo.sft": {"SFT0202"},
    "sums.sft": {"SFT0921"},  # its answers were recorded: test_recorded_example.py runs it whole
}


def data_plan(spec: Path) -> tuple[Plan, set[str]]:
    """Every data step of a spec, those behind the rows that could be exported, which need no model; codes of errors."""
    file = read_spec(spec)
    steps: dict[str, Step] = {}
    errors: set[str] = set()
    for name in re.findall(r"^(?:task|mixture)\s+(\w+)", file.text, re.MULTILINE):
        found = Diagnostics()
        try:
            exported = compile_export(file, LocalWorld(spec.parent), found, name)
            found_steps = {step.id: step for step in exported.plan} if exported is not None else {}
            if not any(step.kind is StepKind.GENERATE for step in found_steps.values()):  # a model would have to write
                steps |= found_steps
        except DiagnosticError as error:
            errors |= {item.code for item in error.diagnostics}
        errors |= {item.code for item in found if item.severity == Severity.ERROR}
    return Plan(format=1, edition=2026, spec=spec.name, steps=tuple(steps.values())), errors


def test_every_row_of_the_examples_is_accounted_for(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns(".sft"))
    store = Store(tmp_path / "store")
    without = {}
    for spec in sorted((tmp_path / "examples").rglob("*.sft")):
        plan, errors = data_plan(spec)
        if errors or not plan.steps:
            without[spec.name] = errors
            continue
        outcome = run_plan(plan, spec.parent, store)
        assert outcome.status == "done", (spec, outcome.findings)
    assert without == WITHOUT_ROWS
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


def test_an_entry_without_a_row_is_a_line_that_an_ingest_could_not_take(tmp_path: Path) -> None:
    store = Store(tmp_path / "store").create()
    ran = ("run_id", "ordinal", "step_id", "kind", "name", "step_hash", "labels", "status")
    for number, kind in enumerate(("ingest", "filter")):
        store.insert("steps", ran, [("r", number, kind, kind, kind, kind, "{}", "done")])
    entry = ("step_hash", "rule", "row_id", "file", "line")
    sound = [("ingest", "unreadable", None, "a.jsonl", 3), ("ingest", "turn_order", "id", "a.jsonl", 4)]
    store.insert("ledger", entry, sound)
    assert store.query(STRANGERS) == []
    store.insert(
        "ledger", entry, [("filter", "unreadable", None, "a.jsonl", 5), ("ingest", "unreadable", None, "", None)]
    )
    assert {row[0] for row in store.query(STRANGERS)} == {"filter", "ingest"} and len(store.query(STRANGERS)) == 2
