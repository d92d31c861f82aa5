"""The decontamination step: what goes, what is said of it, and what it costs nothing to know where nothing goes."""

import json
from decimal import Decimal
from typing import Any

import pytest

from compiler.step_params import (
    DecontaminateParams,
    HeldOutRows,
    RenderParams,
    RenderTemplate,
    Segment,
    SplitParams,
    SplitPart,
    Sql,
    TemplateRole,
)
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.conftest import Bench

LEAK = "How many eggs does Janet sell at the farmers’ market every single day?"
SAID = "Say how many eggs does Janet sell at the farmers' market every single day, in words."


def cleaned(
    bench: Bench, rows: list[Any], items: list[Any], *, texts: tuple[str, ...] = ("q", "a"), **more: Any
) -> list[Any]:
    """Rows that are left of ``rows``, against the column ``q`` of ``items``."""
    bench.write("held.jsonl", items)
    bench.ingest("held.jsonl")
    bench.steps["ingest:held"] = bench.steps["ingest:s"]
    bench.write("rows.jsonl", rows)
    bench.ingest("rows.jsonl")
    held = HeldOutRows(input="h", part=None, texts=("q",), **({"ngram": 8, "coverage": Decimal("0.5")} | more))
    params = DecontaminateParams(part=None, texts=texts, against=(held,))
    bench.run(params, "t", {"rows": "ingest:s", "h": "ingest:held"}, local={"held_out": ["format"]})
    return bench.rows("decontaminate:t")


def test_a_row_that_gives_an_item_away_goes_and_the_ledger_has_the_text(bench: Bench) -> None:
    rows = [{"q": "What is the capital of the country France?", "a": "Paris"}, {"q": "Well?", "a": SAID}]
    left = cleaned(bench, rows, [{"q": LEAK}, {"q": "Name a colour that is not in the rainbow, please."}])
    assert [row["a"] for row in left] == ["Paris"]
    (entry,) = bench.ledger("decontaminate:t")
    item = bench.rows("ingest:held")[0]["__row_id"]
    assert (entry["rule"], entry["line"], entry["value"]) == ("0", 2, "1.000")
    assert entry["detail"] == f"13 of 13 words of the held-out row {item[:12]} stand in this row: {LEAK}"
    assert bench.store.query("SELECT row_id, item, words, covered, matched FROM overlap_rows") == [
        (entry["row_id"], item, 13, 13, LEAK)
    ]
    assert bench.results["decontaminate:t"].summary == {
        "dropped_by_rule": {"0": 1},
        "against": [{"items": 2, "without_words": 0, "hit": 1, "touched": 1, "rows": 1}],
    }


def test_every_item_is_reported_also_where_nothing_goes(bench: Bench) -> None:
    half = "How many eggs does Janet have? It is a long story that nobody knows the end of."
    left = cleaned(bench, [{"q": half, "a": "x"}], [{"q": LEAK}, {"q": "Hello there"}, {"q": "?!"}])
    assert len(left) == 1
    assert bench.store.query("SELECT words, rows, covered, matched FROM overlap_items ORDER BY words DESC") == [
        (13, 0, 0, ""),
        (2, 0, 0, ""),
        (0, 0, 0, ""),
    ]
    cleaned(bench, [{"q": half, "a": "x"}], [{"q": LEAK}], ngram=3, coverage="0.9")
    assert bench.store.query("SELECT words, rows, covered, matched FROM overlap_items WHERE covered > 0") == [
        (13, 0, 5, "How many eggs does Janet")
    ]


def test_a_row_that_lacks_a_column_and_a_short_item(bench: Bench) -> None:
    rows = [{"q": None, "a": "colour"}, {"q": "Kill a Python process", "a": "y"}, {"q": "hi", "a": None}]
    left = cleaned(bench, rows, [{"q": "HI!"}, {"q": "kill a python process?"}, {"q": None}])
    assert [row["a"] for row in left] == ["colour"]


def test_a_part_without_rows_is_said_to_be_empty(bench: Bench) -> None:
    bench.write("rows.jsonl", [{"q": LEAK, "a": "18"}])
    bench.ingest("rows.jsonl")
    half = SplitPart(name="train", share=Decimal("0.5"))
    halves = half, half.model_copy(update={"name": "test"})
    bench.run(SplitParams(key=(Sql(sql='"q"', type="text"),), parts=halves), "t", {"rows": "ingest:s"})
    (row,) = bench.rows("split:t")
    held = HeldOutRows(input="h", part=None, texts=("q",), ngram=8, coverage=Decimal("0.5"))
    params = DecontaminateParams(part={"train": "test", "test": "train"}[row["__split"]], texts=("q",), against=(held,))
    with pytest.raises(DiagnosticError) as error:
        bench.run(params, "t", {"rows": "split:t", "h": "ingest:s"})
    assert error.value.diagnostics[0].code == "SFT0413"


