"""How many gates a held-out set has decided: each is a chance to tune against it.

A set is known by the contents of its items, so one row more or less makes another set, and a count by sets alone would
begin anew with every filter that is touched. What wears out is the items: a gate on another set counts too, where that
set has more than half of this one's items. Those are found when a gate is decided, among the sets that earlier gates of
the store were decided on: some 10 ms a 100,000 of their items, and nothing where all gates had the same set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtime.store import Store

if TYPE_CHECKING:
    import duckdb

    from runtime.gating.evidence import Evidence

_OTHER_GATES = """
SELECT i.input_hash, list(DISTINCT g.gate_hash) FROM looks g JOIN lineage i ON i.step_hash = g.gate_hash
WHERE g.gate_hash NOT IN (SELECT gate_hash FROM looks WHERE held_out = ?) GROUP BY i.input_hash"""
_SHARED = """
SELECT step_hash, count(DISTINCT row_id) FROM item_metrics WHERE list_contains($others, step_hash)
    AND row_id IN (SELECT row_id FROM item_metrics WHERE step_hash = $own) GROUP BY step_hash"""


@dataclass(frozen=True)
class Looks:
    """Gates that a set has decided, and gates that were decided on other sets with most of its items."""

    own: int
    others: int

    @property
    def told(self) -> str:
        text = f"This held-out set has decided {f'{self.own:,} gates so far' if self.own > 1 else '1 gate'}"
        if not self.others:
            return f"{text}."
        more = "1 more gate was" if self.others == 1 else f"{self.others:,} more gates were"
        return f"{text}; {more} decided on other sets with most of its items."


def gates_on_most(store: Store, evidence: Evidence) -> int:
    """How many gates were decided on other sets that have more than half of these items."""
    with store.reading() as con:
        gates = dict(con.execute(_OTHER_GATES, [evidence.held_out]).fetchall())
        if not gates:
            return 0
        shared = con.execute(_SHARED, {"own": evidence.step_hash, "others": list(gates)}).fetchall()
    most = [step for step, items in shared if 2 * items > len(evidence.row_ids)]
    return len({gate for step in most for gate in gates[step]})


def look(con: duckdb.DuckDBPyConnection, held_out: str, gate_hash: str, run_id: str) -> int:
    """Record a gate's look at a set; how many gates it has decided by now, this one included."""
    con.execute(
        "INSERT OR IGNORE INTO looks (held_out, gate_hash, run_id, looked_at) VALUES (?, ?, ?, now())",
        [held_out, gate_hash, run_id],
    )
    found = con.execute("SELECT count(*) FROM looks WHERE held_out = ?", [held_out]).fetchone()
    return int(found[0]) if found else 1
