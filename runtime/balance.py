"""The row ledger's law, which every step is held to after it ran."""

from __future__ import annotations

from compiler.plan import Step
from runtime.context import StepResult
from runtime.store import Store


def check_balance(store: Store, step: Step, given: StepResult) -> None:
    """The row ledger's law: in = out + dropped, every dropped row has its entry and nothing else has one, and what a
    step says of its rules is what the ledger says. Raises AssertionError (a bug). One look of about 12 ms."""
    if given.rows_in != given.rows_out + given.rows_dropped:
        raise AssertionError(
            f"{step.id}: {given.rows_in} rows in, {given.rows_out} out and {given.rows_dropped} dropped"
        )
    rows = store.query("SELECT rule, count(*) FROM ledger WHERE step_hash = ? GROUP BY rule", [step.hash])
    entries = {rule: int(count) for rule, count in rows}
    if sum(entries.values()) != given.rows_dropped:
        raise AssertionError(f"{step.id}: {given.rows_dropped} rows dropped but {sum(entries.values())} ledger entries")
    told = given.summary.get("dropped_by_rule", entries)
    if {rule: count for rule, count in told.items() if count} != entries:
        raise AssertionError(f"{step.id}: its summary says {told} of its rules, the ledger {entries}")
