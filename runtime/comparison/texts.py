"""What was asked and answered, for items of a comparison that somebody wants to look at. Cut in SQL, so that a page
stays small whatever a model wrote; nothing here is made safe for a terminal yet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from compiler.plan import StepKind
from runtime.comparison.sides import Measured, named_alike
from runtime.comparison.two_models import Item
from runtime.store import Store

LONGEST = 2_000


@dataclass(frozen=True)
class ItemTexts:
    """``asked`` is the prompt, or the row where no prompt was recorded; None where there is neither or no answer."""

    asked: str | None
    expected: str | None
    first: str | None
    second: str | None


def texts_of(store: Store, first: Measured, second: Measured, items: Sequence[Item]) -> list[ItemTexts]:
    """The texts of items, in their order."""
    first = named_alike(first, second)
    wanted: dict[str, list[str]] = {}
    for item in items:
        wanted.setdefault(item.template, []).append(item.row_id)
    sides = [_answers(store, side, wanted) for side in (first, second)]
    rows = _rows(store, second, [item.row_id for item in items])
    found = []
    for item in items:
        one, two = (side.get((item.template, item.row_id)) for side in sides)
        either = two or one
        asked = (either[0] if either is not None else "") or rows.get(item.row_id)
        expected = either[2] if either is not None else None
        found.append(ItemTexts(asked, expected, one[1] if one else None, two[1] if two else None))
    return found


def _answers(store: Store, side: Measured, wanted: dict[str, list[str]]) -> dict[tuple[str, str], tuple[str, str, str]]:
    """(prompt, output, expected) by template and row."""
    cells = side.cells
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    for template, row_ids in wanted.items():
        step = cells.get(template)
        if step is None:
            continue
        for row_id, *texts in store.query(
            f"SELECT row_id, prompt, left(output, {LONGEST}), left(expected, {LONGEST}) "
            "FROM predictions WHERE step_hash = ? AND sample = 0 AND list_contains(?::VARCHAR[], row_id)",
            [step.hash, row_ids],
        ):
            found[template, row_id] = (said(texts[0])[:LONGEST], texts[1], texts[2])
    return found


def said(prompt: str) -> str:
    """The texts of a prompt's messages, one below the other; nothing where none is known."""
    try:
        messages = json.loads(prompt)
    except ValueError:
        return prompt
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        return prompt
    return "\n".join(str(one.get("content") or "") for one in messages)


def _rows(store: Store, side: Measured, row_ids: Sequence[str]) -> dict[str, str]:
    """The rows themselves, as they were read for the eval."""
    behind = side.plan.behind([side.step.inputs["rows"]])
    sources = [step.hash for step in behind if step.kind is StepKind.INGEST]
    return dict(
        store.query(
            f"SELECT row_id, left(any_value(content)::VARCHAR, {LONGEST}) FROM examples "
            "WHERE list_contains(?::VARCHAR[], step_hash) AND list_contains(?::VARCHAR[], row_id) GROUP BY row_id",
            [sources, list(row_ids)],
        )
    )
