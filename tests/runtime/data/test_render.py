"""Render: what is data stays data, and a row that lacks a value says which."""

import json
from typing import Any

import pytest

from compiler.step_params import RenderParams, RenderTemplate, Segment, Sql, SplitParams, SplitPart, TemplateRole
from runtime.steps.render import template_hash
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.conftest import Bench
from tests.runtime.data.hostile import HOSTILE


def role(name: Any, *pieces: str | list[str]) -> TemplateRole:
    """A role of literal texts (strings) and columns (lists of one name)."""
    return TemplateRole(
        role=name, segments=tuple(Segment(column=p[0]) if isinstance(p, list) else Segment(text=p) for p in pieces)
    )


def template(*roles: TemplateRole) -> RenderTemplate:
    return RenderTemplate(roles=roles)


PLAIN = template(role("system", "Be 'brief' ?"), role("user", "Q: ", ["q"], "\n{q}"), role("assistant", ["a"]))


def render(bench: Bench, rows: list[Any], *templates: RenderTemplate, seed: int = 0) -> list[dict[str, Any]]:
    bench.ingest(bench.write("a.jsonl", rows))
    bench.run(RenderParams(part=None, templates=templates, seed=seed), "t.all", {"rows": "ingest:s"})
    return bench.rows("render:t.all")


def test_values_are_put_in_place_as_they_are(bench: Bench) -> None:
    rendered = render(bench, [{"q": text, "a": text} for text in HOSTILE], PLAIN)
    assert [row["ord"] for row in rendered] == list(range(len(HOSTILE)))
    for row, text in zip(rendered, HOSTILE, strict=True):
        assert json.loads(row["messages"]) == [
            {"role": "system", "content": "Be 'brief' ?"},
            {"role": "user", "content": f"Q: {text}\n{{q}}"},
            {"role": "assistant", "content": text},
        ]
        assert row["expected"] == text
        assert row["template_hash"] == template_hash(PLAIN)
    stored = bench.store.query("SELECT ord, row_id, template_hash, messages, expected FROM renders ORDER BY ord")
    assert stored == [tuple(row.values()) for row in rendered]


def test_numbers_lists_and_truth_values_are_spelt_as_in_the_data(bench: Bench) -> None:
    rows = [{"q": 7, "a": {"k": [1, "ü"]}, "b": True}, {"q": 8, "a": {}, "b": False}]
    rendered = render(bench, rows, template(role("user", ["q"], "/", ["b"]), role("assistant", ["a"])))
    assert [json.loads(row["messages"])[0]["content"] for row in rendered] == ["7/true", "8/false"]
    assert rendered[0]["expected"] == '{"k":[1,"ü"]}'


def test_a_row_that_lacks_a_value_is_dropped_and_the_column_named(bench: Bench) -> None:
    rows = [
        {"q": "x", "a": "y"},
        {"q": None, "a": "y"},
        {"q": " \u3000\n", "a": "y"},
        {"q": "x", "a": ""},
        {"a": "", "q": ""},
    ]
    rendered = render(bench, rows, PLAIN)
    assert [row["ord"] for row in rendered] == [0]
    assert [(row["line"], row["rule"], row["detail"].split("`")[1]) for row in bench.ledger("render:t.all")] == [
        (2, "empty_column", "q"), (3, "empty_column", "q"), (4, "empty_column", "a"), (5, "empty_column", "q"),
    ]  # fmt: skip
    assert bench.results["render:t.all"].summary["dropped_by_cause"] == {"q": 3, "a": 1}


def test_an_empty_answer_is_dropped(bench: Bench) -> None:
    with pytest.raises(DiagnosticError) as error:
        render(bench, [{"q": "x"}], template(role("user", ["q"]), role("assistant", " ")))
    assert error.value.diagnostics[0].code == "SFT0414"
    assert [row["rule"] for row in bench.ledger("render:t.all")] == ["empty_answer"]


def test_each_row_takes_one_of_several_templates(bench: Bench) -> None:
    other = template(role("user", ["q"]), role("assistant", ["a"], "?"))
    third = template(role("user", "Now: ", ["q"]), role("assistant", "-", ["a"]))
    rows = [{"q": f"q{i}", "a": f"a{i}"} for i in range(300)]
    first = render(bench, rows, PLAIN, other, third)
    by_hash = {template_hash(one): one for one in (PLAIN, other, third)}
    counts = [sum(row["template_hash"] == key for row in first) for key in by_hash]
    assert bench.results["render:t.all"].summary["templates"] == counts
    assert all(60 < count < 140 for count in counts)
    for row in first:
        form = {PLAIN: "a{}", other: "a{}?", third: "-a{}"}[by_hash[row["template_hash"]]]
        assert row["expected"] == form.format(json.loads(row["messages"])[-1]["content"].strip("a?-"))
    taken = {row["row_id"]: row["template_hash"] for row in first}
    again = render(bench, rows[150:], PLAIN, other, third)
    assert all(taken[row["row_id"]] == row["template_hash"] for row in again), "whatever the other rows are"
    assert render(bench, rows, PLAIN, other, third, seed=1) != first


def test_only_the_rows_of_the_part(bench: Bench) -> None:
    bench.ingest(bench.write("a.jsonl", [{"q": f"q{i}", "a": "x"} for i in range(100)]))
    parts = (SplitPart(name="train", share="0.5"), SplitPart(name="test", share="0.5"))
    bench.run(SplitParams(key=(Sql(sql='"q"', type="text"),), parts=parts), "t", {"rows": "ingest:s"})
    for part in ("train", "test"):
        result = bench.run(RenderParams(part=part, templates=(PLAIN,)), f"t.{part}", {"rows": "split:t"})
        ids = {row["__row_id"] for row in bench.rows("split:t") if row["__split"] == part}
        assert {row["row_id"] for row in bench.rows(f"render:t.{part}")} == ids
        assert result.rows_in == len(ids)
    with pytest.raises(DiagnosticError) as error:
        bench.run(RenderParams(part="none", templates=(PLAIN,)), "t.none", {"rows": "split:t"})
    assert error.value.diagnostics[0].code == "SFT0413"


def test_columns_with_hostile_names(bench: Bench) -> None:
    name = 'it\'s "{q}" messages'
    rendered = render(bench, [{name: "v", "messages": "m", "lacking": "l"}],
                      template(role("user", [name], ["messages"]), role("assistant", ["lacking"])))  # fmt: skip
    assert json.loads(rendered[0]["messages"])[0]["content"] == "vm"
    assert rendered[0]["expected"] == "l"
