"""The spec beside its results: lines, colours, findings, notes; and its screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.store import Store
from sft.show import show
from tests.tui.conftest import Journey
from tests.tui.data_store import PARTS, SPEC
from tests.tui.sample_store import RUN
from tui import queries
from tui.queries import StepRow
from tui.screens.data import DataScreen
from tui.screens.drops import DropsScreen
from tui.screens.mixtures import MixturesScreen
from tui.screens.spec import SpecScreen
from tui.screens.thresholds import ThresholdsScreen
from tui.spec_queries import CHANGED, FROM_DISK, LineFinding, SpecText, findings_now, spec_texts
from tui.spec_results import spec_model
from tui.view_models.spec import SpecLine, SpecPage, coloured_lines, rule_line, spec_pages
from tui.view_models.spec_notes import Notes, Opens, Results, notes
from tui.view_models.verdicts import Requirement, Target
from tui.widgets.big_table import BigTable

Walk = Callable[..., None]


def run_of(store: Store) -> str:
    return queries.runs(store, 1)[0].run_id


def line(page: SpecPage, text: str) -> SpecLine:
    return next(one for one in page.lines if text in one.text)


def test_the_files_are_those_that_ran_whatever_stands_there_now(data: Store, tmp_path: Path) -> None:
    texts = spec_texts(data, run_of(data))
    assert [(text.path, text.note) for text in texts] == [("spec.sft", ""), ("parts/common.sft", "")]
    assert texts[0].text == SPEC and texts[1].text == PARTS
    file = data.root.parent / "spec.sft"
    try:
        file.write_text(SPEC + "\n# edited\n", encoding="utf-8")
        changed = spec_texts(data, run_of(data))[0]
        assert changed.text == SPEC and changed.note == CHANGED
    finally:
        file.write_text(SPEC, encoding="utf-8")


def test_a_store_without_the_text_shows_the_file_on_disk_and_says_so(
    data: Store, copied: Callable[[Store], Store]
) -> None:
    store = copied(data)
    with store.writing() as con:
        con.execute("DELETE FROM spec_files")
    (store.root.parent / "parts").mkdir()
    (store.root.parent / "spec.sft").write_text(SPEC, encoding="utf-8")
    (store.root.parent / "parts" / "common.sft").write_text(PARTS, encoding="utf-8")
    texts = spec_texts(store, run_of(store))
    assert [(text.path, text.text, text.note) for text in texts] == [
        ("spec.sft", SPEC, FROM_DISK),
        ("parts/common.sft", PARTS, FROM_DISK),
    ]


def test_results_stand_beside_their_lines(data: Store) -> None:
    page, common = spec_model(data, run_of(data)).pages()
    told = {text: line(page, text).shown for text in ("keep words(q)", "dedup exact", "use letters_task", "split {")}
    assert told["keep words(q)"] == "4 of 200 dropped (2.0%)" and told["dedup exact"] == "4 of 195 dropped (2.1%)"
    assert told["use letters_task"] == "46 rows, 29% (wanted 46), each 2 times"
    assert told["split {"] == "test 69, train 113"
    assert line(page, "source tickets").shown.startswith("✓ 200 of 201 rows")
    assert line(page, "train tuned").shown == "- skipped"
    assert line(page, "length = ").shown == "median 79, n=182"
    assert "items given away by" in line(page, "mixture both").shown
    assert line(page, "keep words(q)").opens == Opens("data", "filter:tickets_task.clean", rule="0")
    assert line(common, "template chatty").shown == "52 rows"


def test_what_check_says_now_stands_at_its_line(data: Store) -> None:
    model = spec_model(data, run_of(data))
    found = findings_now(data, model.run.run_id, model.texts)
    page = model.pages(found)[0]
    assert [one.code for one in line(page, "source tickets").findings] == ["SFT0736"]
    assert line(page, "source tickets").severity == "warning" and page.counted("error") == 0
    broken = [SpecText("spec.sft", SPEC.replace("words(q)", "wrds(q)")), *model.texts[1:]]
    wrong = [one for one in findings_now(data, model.run.run_id, broken) if one.severity == "error"]
    assert len(wrong) == 1 and wrong[0].line == SPEC[: SPEC.index("words(q)")].count("\n") + 1


def step(step_id: str, status: str = "done", **more: object) -> StepRow:
    kind, _, name = step_id.partition(":")
    given = {"seconds": 2.0, "rows_in": 10, "rows_out": 10, "rows_dropped": 0, "summary": {}, "error": None, **more}
    return StepRow(0, step_id, kind, name, "h", {}, status, None, line=1, **given)  # type: ignore[arg-type]


def plan(*steps: tuple[str, int, dict[str, int]]) -> dict[str, object]:
    made = []
    for step_id, at, lines in steps:
        kind, _, name = step_id.partition(":")
        local = {"lines": lines, "labels": {"eval": name}}
        made.append({"kind": kind, "name": name, "params": {}, "place": {"path": "s", "line": at}, "local": local})
    return {"steps": made}


def told(plan: dict[str, object], *steps: StepRow, **more: object) -> Notes:
    given = {"funnel": (), "metrics": (), "requirements": (), "mixtures": (), "scores": (), **more}
    return notes(Results(plan, {one.step_id: one for one in steps}, **given))  # type: ignore[arg-type]


TRAINED = {"steps": 50, "last_loss": 0.12, "validation_loss": 0.2}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (step("train:t", summary=TRAINED), "✓ 50 steps, loss 0.12, validation 0.2 · 2.0 s"),
        (step("train:t", "running"), "▶ running 40%"),
        (step("train:t", "failed", error="no memory"), "✗ failed: no memory"),
        (step("train:t", "cached"), "= unchanged"),
        (step("train:t", "pending"), "· pending"),
        (step("train:t", "skipped"), "- skipped"),
    ],
)
def test_a_block_tells_how_its_step_stands(one: StepRow, expected: str) -> None:
    found = told(plan(("train:t", 3, {})), one, shares={"train:t": 0.4})
    assert [one.text for one in found.beside["s", 3]] == [expected]


def test_one_block_of_many_steps_counts_those_that_ended() -> None:
    found = told(plan(("render:e", 3, {}), ("measure:e", 3, {})), step("render:e"), step("measure:e", "pending"))
    assert [one.text for one in found.beside["s", 3]] == ["· pending · 1 of 2 steps done"]


def test_a_verdict_stands_beside_its_requirement() -> None:
    about = {"n": 40, "unit": "share", "facts": (), "target": Target(), "slice": None, "slice_value": None}
    about |= {"bound": None, "threshold": None, "level": None, "estimate": 0.9, "low": 0.8, "high": 0.95}
    row = Requirement("g", 1, 0, "require", "inconclusive", "", **about)  # type: ignore[arg-type]
    found = told(plan(("gate:g", 3, {"requirements.1": 5})), step("gate:g"), requirements=(row,))
    (beside,) = found.beside["s", 5]
    assert beside.text == "? inconclusive 90% [80, 95] n=40" and beside.look == "unsure"
    assert found.opens["s", 5] == Opens("verdicts", "gate:g", requirement=1)


def test_colours_come_from_the_lexer_and_the_runs_spell_the_text() -> None:
    lines = coloured_lines("s", 'filter x {  # why\n  keep words(q) in 3..9\tbecause "a"\n}\n')
    assert [(run.text, run.ink) for run in lines[0]] == [
        ("filter", "word"), (" ", "plain"), ("x", "name"), (" {  ", "plain"), ("# why", "comment"),
    ]  # fmt: skip
    inks = {run.text: run.ink for run in lines[1]}
    assert inks["keep"] == "word" and inks["words"] == "call" and inks["3"] == "number" and inks['"a"'] == "text"
    assert "".join(run.text for run in lines[1]) == '  keep words(q) in 3..9    because "a"'
    assert len(lines) == 3


@given(st.text(alphabet='ab{}"#\n\\ =3.`r', max_size=60))
def test_any_text_is_spelt_by_its_lines(text: str) -> None:
    shown = "\n".join("".join(run.text for run in one) for one in coloured_lines("s", text))
    assert shown == (text[:-1] if text.endswith("\n") and text.count("\n") else text)


def test_a_rule_is_looked_for_in_its_own_block() -> None:
    text = SpecText("s", "train a {\n  model = m\n}\ntrain b {\n  decontaminate coverage 90%\n}\n")
    assert rule_line(text, 1, "decontaminate") is None and rule_line(text, 4, "decontaminate") == 5


def test_a_finding_without_a_line_stands_above_the_file() -> None:
    page = spec_pages([SpecText("s", "a\n")], Notes(), [LineFinding("s", 9, "error", "C", "m", None, False)])[0]
    assert [one.code for one in page.elsewhere] == ["C"] and not page.lines[0].findings


def test_walking_the_spec(data: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("6")
        await go.until("2 warnings")
        assert "keep words(q) in 4..30" in go.text() and "4 of 200 dropped" in go.text()
        assert "Enter opens the sources" in go.text()  # the cursor stands on the first line with a result
        await go.press("]", "]", "]", "]")
        assert "Enter opens the rows that it dropped" in go.text()
        await go.press("enter")
        assert isinstance(go.app.screen, DropsScreen) and "4 of 200 rows" in go.text()
        await go.press("escape")
        assert isinstance(go.app.screen, SpecScreen) and "4 of 200 dropped" in go.text()
        await go.press("tab")
        assert "A customer writes" in go.text() and "52 rows" in go.text()
        await go.press("tab")
        go.app.screen.query_one(BigTable).go_to(SPEC[: SPEC.index("use letters_task")].count("\n"))
        await go.press("enter")
        assert isinstance(go.app.screen, MixturesScreen) and "letters_task" in go.text()

    walk(data, journey, run_id=run_of(data), size=(100, 34))


def test_enter_opens_what_the_line_is_about_and_back_leads_to_the_line(data: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("6")
        spec = go.app.screen
        for text, first in (("length = ", "keep length >= 25"), ("answer = ", "answer")):
            spec.query_one(BigTable).go_to(SPEC[: SPEC.index(text)].count("\n"))
            await go.press("enter")
            screen = go.app.screen
            assert isinstance(screen, ThresholdsScreen)
            one = next(one for one in screen.model.rules if one.key == screen.table().current)  # type: ignore[union-attr]
            assert (one.text or one.name) == first
            await go.press("escape")
            assert go.app.screen is spec
        spec.query_one(BigTable).go_to(SPEC[: SPEC.index("split {")].count("\n"))
        await go.press("enter")
        assert isinstance(go.app.screen, DataScreen)
        await go.press("escape")
        assert go.app.screen is spec

    walk(data, journey, run_id=run_of(data), size=(100, 34))


def test_a_metric_opens_its_items_and_a_predict_step_its_answers(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        for step, metric, seen in (
            ("measure:format", "json", ("tuned", None, "json")),
            ("predict:format.smol.plain", None, ("smol", "plain", "exact")),
            ("predict:format.tuned.chatty", None, ("tuned", "chatty", "exact")),
        ):
            before = go.app.screen
            go.app.open_view("predictions", RUN, step, *([metric] if metric else []), on_top=True)
            await go.settle()
            chosen = go.app.screen.chosen  # type: ignore[attr-defined]
            assert (chosen.model, chosen.template, chosen.metric) == seen and chosen.baseline != chosen.model
            await go.press("escape")
            assert go.app.screen is before

    walk(done, journey, run_id=RUN)


def test_a_run_whose_spec_is_nowhere_says_so(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("6")
        assert "does not have the text" in go.text()

    walk(done, journey, run_id=RUN)
    assert "no text of" in show(done, RUN, "spec", width=100)
