"""``sft show`` and the verdict table on the sample store."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from compiler.compile import compile_export
from compiler.plan import Plan
from runtime.scheduler import run_plan
from runtime.store import Store
from runtime.world import LocalWorld
from sft.plain_tables import Page, Table, aligned, as_markdown, fitted, markdown_table, unlinked
from sft.project import read_spec
from sft.show import show
from sft.show_pages import PAGES
from sft.verdicts import requirement_table, requirements_of, verdict_table
from spec_lang.diagnostics import DiagnosticError, Diagnostics
from tests.tui.sample_store import RUN
from tui.view_models.verdicts import Target

OTHER = '{"q": "Where do I pay?", "a": "billing"}'
AGAINST = """
edition 2026

source gold { path = "first.jsonl"    licence = "CC0-1.0"   origin = human }
source more { path = "second.jsonl"   licence = "CC0-1.0"   origin = human }

filter new { dedup exact on q against gold }

template plain { user = "{q}"   assistant = "{a}" }

task all { from = more   filters = [new]   templates = [plain] }
"""


@pytest.mark.parametrize("view", PAGES)
@pytest.mark.parametrize("width", [60, 80, 132])
def test_text_is_terminal_safe_and_no_wider_than_the_terminal(hostile: Store, view: str, width: int) -> None:
    text = show(hostile, RUN, view, "text", width=width, all=True)
    assert all(cell_len(line) <= width for line in text.split("\n"))
    assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]


@pytest.mark.parametrize("view", PAGES)
def test_json_holds_what_was_stored_and_only_ascii(hostile: Store, view: str) -> None:
    text = show(hostile, None, view, "json", all=True)
    assert text.isascii() and "\x1b" not in text
    assert json.loads(text)


@pytest.mark.parametrize("view", PAGES)
def test_markdown_tables_keep_their_columns(hostile: Store, view: str) -> None:
    text = show(hostile, None, view, "markdown", all=True)
    for block in text.split("\n\n"):
        rows = [line for line in block.split("\n") if line.startswith("|")]
        assert len({line.replace("\\|", "").count("|") for line in rows}) <= 1


def test_the_ledger_of_one_rule(done: Store) -> None:
    data = json.loads(show(done, None, "ledger", "json", step="filter:triage.clean", rule="1"))
    assert [(row["place"], row["value"]) for row in data["dropped"]] == [
        ("tickets.jsonl:31", "2"),
        ("tickets.jsonl:402", "93"),
    ]
    assert data["rules"][0]["dropped"] == 2 and data["rules"][0]["reason"] == "too short or too long to be a ticket"
    assert [line["rule"] for line in (*data["rules"], *data["dropped"])] == ["1"] * 3
    assert "\n  1. keep words" in show(done, None, "ledger", "text", width=100, step="filter:triage.clean")


def test_the_help_for_an_unknown_rule_names_each_once(done: Store) -> None:
    with pytest.raises(DiagnosticError) as error:
        show(done, None, "ledger", rule="no such rule")
    named = (error.value.diagnostics[0].help or "").removeprefix("it has: ").split(", ")
    assert "1" in named and "unreadable" in named and "0" not in named and len({*named}) == len(named)


def test_the_ledger_shows_the_first_rows_of_every_rule_with_who_stood_in(done: Store) -> None:
    data = json.loads(show(done, None, "ledger", "json"))
    shown = Counter((row["step_id"], row["rule"]) for row in data["dropped"])
    fallen = {(line["step_id"], line["rule"]): line["dropped"] for line in data["rules"] if line["rule"] is not None}
    assert shown == {rule: min(3, count) for rule, count in fallen.items() if count}
    one = next(row for row in data["dropped"] if row["place"] == "tickets.jsonl:200")
    assert one["survivor"] == "tickets.jsonl:150" and one["survivor_content"]["instruction"]
    line = next(line for line in data["rules"] if line["rule"] == one["rule"] and line["step_id"] == one["step_id"])
    assert line["share"] == line["dropped"] / line["entering"] > 0
    text = show(done, None, "ledger", "text", width=100)
    assert "stands in for it: tickets.jsonl:150" in text and "`--step` and `--rule` show more" in text


def test_predictions_are_failures_unless_all_are_wanted(done: Store) -> None:
    failed = json.loads(show(done, None, "predictions", "json", limit=500))["items"]
    everything = json.loads(show(done, None, "predictions", "json", limit=500, all=True))["items"]
    assert {row["value"] for row in failed} == {0.0} and len(everything) == 120


def test_an_unknown_name_gets_a_suggestion(done: Store) -> None:
    with pytest.raises(DiagnosticError) as caught:
        show(done, None, "predictions", model="tunde")
    finding = caught.value.diagnostics[0]
    assert finding.code == "SFT0910" and "tuned" in (finding.help or "")
    with pytest.raises(DiagnosticError):
        show(done, None, "ledger", step="filter:nope")


def test_a_store_without_runs(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft").create()
    assert "sft run" in show(store, None, "runs")
    with pytest.raises(DiagnosticError) as caught:
        show(store, None, "run")
    assert caught.value.diagnostics[0].code == "SFT0914"


def test_a_run_that_has_no_verdict_yet(running: Store) -> None:
    assert "no verdict yet (running)" in show(running, None, "verdicts", width=100)
    assert verdict_table(running, RUN) == ""


def test_the_verdict_table_tells_why_for_what_did_not_pass(done: Store) -> None:
    lines = verdict_table(done, RUN, width=110).split("\n")
    marks = [line[0] for line in lines if line and line[0] != " "]
    assert marks == ["✓", "✓", "✓", "?", "?", "✗"]
    assert "92.5% [85.8, 96.6]" in lines[0] and lines[0].endswith("n=120")
    assert sum("cannot prove 95%" in line for line in lines) == 1
    assert any("differ by 11.7pt" in line for line in lines)


def test_rows_of_several_gates_name_their_gate(done: Store) -> None:
    with done.reading():
        first, *_ = requirements_of(done, RUN)
    alone, both = requirement_table([first]), requirement_table([first, replace(first, gate="second")])
    assert "gate" not in alone.columns and [row[1] for row in both.rows] == [first.gate, "second"]
    assert {both.columns[position] for position in both.right} == {"estimate", "n"}


def test_a_group_has_no_items_of_its_own(done: Store) -> None:
    with done.reading():
        first, *_ = requirements_of(done, RUN)
    group = replace(first, n=0, estimate=None, low=None, high=None, target=Target())
    assert requirement_table([group]).rows[0][-1] == ""
    assert requirement_table([replace(first, n=0)]).rows[0][-1] == "n=0"


cells = st.text(alphabet="ab |é漢\n", max_size=30)


@given(st.lists(st.tuples(cells, cells, cells), max_size=5), st.integers(44, 120))
def test_aligned_tables_fit(rows: list[tuple[str, str, str]], width: int) -> None:
    for line in aligned(Table("", ("a", "b", "c"), rows), width):
        assert cell_len(line) <= width and "\n" not in line


@given(st.lists(st.integers(1, 200), min_size=1, max_size=6), st.integers(80, 200))
def test_columns_give_way_only_when_they_have_to(needs: list[int], room: int) -> None:
    widths = fitted(needs, frozenset(), room)
    assert sum(widths) <= room
    assert all(width == need for width, need in zip(widths, needs, strict=True)) or sum(needs) > room


def test_markdown_mentions_nobody_and_links_nothing() -> None:
    """What a model wrote is pasted into comments of a pull request."""
    live = "@everyone a@b.example https://x.example WWW.y.example fixes #12 GH-7"
    page = Page(None, f"head {live}", (Table(f"title {live}", ("a",), [(f"cell {live}",)], notes=[live]),), live)
    text = as_markdown(page)
    assert text.count("@\u2060everyone") == 5 and "#\u206012" in text
    assert not re.search(r"(?i)@\w|\w://|www\.|#\d|gh-\d", text)
    assert unlinked(text) == text, "a page may be a part of another one"
    assert "https://x.example" in markdown_table("", ("path",), [(live,)]), "a card has paths to copy"


def test_markdown_escapes_what_means_something() -> None:
    from sft.plain_tables import Page

    text = as_markdown(Page(None, "", (Table("", ("a",), [("<b>|*x*`y`\\",)]),)))
    assert "\\<b\\>\\|\\*x\\*\\`y\\`\\\\" in text


def test_a_duplicate_in_another_source_stands_in_with_its_own_place(tmp_path: Path) -> None:
    """Equal rows have one id, whatever file they are in."""
    rows = ['{"q": "Where is my parcel?", "a": "delivery"}', '{"q": "Refund me.", "a": "refund"}']
    (tmp_path / "first.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "second.jsonl").write_text("\n".join([rows[1], rows[0], rows[0], OTHER]) + "\n", encoding="utf-8")
    (tmp_path / "spec.sft").write_text(AGAINST, encoding="utf-8")
    store = Store(tmp_path / ".sft")
    exported = compile_export(read_spec(tmp_path / "spec.sft"), LocalWorld(tmp_path), Diagnostics(), "all")
    assert exported is not None
    plan = Plan(format=1, edition=2026, spec="spec.sft", steps=tuple(exported.plan))
    assert run_plan(plan, tmp_path, store).status == "done"
    data = json.loads(show(store, None, "ledger", "json"))
    assert [(row["place"], row["survivor"]) for row in data["dropped"]] == [
        ("second.jsonl:1", "first.jsonl:2"),
        ("second.jsonl:2", "first.jsonl:1"),
        ("second.jsonl:3", "first.jsonl:1"),
    ]
