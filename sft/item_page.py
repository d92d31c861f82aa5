"""``sft show RUN predictions --row ITEM``: one item whole, as the dashboard has it: turns, answers, what they measured,
how they were asked, and the training rows that are most like it. No text is cut."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from runtime.store import Store
from sft.plain_tables import Page, Table
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import visible
from tui import prediction_queries, queries
from tui.formats import count, share
from tui.item_filters import PredictionFilter
from tui.nearest_queries import Nearest, nearest
from tui.prediction_queries import Item
from tui.prompt_queries import put_to_model
from tui.view_models.choices import Choices
from tui.view_models.failures import answer_settings
from tui.view_models.predictions import ItemView, item_view


def item_page(store: Store, run_id: str, known: Choices, chosen: PredictionFilter, wanted: str, limit: int) -> Page:
    """The item under each of its templates, or under the one that is chosen. Raises DiagnosticError SFT0926 (no such
    item, or several)."""
    with store.reading():
        steps = [cell.step_hash for cell in prediction_queries.cells(store, run_id) if cell.eval == chosen.eval]
        own = "FROM predictions WHERE list_contains(?, step_hash) AND starts_with(row_id, ?)"
        ids = [row_id for (row_id,) in store.query(f"SELECT DISTINCT row_id {own} LIMIT 2", [steps, wanted])]
        if len(ids) != 1:
            what = "several items" if ids else "no item"
            named = f"`{chosen.eval}` has {what} with an id that begins with `{visible(wanted)}`"
            raise fatal("SFT0926", named, "give more of it" if ids else "`sft show RUN predictions` lists them")
        templates = [chosen.template] if chosen.template else known.templates[chosen.eval]
        items = [prediction_queries.item(store, run_id, chosen.eval, ids[0], template) for template in templates]
        plan = queries.plan(store, run_id)
    shown = [name for name in known.models[chosen.eval] if name != chosen.model] + [chosen.model]
    seen = [
        (one, item_view(one, known.sides, chosen.eval, shown, "expected", chosen.metric))
        for one in items
        if one.outputs
    ]
    said = [output.prompt for one, _ in seen for output in one.outputs if output.model == chosen.model]
    near = nearest(store, run_id, chosen.eval, chosen.model, said[0], limit) if said else Nearest((), 0, ())
    tables = [table for one, view in seen for table in _tables(one, view)]
    for one, _ in seen:
        settings = answer_settings(plan, chosen.eval, chosen.model, one.template)
        put = put_to_model(store, run_id, chosen.eval, chosen.model, one)
        told = f"the prompt as {chosen.model} got it under {one.template}"
        tables.append(Table(told, ("",), [("not known",) if put.why else ("text",)], notes=[put.why or put.text]))
        tables.append(Table(f"how {chosen.model} was asked under {one.template}", ("", "value"), list(settings)))
    tables.append(_near(near, chosen.model))
    data = {
        "row_id": ids[0],
        "eval": chosen.eval,
        "templates": [_data(one) for one, _ in seen],
        "nearest": asdict(near),
    }
    return Page({"item": data}, f"item {ids[0]} of {chosen.eval}", tuple(table for table in tables if table.rows))


def _tables(item: Item, view: ItemView) -> list[Table]:
    asked = [(role or "prompt", text) for role, text in view.prompt]
    asked += [(f"row: {name}", text) for name, text in (*view.asked, *view.beside)]
    turns = [*asked, ("expected", view.expected)]
    roles, texts = [(role,) for role, _ in turns], [text for _, text in turns]
    tables = [Table(f"under {item.template}", ("role",), roles, notes=texts, noted="text")]
    for output in view.outputs:
        measured = ", ".join(f"{name} {value}" for name, value, _ in output.metrics)
        answers = [(str(at), answer.tokens) for at, answer in enumerate(output.answers, 1)]
        texts = [answer.output for answer in output.answers]
        title = f"{output.model}: {measured}" if measured else output.model
        tables.append(Table(title, ("answer", "how it ended"), answers, notes=texts, noted="text"))
    return [*tables, Table("slices", ("slice", "value"), list(view.slices))]


def _near(near: Nearest, model: str) -> Table:
    if not near.rows:
        return Table("training rows like it", ("why none",), [(near.why or "no training row shares a word with it",)])
    cells = [(share(row.alike, 1), f"{row.shared} of {row.words}", row.step_id, row.row_id[:12]) for row in near.rows]
    title = f"training rows like it: {count(len(cells))} of {count(near.looked_at)} that {model} was trained on"
    texts = [f"{row.text} → {row.expected}" for row in near.rows]
    return Table(title, ("alike", "words", "step", "row"), cells, notes=texts, noted="asks and answers")


def _data(item: Item) -> dict[str, Any]:
    metrics = [{"model": model, "metric": name, "value": value} for (model, name), value in item.metrics.items()]
    return {
        "template": item.template,
        "outputs": [asdict(output) for output in item.outputs],
        "metrics": metrics,
        "readings": [{"model": m, "answer": n, "metric": name, "told": t} for (m, n, name), t in item.readings.items()],
        "row": dict(item.row.columns),
        "slices": item.slices,
    }
