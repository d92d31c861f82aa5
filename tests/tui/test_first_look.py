"""What Enter on a requirement, a step or a comparison opens: the items that it is about, and never those of others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.blessed_file import file_of, text_of
from runtime.store import Store
from tests.tui.conftest import Journey
from tests.tui.failure_store import OTHER_RUN, copied
from tests.tui.sample_store import RUN, row_id
from tui import metric_queries, prediction_queries, queries
from tui.first_look import Look, Wanted, first_look
from tui.item_filters import PredictionFilter
from tui.queries import GateRow
from tui.screens.predictions import PredictionsScreen
from tui.screens.verdicts import VerdictsScreen
from tui.view_models.choices import choices
from tui.view_models.verdicts import Requirement, VerdictView, decided, verdict_view
from tui.widgets.big_table import BigTable

Walk = Callable[..., None]
EXACT = {"input": "format", "eval": "format", "metric": "exact", "model": "tuned", "unit": "share"}


@pytest.fixture
def store(done: Store, tmp_path: Path) -> Store:
    return copied(done, tmp_path)


def require(store: Store, *requirements: dict[str, Any], **of_step: Any) -> None:
    """Put requirements in the place of the first ones of the run's gate."""
    plan = queries.plan(store, RUN)
    gate = next(step for step in plan["steps"] if step["kind"] == "gate")
    gate["params"]["requirements"][: len(requirements)] = requirements
    gate |= of_step
    with store.writing() as con:
        con.execute("UPDATE runs SET plan = ? WHERE run_id = ?", [json.dumps(plan), RUN])


def look(store: Store, wanted: Wanted) -> Look:
    plan = queries.plan(store, RUN)
    cells, measured = prediction_queries.cells(store, RUN), metric_queries.metrics(store, RUN)
    return first_look(store, RUN, plan, choices(cells, measured, plan), wanted)


def requirement(store: Store, position: int) -> Requirement:
    found = verdict_view("fail", queries.gates(store, RUN), {}, queries.plan(store, RUN))
    return next(one for one in found.requirements if (one.requirement, one.part) == (position, 0))


def total(go: Journey) -> int:
    return go.app.screen.query_one(BigTable).total


NEVER = {"rule": "never", "text": 'require never format.tag("critical")', "input": "format", "eval": "format"}
NEVER |= {"tag": "critical", "checked": [{"metric": m, "model": "tuned", "fails": "low"} for m in ("json", "exact")]}


def test_a_never_opens_the_tagged_items_that_failed(store: Store, walk: Walk) -> None:
    require(store, NEVER)
    sql = "SELECT row_id FROM item_metrics WHERE model = 'tuned' AND metric = 'exact' AND value = ?"
    wrong, right = ({row for (row,) in store.query(sql, [value])} for value in (0, 1))
    tagged = [*sorted(wrong)[:2], *sorted(right - wrong)[:3]]
    step = store.query("SELECT step_hash FROM steps WHERE kind = 'measure' AND run_id = ?", [RUN])[0][0]
    store.insert("item_tags", ("step_hash", "row_id", "tag"), [(step, row, "critical") for row in tagged])
    store.insert("item_tags", ("step_hash", "row_id", "tag"), [(step, row_id(301), "other")])
    failing = store.query(sql.replace("row_id FROM", "count(*) FROM") + " AND list_contains(?, row_id)", [0, tagged])

    async def journey(go: Journey) -> None:
        await go.press("4", "g")
        assert "Enter opens" in go.text()
        await go.press("enter")
        assert "tag critical" in go.text() and "c metric exact" in go.text() and total(go) == failing[0][0]
        await go.press("u")
        assert "tag critical" not in go.text() and total(go) == 120

    walk(store, journey, run_id=RUN, size=(120, 40))


def test_what_has_no_items_opens_none(store: Store, walk: Walk) -> None:
    figure = {"rule": "figure", "text": "require people.alpha >= 0.6", "input": "people", "of": "people"}
    require(store, {"rule": "any", "text": "require any of", "members": [1]}, {**NEVER, "eval": "held"}, figure)

    async def journey(go: Journey) -> None:
        await go.press("4", "g")
        for at in range(3):
            opens = at == 1
            assert ("Enter opens" in go.text()) is opens
            await go.press("enter")
            assert isinstance(go.app.screen, PredictionsScreen if opens else VerdictsScreen)
            if opens:
                assert "No model was asked anything for `held`" in go.text() and "e for another eval" in go.text()
                await go.press("escape")
            await go.press("j")

    walk(store, journey, run_id=RUN)


