"""What cannot be put to a model: kept in the ledger with the reason, and the rest goes on.

Shared by the steps that ask and the steps that read. One pass of encoding over all of it, before any model call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from runtime.context import StepContext
from runtime.store import insert_rows
from spec_lang.diagnostics import fatal

T = TypeVar("T")
U = TypeVar("U")
_LEDGER = ("step_hash", "rule", "row_id", "detail")


def without_refused(
    ctx: StepContext, asked: Sequence[T], row_id: Callable[[T], str], encode: Callable[[T], U], what: str
) -> list[U]:
    """What ``encode`` makes of each, in order, without those for which it raises ``Unanswerable``.

    Raises DiagnosticError SFT0551 when all are refused; ``what`` is how they are called, as in "none of 3 prompts".
    """
    from runtime.models.prompt_tokens import Unanswerable

    taken, drops = [], []
    for one in asked:
        try:
            taken.append(encode(one))
        except Unanswerable as refused:
            drops.append((ctx.step.hash, refused.rule, row_id(one), str(refused)))
    with ctx.store.writing() as con:
        con.execute("DELETE FROM ledger WHERE step_hash = ?", [ctx.step.hash])
        insert_rows(con, "ledger", _LEDGER, drops)
    if asked and not taken:
        raise fatal("SFT0551", f"none of {len(asked)} {what} can be put to the model: {drops[0][3]}")
    return taken
