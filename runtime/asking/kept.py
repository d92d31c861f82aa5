"""The table ``requests``: what was asked and what came of it, kept as it comes, once a request whichever step asked.

A look-up is one query for any number of requests. Rows are written in short transactions while answers come in
(:mod:`runtime.unwritten_rows`); of two runs that ask the same at once, the first answer stays and both use it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from runtime.asking.request import Answer, Request, Result, Unanswered, messages_text
from runtime.context import StepContext
from runtime.store import Row, Store
from runtime.unwritten_rows import UnwrittenRows

_COLUMNS = {
    **dict.fromkeys(("request_hash", "model_hash", "messages", "decode"), "VARCHAR"),
    "sample": "INTEGER",
    **dict.fromkeys(("answer", "stop_reason", "detail"), "VARCHAR"),
    **dict.fromkeys(("prompt_tokens", "output_tokens"), "INTEGER"),
    "seconds": "DOUBLE",
    "cost": "DECIMAL(18, 9)",
    "attempts": "INTEGER",
    "served": "VARCHAR",
    "made_at": "TIMESTAMPTZ",
}
_READ = (
    "SELECT request_hash, answer, stop_reason, detail, prompt_tokens, output_tokens, seconds, cost, attempts, served "
    "FROM requests SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS request_hash) USING (request_hash)"
)


@dataclass
class KeptRequests:
    """``waiting`` has the rows that are not written yet."""

    ctx: StepContext

    def __post_init__(self) -> None:
        self.waiting = UnwrittenRows[Row](self.ctx, _write, "the model is asked on, its answers wait")

    def known(self, hashes: Sequence[str]) -> dict[str, Result]:
        """What is kept of these requests, by their hashes."""
        if not hashes:
            return {}
        return {row[0]: _result(row) for row in self.ctx.store.query(_READ, [list(hashes)])}

    def keep(self, request: Request, result: Result) -> None:
        """Takes a result for the next transaction, if it would come out the same again."""
        asked = (
            *(request.hash, request.model, messages_text(request.messages)),
            *(request.decode.model_dump_json(), request.sample),
        )
        now = datetime.now(UTC)
        if isinstance(result, Answer):
            came = (result.text, result.stop_reason, None, result.prompt_tokens, result.output_tokens, result.seconds)
            self.waiting.rows.append((*asked, *came, result.cost, result.attempts, result.served, now))
        elif result.lasting:
            detail = result.detail.encode("utf-8", "replace").decode()  # half a character cannot be stored
            came_to_nothing = (None, result.reason, detail, None, None, 0.0, None)
            self.waiting.rows.append((*asked, *came_to_nothing, result.attempts, None, now))

    def forget(self, hashes: Sequence[str]) -> None:
        """Takes back what was kept of these: the model changed while it was asked."""
        self.waiting.rows.clear()
        with self.ctx.store.writing() as con:
            con.execute("DELETE FROM requests WHERE request_hash IN (SELECT unnest(?::VARCHAR[]))", [list(hashes)])

    def served_as(self, model: str) -> str | None:
        """The name that the server of a model last gave itself, None where it never did."""
        sql = "SELECT served FROM requests WHERE model_hash = ? AND served IS NOT NULL ORDER BY made_at DESC LIMIT 1"
        found = self.ctx.store.query(sql, [model])
        return str(found[0][0]) if found else None


def _write(store: Store, rows: Sequence[Row]) -> None:
    lists = ", ".join(f"unnest(?::{kind}[])" for kind in _COLUMNS.values())
    values = [list(column) for column in zip(*rows, strict=True)]
    with store.writing() as con:  # another run may have asked the same meanwhile
        con.execute(f"INSERT OR IGNORE INTO requests ({', '.join(_COLUMNS)}) SELECT {lists}", values)


def _result(row: Row) -> Result:
    _, answer, stop_reason, detail, prompt_tokens, output_tokens, seconds, cost, attempts, served = row
    if answer is None:
        return Unanswered(stop_reason, detail or "", lasting=True, attempts=attempts)
    return Answer(answer, stop_reason, prompt_tokens, output_tokens, seconds, cost, attempts, served)