def test_an_eval_without_answers_says_so(store: Store) -> None:
    wanted = PredictionFilter("held", "tuned", metric="perplexity", outcome="lost")
    assert "`held`" in look(store, Wanted(chosen=wanted)).why and not look(store, Wanted(chosen=wanted)).chosen
    with store.writing() as con:
        con.execute("DELETE FROM steps WHERE kind = 'predict'")
    assert "No model was asked anything for `format`" in look(store, Wanted()).why


def test_a_step_opens_its_model_and_template(store: Store) -> None:
    (chosen,) = look(store, Wanted("predict:format.smol.chatty")).chosen
    assert (chosen.model, chosen.baseline, chosen.template, chosen.metric) == ("smol", "tuned", "chatty", "json")
    (chosen,) = look(store, Wanted("measure:format")).chosen
    assert (chosen.model, chosen.template) == ("tuned", None)


# --- blessed runs ------------------------------------------------------------------------------------

BLESSED = {"name": "golden", "model": "tuned", "renamed": [{"template": "plain", "was": "bare"}]}
COMPARED = {"rule": "no_worse_than", "text": "require no worse", "metric": EXACT, "baseline": "baseline"}
COMPARED |= {"blessed": BLESSED}


@pytest.fixture
def blessed(store: Store) -> Store:
    """The other run answered for itself, all of `tuned` right, and called `plain` otherwise; the gate decided against
    it, and the name is given to the run at hand by now."""
    with store.writing() as con:
        con.execute("UPDATE item_metrics SET value = 0 WHERE template = 'plain' AND metric = 'exact' AND row_id < '2'")
        con.execute(
            "UPDATE steps SET step_hash = left('o' || step_hash, 32), labels = replace(labels::VARCHAR, "
            "'\"plain\"', '\"bare\"')::JSON WHERE run_id = ? AND kind IN ('predict', 'measure')",
            [OTHER_RUN],
        )
        con.execute(
            "INSERT INTO predictions SELECT * REPLACE (left('o' || step_hash, 32) AS step_hash, 'was: ' || output AS "
            "output) FROM predictions"
        )
        con.execute(
            "INSERT INTO item_metrics SELECT * REPLACE (left('o' || step_hash, 32) AS step_hash, "
            "CASE template WHEN 'plain' THEN 'bare' ELSE template END AS template, 1.0 AS value) FROM item_metrics"
        )
        con.execute("UPDATE baselines SET run_id = ? WHERE name = 'golden'", [RUN])
        con.execute("UPDATE gates SET verdict = 'fail' WHERE requirement = 0")
        told = json.dumps({"baseline": {"name": "golden", "run": OTHER_RUN}})
        con.execute("UPDATE steps SET summary = ? WHERE run_id = ? AND kind = 'gate'", [told, RUN])
    require(store, COMPARED)
    return store


def test_a_requirement_against_a_blessed_run_is_seen_beside_the_run_that_decided(blessed: Store, walk: Walk) -> None:
    sql = "SELECT template, count(*) FROM item_metrics i JOIN steps s USING (step_hash) WHERE run_id = ? AND "
    sql += "model = 'tuned' AND metric = 'exact' AND value < 1 GROUP BY template"
    wrong = dict(blessed.query(sql, [RUN]))
    assert set(wrong) == {"plain", "chatty"}

    async def journey(go: Journey) -> None:
        await go.press("4", "g", "enter")
        assert total(go) == sum(wrong.values()) and f"[{total(go)} regressed]" in go.text()
        assert f"tuned in {OTHER_RUN}" in go.text() and "incomparable" not in go.text()
        await go.press("t")
        assert total(go) == wrong["plain"] and "was: " in go.text(), "the other answer, under its other template"
        await go.press("f")
        await go.pilot.press(*"base_output LIKE 'was: %'")
        await go.press("enter")
        assert total(go) == wrong["plain"]

    walk(blessed, journey, run_id=RUN, size=(140, 44))


def test_without_the_run_that_decided_nothing_stands_beside(blessed: Store, walk: Walk) -> None:
    with blessed.writing() as con:
        con.execute("DELETE FROM steps WHERE run_id = ?", [OTHER_RUN])

    async def journey(go: Journey) -> None:
        await go.press("4", "g", "enter")
        assert f"answers of run {OTHER_RUN}, which was `golden`, are not in this store" in go.text()
        assert "v beside none" in go.text() and "failed]" in go.text()
        await go.press("r")
        assert "are not in this store" in go.text()

    walk(blessed, journey, run_id=RUN, size=(140, 44))