def test_conversations_are_compared_by_their_turns(bench: Bench) -> None:
    def talk(*texts: str | None) -> dict[str, Any]:
        roles = ("user", "assistant") * len(texts)
        return {"messages": [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]}

    answer = "An answer that stands in no prompt, so it does not count."
    bench.write("held.jsonl", [talk("Well?", "Well.", LEAK, answer)])
    bench.ingest("held.jsonl")
    bench.steps["ingest:held"] = bench.steps["ingest:s"]
    bench.write("rows.jsonl", [talk("Hi", None, "Then", SAID), talk("What then?", answer)])
    bench.ingest("rows.jsonl")
    held = HeldOutRows(input="h", part=None, texts=None, ngram=8, coverage=Decimal("0.5"))
    params = DecontaminateParams(part=None, texts=None, against=(held,))
    bench.run(params, "t", {"rows": "ingest:s", "h": "ingest:held"})
    assert [entry["line"] for entry in bench.ledger("decontaminate:t")] == [1]


def test_the_same_system_text_and_tools_give_no_item_away(bench: Bench) -> None:
    told = [{"role": role, "content": LEAK} for role in ("tools", "system")]
    for name, question in (("held", "What is up?"), ("rows", "How are you?")):
        turns = [*told, {"role": "user", "content": question}, {"role": "assistant", "content": "Well."}]
        bench.write(f"{name}.jsonl", [{"messages": turns}])
        bench.ingest(f"{name}.jsonl")
        bench.steps[f"ingest:{name}"] = bench.steps["ingest:s"]
    held = HeldOutRows(input="h", part=None, texts=None, ngram=8, coverage=Decimal("0.5"))
    params = DecontaminateParams(part=None, texts=None, against=(held,))
    assert bench.run(params, "t", {"rows": "ingest:rows", "h": "ingest:held"}).rows_dropped == 0


def test_rendered_rows_are_taken_as_they_are(bench: Bench) -> None:
    template = RenderTemplate(
        roles=(
            TemplateRole(role="user", segments=(Segment(text="Q: "), Segment(column="q"))),
            TemplateRole(role="assistant", segments=(Segment(column="a"),)),
        )
    )
    bench.write("rows.jsonl", [{"q": LEAK, "a": "18"}, {"q": "Another question of no interest at all?", "a": LEAK}])
    bench.ingest("rows.jsonl")
    bench.run(RenderParams(part=None, templates=(template,)), "r", {"rows": "ingest:s"})
    held = HeldOutRows(input="h", part=None, texts=None, ngram=8, coverage=Decimal("0.9"))
    params = DecontaminateParams(part=None, texts=None, against=(held,))
    with pytest.raises(DiagnosticError) as error:
        bench.run(params, "t", {"rows": "render:r", "h": "render:r"})
    assert error.value.diagnostics[0].code == "SFT0420"


def test_the_view_shows_sets_and_the_closest_items(bench: Bench) -> None:
    from sft.show import show

    cleaned(bench, [{"q": "x", "a": SAID}, {"q": "y", "a": "z"}], [{"q": f"\x1b[31m {LEAK}"}, {"q": "Another one"}])
    step, now = bench.steps["decontaminate:t"], "2026-01-01"
    bench.store.insert(
        "steps",
        ("run_id", "ordinal", "step_id", "kind", "name", "step_hash", "labels", "status", "rows_in"),
        [("r1", 0, step.id, "decontaminate", "t", step.hash, "{}", "done", 2)]
        + [
            ("r1", n, f"ingest:s{n}", "ingest", f"s{n}", read.hash, "{}", "done", 2)
            for n, read in enumerate((bench.steps["ingest:held"], bench.steps["ingest:s"]), 1)
        ],
    )
    bench.store.insert("rules", ("run_id", "step_id", "rule", "text"), [("r1", step.id, "0", "against [format]")])
    bench.store.insert(
        "runs",
        ("run_id", "spec", "plan_hash", "plan", "status", "started_at", "pid", "host"),
        [("r1", "t.sft", "0", "{}", "done", now, 1, "h")],
    )
    data = json.loads(show(bench.store, "r1", "decontamination", "json"))
    (one,) = data["sets"]
    assert (one["items"], one["hit"], one["rows"], one["dropped"], one["highest"]) == (2, 1, 1, 1, 0.0)
    (item,) = data["items"]
    assert (item["covered"], item["words"], item["rows"], item["line"]) == (13, 14, 1, 1)
    text = show(bench.store, "r1", "decontamination", "text", width=200)
    assert "13/14" in text and LEAK in text and "\x1b" not in text
    assert "13/14" in show(bench.store, "r1", "decontamination", "markdown", step="decontaminate:t")
    with pytest.raises(DiagnosticError):
        show(bench.store, "r1", "decontamination", step="decontaminate:nothing")
