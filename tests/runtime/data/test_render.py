"""Rendering: the exact conversation, what is dropped and why, and which template a row takes."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.step_params import RenderParams, RenderTemplate, Segment, SplitParams, SplitPart, Sql, TemplateRole
from runtime import template_sql
from runtime.relational import engine
from runtime.steps.render import statements, template_hash
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.conftest import Bench
from tests.runtime.data.hostile import HOSTILE


def role(name: str, *pieces: str) -> TemplateRole:
    """Pieces that begin with a dot are columns."""
    segments = tuple(Segment(column=piece[1:]) if piece.startswith(".") else Segment(text=piece) for piece in pieces)
    return TemplateRole(role=name, segments=segments)


PLAIN = RenderTemplate(roles=(role("system", "Sort {it}. 100% '?' $1"), role("user", ".q"), role("assistant", ".a")))
TERSE = RenderTemplate(roles=(role("user", "Q: ", ".q", "\n", ".q", "!"), role("assistant", "<", ".a", ">")))


def rendered(
    bench: Bench, rows: list[dict[str, Any]], *templates: RenderTemplate, seed: int = 0
) -> list[dict[str, Any]]:
    bench.write("a.jsonl", rows)
    bench.ingest("a.jsonl")
    bench.run(RenderParams(part=None, templates=templates, seed=seed), "t.all", {"rows": "ingest:s"})
    return bench.rows("render:t.all")


def test_the_conversation_is_the_template_with_the_values_in_it(bench: Bench) -> None:
    (row,) = rendered(bench, [{"q": "why?", "a": "so"}], TERSE)
    assert json.loads(row["messages"]) == [
        {"role": "user", "content": "Q: why?\nwhy?!"},
        {"role": "assistant", "content": "<so>"},
    ]
    assert row["expected"] == "<so>"
    assert row["template_hash"] == template_hash(TERSE) != template_hash(PLAIN)
    stored = bench.store.query("SELECT ord, row_id, template_hash, messages, expected FROM renders")
    assert stored == [(0, *(row[name] for name in ("row_id", "template_hash", "messages", "expected")))]


def test_hostile_values_and_names_are_only_text(bench: Bench) -> None:
    names = ["messages", "expected", "lacking", "rows", "line", "file", "row_id", "template_hash"]
    rows = [{"q": text, "a": text, **dict.fromkeys(names, text)} for text in HOSTILE]
    columns = RenderTemplate(roles=(role("user", *(f".{name}" for name in names)), role("assistant", ".expected")))
    found = rendered(bench, rows, PLAIN)
    assert [row["expected"] for row in found] == HOSTILE
    for row, text in zip(found, HOSTILE, strict=True):
        assert [turn["content"] for turn in json.loads(row["messages"])] == ["Sort {it}. 100% '?' $1", text, text]
    again = rendered(bench, rows, columns)
    assert [json.loads(row["messages"])[0]["content"] for row in again] == [text * len(names) for text in HOSTILE]


def test_values_that_are_no_text(bench: Bench) -> None:
    values = [7, 1.5, True, [1, "x"], {"k": None}]
    for value, text in zip(values, ["7", "1.5", "true", '[1,"x"]', '{"k":null}'], strict=True):
        assert [row["expected"] for row in rendered(bench, [{"q": "q", "a": value}], PLAIN)] == [text]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_fraction_in_a_column_changes_no_whole_number(bench: Bench, name: str) -> None:
    written = ["2", "2.5", "1e3", "-0.5", "7.0", "1.50", "9007199254740991", "0", "1e20", "1e-7"]
    texts = ["2", "2.5", "1000", "-0.5", "7", "1.5", "9007199254740991", "0", "1e+20", "1e-07"]
    lines = ["q,a", *(f"q,{n}" for n in written)] if name == "a.csv" else [f'{{"q": "q", "a": {n}}}' for n in written]
    bench.write(name, "\n".join(lines) + "\n")
    bench.ingest(name, format=name[2:])
    bench.run(RenderParams(part=None, templates=(PLAIN,), seed=0), "t.all", {"rows": "ingest:s"})
    assert [row["expected"] for row in bench.rows("render:t.all")] == texts


@settings(max_examples=50)
@given(
    numbers=st.lists(
        st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53).map(float), min_size=1
    )
)
def test_the_text_of_a_number_reads_back_as_the_number(
    numbers: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with engine(tmp_path_factory.getbasetemp(), threads=1) as db:
        found = db.rows(f"SELECT {template_sql.value('n')} FROM (SELECT unnest(?::DOUBLE[]) AS n)", [numbers])
    for (text,), number in zip(found, numbers, strict=True):
        assert float(text) == number
        assert not text.endswith(".0")
        if number == int(number) and 0 < abs(number) <= 2**53:
            assert text == str(int(number))


def test_a_row_that_lacks_a_value_is_dropped_by_the_name_of_the_column(bench: Bench) -> None:
    rows = [
        {"q": "x", "a": "y"}, {"q": None, "a": "y"}, {"q": "x"}, {"q": " \u3000\n", "a": ""}, {"q": "x", "a": "0"},
    ]  # fmt: skip
    assert [row["expected"] for row in rendered(bench, rows, PLAIN)] == ["y", "0"]
    assert [(row["line"], row["rule"], row["detail"]) for row in bench.ledger("render:t.all")] == [
        (2, "empty_column", "the column `q` is empty and the template needs it"),
        (3, "empty_column", "the column `a` is empty and the template needs it"),
        (4, "empty_column", "the column `q` is empty and the template needs it"),
    ]
    assert bench.results["render:t.all"].summary["dropped_by_cause"] == {"q": 2, "a": 1}


def test_an_answer_of_white_space_is_no_answer(bench: Bench) -> None:
    blank = RenderTemplate(roles=(role("user", ".q"), role("assistant", " \n")))
    with pytest.raises(DiagnosticError) as error:
        rendered(bench, [{"q": "x"}], blank)
    assert error.value.diagnostics[0].code == "SFT0414"
    assert [row["rule"] for row in bench.ledger("render:t.all")] == ["empty_answer"]


def test_every_row_takes_one_template_by_its_id_and_the_seed(bench: Bench) -> None:
    rows = [{"q": f"question {number}", "a": "y"} for number in range(400)]
    found = rendered(bench, rows, PLAIN, TERSE)
    chosen = {row["row_id"]: row["template_hash"] for row in found}
    plain = list(chosen.values()).count(template_hash(PLAIN))
    assert abs(plain - 200) < 5 * 10
    assert bench.results["render:t.all"].summary["templates"] == [plain, 400 - plain]
    for row in found:
        assert (row["expected"] == "y") == (row["template_hash"] == template_hash(PLAIN))
    fewer = rendered(bench, rows[::3], PLAIN, TERSE)
    assert {row["row_id"]: row["template_hash"] for row in fewer}.items() <= chosen.items()
    other = rendered(bench, rows, PLAIN, TERSE, seed=1)
    assert {row["row_id"]: row["template_hash"] for row in other} != chosen


def test_a_part_is_rendered_in_source_order(bench: Bench) -> None:
    bench.write("a.jsonl", [{"q": str(number), "a": "y"} for number in range(50)])
    bench.ingest("a.jsonl")
    key = (Sql(sql='"q"', params=(), type="text"),)
    parts = (SplitPart(name="test", share="0.4"), SplitPart(name="train", share="0.6"))
    bench.run(SplitParams(key=key, parts=parts), "t", {"rows": "ingest:s"})
    bench.run(RenderParams(part="test", templates=(PLAIN,)), "t.test", {"rows": "split:t"})
    expected = [row["__row_id"] for row in bench.rows("split:t") if row["__split"] == "test"]
    found = bench.rows("render:t.test")
    assert [row["row_id"] for row in found] == expected
    stored = bench.store.query(
        "SELECT row_id FROM renders WHERE step_hash = ? ORDER BY ord", [bench.steps["render:t.test"].hash]
    )
    assert [row_id for (row_id,) in stored] == expected
    with pytest.raises(DiagnosticError) as error:
        bench.run(RenderParams(part="none", templates=(PLAIN,)), "t.none", {"rows": "split:t"})
    assert error.value.diagnostics[0].code == "SFT0413"


def test_running_twice_leaves_the_rows_of_one_run(bench: Bench) -> None:
    rows = [{"q": "x", "a": "y"}, {"q": "x"}]
    rendered(bench, rows, PLAIN)
    rendered(bench, rows, PLAIN)
    assert bench.store.query("SELECT count(*) FROM renders") == [(1,)]
    assert bench.store.query("SELECT count(*) FROM ledger") == [(1,)]
    assert "FROM rows" in statements(bench.steps["render:t.all"])[0]
