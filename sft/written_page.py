"""Where a row that a model wrote comes from, as a page: its verdict, its parents, and what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sft.plain_tables import Page, Table
from spec_lang.plain_text import one_line
from tui.formats import number
from tui.view_models.fates import WIDE

if TYPE_CHECKING:
    from runtime.tracing.find import Origin
    from runtime.tracing.written import Lineage


def with_lineage(page: Page, written: Lineage) -> Page:
    """The page of an accepted row, with what it was written from after its content."""
    first, *rest = page.tables
    return replace(page, data={**page.data, "written": _data(written)}, tables=(first, *_tables(written), *rest))


def rejected_page(written: Lineage) -> Page:
    """A candidate that became no row."""
    why = f"rejected by {(written.rule or '').replace('_', ' ')}"
    measured = f" · value {one_line(written.value, WIDE)}" if written.value is not None else ""
    detail = f": {one_line(written.detail, WIDE)}" if written.detail else ""
    content = Table("", ("column", "value"), [(name, one_line(str(v), WIDE)) for name, v in written.content.items()])
    head = f"candidate {written.row_id} of {written.step.id}: {why}{measured}{detail}"
    data = {"row_id": written.row_id, "content": dict(written.content), "written": _data(written)}
    return Page(data, head, (*((content,) if written.content else ()), *_tables(written)))


def _tables(written: Lineage) -> tuple[Table, ...]:
    about = f"written by {written.step.id} in round {written.round + 1}, generation {written.generation}"
    if written.similarity is not None:
        about += f"; most like {(written.nearest or '')[:12]}, {number(written.similarity)}"
    parents = [
        (parent[:12], origin.place if origin is not None else "not in the store", _line(origin))
        for parent, origin in written.parents.items()
    ]
    asked = [
        (one.request[:12], _last(one.messages), one_line(one.answer or one.stop_reason or "", WIDE))
        for one in written.asked
    ]
    return (
        Table(f"{about}; from {len(parents)} rows", ("row", "where", "content"), parents),
        Table("asked for it", ("request", "the last turn", "answer"), asked),
    )


def _line(origin: Origin | None) -> str:
    return one_line(" · ".join(str(value) for value in origin.content.values()), WIDE) if origin is not None else ""


def _last(messages: Any) -> str:
    turn: Mapping[str, Any] = messages[-1] if messages else {}
    return one_line(str(turn.get("content", "")), WIDE)


def _data(written: Lineage) -> dict[str, Any]:
    names = ("number", "round", "generation", "verdict", "rule", "value", "detail", "nearest", "similarity")
    return {
        "step": written.step.id,
        **{name: getattr(written, name) for name in names},
        "parents": [
            {"row_id": parent, "where": origin.place, "content": dict(origin.content)}
            if origin is not None
            else {"row_id": parent}
            for parent, origin in written.parents.items()
        ],
        "asked": [
            {"request": a.request, "messages": list(a.messages), "answer": a.answer, "stop_reason": a.stop_reason}
            for a in written.asked
        ],
    }