def test_a_gate_of_an_earlier_version_is_seen_beside_the_run_of_its_file(blessed: Store) -> None:
    with blessed.writing() as con:
        con.execute("UPDATE steps SET summary = '{}' WHERE kind = 'gate'")
    assert "not known any more" in look(blessed, Wanted(requirement=requirement(blessed, 0))).remark
    path = blessed.root.parent / file_of("golden")
    path.parent.mkdir()
    path.write_text(text_of({"name": "golden", "run": OTHER_RUN, "ended": "", "evals": {}}), encoding="utf-8")
    content = json.loads(path.read_text(encoding="utf-8"))["content"]
    require(blessed, COMPARED, content={"baseline": content})
    (chosen,) = look(blessed, Wanted(requirement=requirement(blessed, 0))).chosen
    assert (chosen.base_run, chosen.renamed, chosen.outcome) == (OTHER_RUN, (("plain", "bare"),), "lost")
    require(blessed, COMPARED, content={"baseline": "another"})
    (chosen,) = look(blessed, Wanted(requirement=requirement(blessed, 0))).chosen
    assert (chosen.base_run, chosen.baseline, chosen.outcome) == (None, None, "failed")


def test_all_items_stand_for_a_requirement_that_passed_alone(store: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("4", "g", "j", "enter")
        assert "[120 all]" in go.text()
        with store.writing() as con:
            con.execute("UPDATE gates SET verdict = 'fail' WHERE requirement = 1")
        await go.press("escape", "r", "enter")
        assert "No item is regressed." in go.text()

    walk(store, journey, run_id=RUN)


# --- view models -------------------------------------------------------------------------------------


def row(position: int, verdict: str, **given: Any) -> GateRow:
    start: dict[str, Any] = dict.fromkeys(GateRow.__struct_fields__)
    start |= {"gate": "g", "step_hash": "h", "requirement": position, "part": 0, "text": "t", "reason": "r"}
    return GateRow(**{**start, "unit": "share", "test": "x", "verdict": verdict, **given})


def seen(verdict: str, requirements: list[dict[str, Any]], rows: list[GateRow]) -> VerdictView:
    plan = {"steps": [{"kind": "gate", "name": "g", "params": {"requirements": requirements}}]}
    return verdict_view(verdict, rows, {}, plan)


BOUND = {"rule": "bound", "metric": EXACT}


@pytest.mark.parametrize(
    ("verdict", "requirements", "verdicts", "decides"),
    [
        # any of { A fails, B passes }, then C fails
        ("fail", [{"rule": "any", "members": [2, 3]}, BOUND, BOUND, BOUND], ["pass", "fail", "fail", "pass"], 1),
        # all of { A passes, all of { B is open, C fails } }
        (
            "fail",
            [{"rule": "all", "members": [1, 2]}, BOUND, {"rule": "all", "members": [3, 4]}, BOUND, BOUND],
            ["fail", "pass", "fail", "inconclusive", "fail"],
            4,
        ),
        ("fail", [BOUND, BOUND], ["pass", "inconclusive"], 1),  # strict
        ("inconclusive", [BOUND, BOUND], ["pass", "inconclusive"], 1),
    ],
)
def test_the_requirement_that_decided(
    verdict: str, requirements: list[dict[str, Any]], verdicts: list[str], decides: int
) -> None:
    rows = [row(0, verdict, part=1), *(row(at, own) for at, own in enumerate(verdicts))]
    found = decided(seen(verdict, requirements, rows))
    assert found is not None and (found.requirement, found.part) == (decides, 0)


def test_the_items_of_an_equivalence_are_on_the_side_of_the_change() -> None:
    same = {"rule": "equivalent", "metric": EXACT, "baseline": "smol"}
    less = {**same, "metric": {**EXACT, "better": "lower"}}
    rows = [row(at, "fail", estimate=value, threshold=0.02) for at, value in enumerate((0.08, -0.08, 0.08))]
    found = seen("fail", [same, same, less], rows).requirements
    assert [one.target.outcome for one in found if one.target] == ["gained", "lost", "lost"]
    assert found[0].thresholds == (0.02, -0.02)
