"""Journeys through the parts of the data view, on rows that really went through their steps."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest

from runtime.store import Store
from sft.show import show
from sft.tracing import trace
from tests.tui.conftest import Journey
from tests.tui.data_store import MIX
from tests.tui.sample_store import RUN
from tui import queries
from tui.duplicate_queries import clusters, counts, members
from tui.fate_queries import row_fate
from tui.prediction_queries import Item, ItemOutput
from tui.prompt_queries import put_to_model
from tui.row_queries import RowSet, row_count, row_page
from tui.screens.cluster import ClusterScreen
from tui.screens.data import DataScreen
from tui.screens.drops import DropsScreen
from tui.screens.fate import FateScreen
from tui.screens.prompt import PromptScreen
from tui.screens.rows import RowsScreen
from tui.screens.run import RunScreen
from tui.screens.sources import SourcesScreen
from tui.screens.training_row import TrainingRowScreen
from tui.template_queries import on_row
from tui.view_models.data_parts import next_part, parts_of
from tui.widgets.big_table import BigTable
from tui.widgets.parts_line import window

Walk = Callable[..., None]


def run_of(store: Store) -> str:
    return queries.runs(store, 1)[0].run_id


def test_from_the_funnel_to_dropped_rows_to_the_fate_of_one(data: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("2", *["down"] * 7)
        assert "dedup near on q at 70%" in go.text()
        await go.press("enter")
        assert isinstance(go.app.screen, DropsScreen) and "9 of 191 rows" in go.text()
        await go.press("slash", *"refund", "enter")
        assert "dropped rows hold 'refund'" in go.text()
        assert 0 < go.app.screen.query_one(BigTable).total < 9
        await go.press("escape")
        assert "9 of 191 rows" in go.text() and isinstance(go.app.screen, DropsScreen)
        await go.press("down", "enter")
        assert isinstance(go.app.screen, FateScreen)
        assert "dropped by dedup near on q at 70%" in go.text() and "stands in for it" in go.text()
        await go.press("escape", "escape", "escape")
        assert isinstance(go.app.screen, RunScreen)

    walk(data, journey, run_id=run_of(data), size=(110, 34))


def test_from_a_source_to_a_row_to_how_it_is_trained_on(data: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("2", "tab")
        assert isinstance(go.app.screen, SourcesScreen)
        assert "CC0-1.0" in go.text() and "from question" in go.text() and "200 rows, 1 unreadable" in go.text()
        await go.press("enter")
        assert isinstance(go.app.screen, RowsScreen) and "1 of 200" in go.text()
        await go.press("G")
        assert "200 of 200" in go.text()
        await go.press("slash", *"letter", "enter")
        assert "No row holds 'letter'" in go.text()
        await go.press("escape", "g", "down", "enter")
        assert isinstance(go.app.screen, FateScreen) and "tickets.jsonl:2 (source tickets)" in go.text()
        await go.press("2", "tab", "tab", "down", "down", "enter")
        assert "46 rows" in go.text() and "from letters_task" in go.text()
        await go.press("enter")
        assert isinstance(go.app.screen, TrainingRowScreen)
        await go.until("tokens trained")
        assert "template plain" in go.text() and "twice" not in go.text() and "2 times in 158 rows" in go.text()
        await go.press("v")
        assert "╎<|im_start|>" in go.text()

    walk(data, journey, run_id=run_of(data), size=(120, 40))


def test_duplicates_stand_side_by_side(data: Store, walk: Walk) -> None:
    run_id = run_of(data)
    groups, dropped = counts(data, run_id)
    found = clusters(data, run_id, 100)
    assert (len(found), sum(one.rows for one in found)) == (groups, dropped) and dropped == 13
    for one in found:
        own = members(data, run_id, one.task, one.stays)
        assert len(own) == one.rows and all(member.content for member in own)
    shown = json.loads(show(data, run_id, "duplicates", "json", limit=100))["groups"]
    assert {(g["row_id"], m["row_id"]) for g in shown for m in g["stands_for"]} == {
        (one.stays, member.row_id) for one in found for member in members(data, run_id, one.task, one.stays)
    }

    async def journey(go: Journey) -> None:
        await go.press("2", "tab", "tab", "tab", "enter")
        assert isinstance(go.app.screen, ClusterScreen)
        assert "stays: tickets.jsonl:11" in go.text() and "dropped: tickets.jsonl:91" in go.text()
        await go.press("down")
        assert "dropped: tickets.jsonl:92" in go.text()

    walk(data, journey, run_id=run_id, size=(110, 34))


def test_how_alike_rows_are_is_told_of_those_that_were_compared(data: Store, copied: Callable[[Store], Store]) -> None:
    """A row that fell to one that fell to another later was never compared with the one that stays."""
    store, run_id = copied(data), run_of(data)
    near = (
        "SELECT step_hash, row_id, survivor FROM ledger WHERE rule = '3' AND survivor IS NOT NULL ORDER BY ALL LIMIT 1"
    )
    ((step, middle, stays),) = store.query(near)
    with store.writing() as con:
        con.execute(
            "INSERT INTO ledger (step_hash, rule, row_id, survivor, value) VALUES (?, '2', 'first', ?, '0.123')",
            [step, middle],
        )
    before = next(one for one in clusters(data, run_id, 100) if one.stays == stays)
    after = next(one for one in clusters(store, run_id, 100) if one.stays == stays)
    assert (after.rows, after.through, after.least) == (before.rows + 1, before.through + 1, before.least)
    of_first = next(one for one in members(store, run_id, after.task, stays) if one.row_id == "first")
    assert (of_first.value, of_first.through) == ("0.123", middle)
    assert [one.through for one in members(data, run_id, after.task, stays)] == [None] * before.rows
    groups = json.loads(show(store, run_id, "duplicates", "json", limit=100))["groups"]
    told = {m["row_id"]: m["similar_to"] for g in groups if g["row_id"] == stays for m in g["stands_for"]}
    assert told == {one.row_id: one.through or stays for one in members(store, run_id, after.task, stays)}
    assert f"0.123 to {middle[:8]}" in show(store, run_id, "duplicates", limit=100, width=160)


def test_overlap_and_templates_stand_on_real_rows(data: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("2", *["tab"] * 4)
        assert "items given away" in go.text() and "training row letters.jsonl" in go.text()
        assert go.text().count("Hello, my") >= 3  # in the list, in the item, in the row
        await go.press("tab", "tab")
        assert "row 1 of 112" in go.text() and "all templates" in go.text() and "A customer writes:" in go.text()
        await go.press("full_stop")
        assert "row 2 of 112" in go.text()
        await go.press("comma", "comma")
        assert "row 112 of 112" in go.text()
        await go.press("enter")
        assert isinstance(go.app.screen, RowsScreen) and "1 of 112" in go.text()

    walk(data, journey, run_id=run_of(data), size=(110, 36))


def test_templates_on_a_row_are_what_the_run_rendered(data: Store) -> None:
    run_id = run_of(data)
    step = next(one for one in queries.steps(data, run_id) if one.step_id == "render:tickets_task.train")
    rows = RowSet(step.step_id, step.step_hash)
    assert row_count(data, rows) == 112
    rendered = {one.row_id: one.texts for one in row_page(data, rows, 0, 112)}
    seen = on_row(data, run_id, "tickets_task", 5)
    assert seen is not None and len(seen.rendered) == 2
    made = [tuple((turn["role"], turn["content"]) for turn in one.messages) for one in seen.rendered.values()]
    assert rendered[seen.row_id] in made


def test_the_fate_is_that_of_sft_trace(data: Store) -> None:
    run_id = run_of(data)
    row_id = data.query("SELECT row_id FROM ledger WHERE survivor IS NOT NULL ORDER BY row_id LIMIT 1")[0][0]
    kept = data.query("SELECT row_id FROM renders LIMIT 1")[0][0]
    for wanted in (row_id, kept, "tickets.jsonl:201"):
        fate, page = row_fate(data, run_id, wanted), trace(data, run_id, wanted)
        if fate.lost:
            assert fate.lost in page.head
            continue
        assert [(line.step_id, line.line) for line in fate.steps] == list(page.tables[1].rows)
        assert list(page.tables[1].notes) == [line.note for line in fate.steps]


def test_rows_of_a_mixture_can_be_those_of_one_task(data: Store) -> None:
    run_id = run_of(data)
    step = next(one for one in queries.steps(data, run_id) if one.step_id == MIX)
    whole = RowSet(MIX, step.step_hash)
    parts = data.query("SELECT part, realised FROM mixture_counts")
    assert row_count(data, whole) == 158 == sum(rows for _, rows in parts)
    for part, rows in parts:
        own = RowSet(MIX, step.step_hash, part)
        assert row_count(data, own) == rows == len(row_page(data, own, 0, 200))
        assert row_page(data, own, 10, 20) == row_page(data, own, 0, 20)[10:]
    assert row_count(data, RowSet(MIX, step.step_hash, search="A CUSTOMER writes")) == 52
    assert row_count(data, RowSet(MIX, "0" * 32)) is None


HOSTILE_KEYS = (
    *(("2",), ("j", "j", "j", "j", "j", "j", "enter"), ("enter",), ("escape",), ("escape",), ("tab",)),
    *(("enter",), ("colon", "1", "4", "1", "enter"), ("enter",), ("escape",), ("escape",), ("tab",), ("enter",)),
    *(
        ("escape",),
        ("tab",),
        ("G", "k"),
        ("enter",),
        ("escape",),
        ("tab",),
        ("tab",),
        ("tab",),
        ("6",),
        ("question_mark",),
    ),
)


def test_a_source_may_have_the_columns_of_a_rendered_set(data: Store, copied: Callable[[Store], Store]) -> None:
    store = copied(data)
    source = next(one for one in queries.steps(store, run_of(store)) if one.step_id == "ingest:letters")
    path = str(RowSet(source.step_id, source.step_hash).path(store))
    with store.writing() as con:
        con.execute(f"CREATE TEMP TABLE rows AS SELECT *, [q] AS messages, a AS row_id FROM read_parquet('{path}')")
        con.execute(f"COPY rows TO '{path}' (FORMAT parquet)")
    rows = RowSet(source.step_id, source.step_hash)
    first = row_page(store, rows, 0, 1)[0]
    assert first.line == 1 and dict(first.texts)["messages"] == json.dumps([dict(first.texts)["q"]])
    assert row_count(store, replace(rows, search="long letter")) == 1


def test_every_way_in_which_a_row_is_rendered_can_be_seen(
    data: Store, copied: Callable[[Store], Store], walk: Walk
) -> None:
    store, run_id = copied(data), run_of(data)
    step = next(one for one in queries.steps(store, run_id) if one.step_id == "render:tickets_task.train")
    path = str(RowSet(step.step_id, step.step_hash).path(store))
    with store.writing() as con:  # a row that two templates render, one of them twice
        con.execute(f"CREATE TEMP TABLE rows AS SELECT * FROM read_parquet('{path}')")
        (row_id, own), *_ = con.execute("SELECT row_id, template_hash FROM rows ORDER BY ALL").fetchall()
        other = con.execute("SELECT * FROM rows WHERE template_hash <> ? LIMIT 1", [own]).fetchall()[0]
        names = [column[0] for column in con.description or ()]
        copy = dict(zip(names, other, strict=True)) | {"row_id": row_id}
        for _ in range(2):
            con.execute(f"INSERT INTO rows VALUES ({', '.join('?' * len(names))})", list(copy.values()))
        con.execute(f"COPY rows TO '{path}' (FORMAT parquet)")
    shown = json.loads(show(store, run_id, "row", "json", step=step.step_id, row=row_id))["row"]["rendered"]
    assert len(shown) == 2 and {one["about"]["template"] for one in shown} == {"plain", "common.chatty"}
    assert sorted(one["about"]["rendered"] for one in shown) == [
        *("in 2 ways, 2 times in this one (number 2)", "in 2 ways, once in this one (number 1)")
    ]

    async def journey(go: Journey) -> None:
        go.app.open_above("training_row", run_id, step.step_id, row_id)
        await go.settle()
        first = next(line for line in go.text().splitlines() if "template" in line)
        assert "number 1" in go.text() and ". for the next" in go.text()
        await go.press("full_stop")
        second = next(line for line in go.text().splitlines() if "template" in line)
        assert "number 2" in go.text() and {"common.chatty" in first, "common.chatty" in second} == {True, False}
        await go.press("full_stop")
        assert "number 1" in go.text()

    walk(store, journey, run_id=run_id, size=(120, 34))


def test_hostile_text_stays_text_in_every_part(data: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        for keys in HOSTILE_KEYS:
            await go.press(*keys)
            unsafe = [c for c in go.text() if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]
            assert not unsafe, (keys, unsafe)

    walk(data, journey, run_id=run_of(data), size=(80, 24))


def test_a_row_of_a_megabyte_is_shown_and_said_to_be_cut(data: Store, walk: Walk) -> None:
    step = next(one for one in queries.steps(data, run_of(data)) if one.step_id == "render:letters_task.all")
    row = next(
        one for one in row_page(data, RowSet(step.step_id, step.step_hash), 0, 50) if "A long letter" in one.texts[0][1]
    )

    async def journey(go: Journey) -> None:
        go.app.open_above("training_row", run_of(data), step.step_id, row.row_id)
        await go.settle()
        assert "not trained on: longer than 128 tokens" in go.text()
        await go.press("v")
        assert "x╎x╎x" in go.text()
        go.app.screen.query_one("#row").scroll_end(animate=False)
        await go.settle()
        assert "characters more)" in go.text()

    walk(data, journey, run_id=run_of(data))


def test_a_prompt_stands_as_its_model_got_it(data: Store, walk: Walk) -> None:
    turns = [{"role": "user", "content": "Where is [it]?"}]
    said = ItemOutput("tuned", json.dumps(turns), "here", "there", "end_of_turn", 1, 1, 0.1)
    item = Item("r" * 32, "plain", (said,), {}, {})
    put = put_to_model(data, run_of(data), "held_out", "tuned", item)
    assert not put.why and put.text.startswith("<|im_start|>system") and put.text.endswith("<|im_start|>assistant\n")
    assert "Where is [it]?" in put.text

    async def journey(go: Journey) -> None:
        go.app.push_screen(PromptScreen(run_of(data), "held_out", "tuned", item))
        await go.settle()
        assert "<|im_start|>user" in go.text() and "Where is [it]?" in go.text()
        go.app.push_screen(PromptScreen(run_of(data), "held_out", "tuned", replace(item, template="other")))
        await go.settle()
        assert "not asked this item" in go.text()

    walk(data, journey, run_id=run_of(data))


def test_parts_of_a_run_whose_plan_cannot_be_read_say_so(done: Store, walk: Walk) -> None:

    async def journey(go: Journey) -> None:
        await go.press("2")
        for _ in range(5):
            await go.press("tab")
            assert "reading the store" not in go.text()
        assert isinstance(go.app.screen, DataScreen)

    walk(done, journey, run_id=RUN)


def test_parts_are_those_that_a_run_has_and_walk_around() -> None:
    assert parts_of(["ingest", "mix"], "funnel") == ("funnel", "sources", "mixtures")
    assert parts_of(["ingest"], "judges") == ("funnel", "sources", "judges")
    assert next_part(("funnel", "sources"), "sources", 1) == "funnel"
    assert window([10, 10, 10, 10], 2, 25) == (2, 4) and window([10, 10, 10], 1, 5) == (1, 2)
    assert window([5, 5, 5], 0, 100) == (0, 3)


@pytest.mark.parametrize("view", ["spec", "sources", "thresholds", "templates", "row"])
def test_every_new_view_is_in_sft_show(data: Store, view: str) -> None:
    for width in (60, 120):
        text = show(data, None, view, width=width)
        assert max(map(len, text.split("\n"))) <= width + 40  # wide characters count twice
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]
    told = json.loads(show(data, None, view, "json"))
    assert told
    if view == "sources":
        files = [file for one in told["sources"] for file in one["files"]]
        assert files and all(set(file) >= {"name", "path", "rows"} for file in files)
