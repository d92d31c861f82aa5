"""The training screen beside another run, and the rounds of a loop."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.store import Store
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN
from tui import queries, training_queries
from tui.queries import StepRow, TrainPoint
from tui.round_queries import loops
from tui.screens.choose_training import ChooseTraining
from tui.screens.rounds import RoundsScreen
from tui.training_queries import Course, Figures, Validation
from tui.view_models.rounds import roles, rounds_view
from tui.view_models.training import course_curves, joined, smoothed, training_view, value_at

Walk = Callable[..., None]
OTHER = "20261123-090000-ffff"


@pytest.fixture(scope="module")
def two_runs(done: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The sample with an older run, whose training was worse."""
    store = Store(Path(shutil.copytree(done.root, tmp_path_factory.mktemp("two") / ".sft")))
    with store.writing() as con:
        con.execute(
            "INSERT INTO runs BY NAME "
            "SELECT * REPLACE (? AS run_id, started_at - INTERVAL 1 DAY AS started_at) FROM runs",
            [OTHER],
        )
        con.execute(
            "INSERT INTO steps BY NAME SELECT * REPLACE (? AS run_id, CASE kind WHEN 'train' THEN 'worse' ELSE "
            "step_hash END AS step_hash) FROM steps",
            [OTHER],
        )
        con.execute(
            "INSERT INTO train_steps BY NAME "
            "SELECT * REPLACE ('worse' AS step_hash, loss + 0.5 AS loss) FROM train_steps"
        )
    return store


@pytest.fixture(scope="module")
def looped(done: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The sample with a loop of three rounds: the proxy rises, gold falls, a guard ends the third."""
    store = Store(Path(shutil.copytree(done.root, tmp_path_factory.mktemp("loop") / ".sft")))
    watch = {"proxy": {"eval": "judged", "metric": "liked"}, "gold": {"eval": "right", "metric": "exact"}}
    steps, figures, plan = [], [], json.loads(store.query("SELECT plan FROM runs")[0][0])
    for number in (1, 2, 3):
        for kind in ("guard", "round"):
            step = f"{kind}:star.{number}"
            labels = {"loop": "star", "number": str(number)}
            status = "skipped" if (number, kind) == (3, "round") else "done"
            reason = "guard:star.3 stopped: acceptance" if status == "skipped" else None
            steps.append((step, kind, f"star.{number}", step, json.dumps(labels), status, reason))
            plan["steps"].append({"kind": kind, "name": f"star.{number}", "params": watch, "local": {"labels": labels}})
        accepted = 0.6 / number
        why = "acceptance is 20%, under 25%" if number == 3 else None
        figures.append((f"guard:star.{number}", "acceptance", accepted, None, None, 400, ">=", 0.25, number == 3, why))
        if number < 3:
            for name, value in (("judged.liked", 0.5 + number / 10), ("right.exact", 0.6 - number / 10)):
                ends = (value - 0.05, value + 0.05)
                figures.append((f"round:star.{number}", name, value, *ends, 100, None, None, False, None))
    figures.append(("guard:star.1", "distinct_2", None, None, None, 0, None, None, False, "no new row to compare"))
    steps.append(("select:star", "select", "star", "select:star", json.dumps({"loop": "star"}), "done", None))
    with store.writing() as con:
        for ordinal, step in enumerate(steps, 50):
            con.execute(
                "INSERT INTO steps (run_id, ordinal, step_id, kind, name, step_hash, labels, status, reason, summary) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [RUN, ordinal, *step, json.dumps({"round": 1, "by": "right.exact"} if step[1] == "select" else {})],
            )
        for figure in figures:
            con.execute(
                'INSERT INTO round_figures (step_hash, figure, "value", low, high, n, unit, op, threshold, stopped, '
                "reason) VALUES (?, ?, ?, ?, ?, ?, 'share', ?, ?, ?, ?)",
                list(figure),
            )
        con.execute("UPDATE runs SET plan = ?", [json.dumps(plan)])
    return store


def test_the_numbers_under_the_cursor_are_those_that_were_measured(done: Store, walk: Walk) -> None:
    step = next(step for step in queries.steps(done, RUN) if step.kind == "train")
    points = training_queries.course(done, step.step_hash).points

    async def journey(go: Journey) -> None:
        await go.press("3")
        assert "← → numbers at a place" in go.text()
        await go.press("left")
        assert "at step 50" in go.text() and f"loss {points[50].loss:.4g}" in go.text()
        await go.press("left", "w", "w")  # smoothing changes no number
        assert "at step 49" in go.text() and f"loss {points[49].loss:.4g}" in go.text()
        assert "each point the mean of 21 steps" in go.text() and "as measured" in go.text()
        await go.press("shift+left")
        told = " ".join(go.text().split())
        assert "at step 39" in told and "padding share 2.1%" in told and "of step 30" in told
        await go.press("a")
        assert "tokens 720" in go.text() and "numbers at a place" in go.text()
        await go.press("right")
        assert "at step 50" in go.text() and "tokens 36,720" in go.text()
        await go.press("escape")
        assert "numbers at a place" in go.text()

    walk(done, journey, run_id=RUN, size=(120, 40))


def test_a_click_puts_the_cursor_there(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("3")
        chart = go.app.screen.query_one("#loss")
        await go.pilot.click("#loss", offset=(2 + 9, 3))
        await go.settle()
        assert "at step 0" in go.text()
        await go.pilot.click("#loss", offset=(chart.outer_size.width - 3, 3))
        await go.settle()
        assert "at step 50" in go.text() or "at step 49" in go.text()

    walk(done, journey, run_id=RUN, size=(120, 40))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_training_stands_beside_another_one_of_the_store(two_runs: Store, walk: Walk, size: tuple[int, int]) -> None:
    async def journey(go: Journey) -> None:
        await go.press("3", "x")
        assert isinstance(go.app.screen, ChooseTraining) and OTHER in go.text()
        await go.press("escape", "x", "enter")
        assert f"x leaves tuned of {OTHER}" in " ".join(go.text().split()) and "the other one" in go.text()
        await go.press("left")
        assert "there loss" in go.text()
        await go.press("x")
        assert "numbers at a place" not in go.text() and OTHER not in go.text()

    walk(two_runs, journey, run_id=RUN, size=size)


def test_a_store_without_another_training_says_so(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("3", "x")
        assert "no other training is in this store" in " ".join(go.text().split())

    walk(done, journey, run_id=RUN)


def test_a_list_of_trainings_that_is_cut_says_so(two_runs: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = training_queries.other_trainings(two_runs, "none of these")
    assert len(found) == 2
    for most, told in ((1, True), (2, False)):
        monkeypatch.setattr("tui.screens.choose_training.MOST_OTHERS", most)

        async def journey(go: Journey, told: bool = told) -> None:
            await go.app.push_screen(ChooseTraining(found))
            await go.settle()
            assert ("older ones are not listed" in go.text()) is told
            assert (RUN in go.text()) and (OTHER in go.text()) is not told

        walk(two_runs, journey, run_id=RUN, size=(140, 40))


def test_a_training_that_several_runs_share_is_one(two_runs: Store) -> None:
    own = next(step for step in queries.steps(two_runs, RUN) if step.kind == "train")
    (other,) = training_queries.other_trainings(two_runs, own.step_hash)
    assert (other.run_id, other.step_hash, other.steps) == (OTHER, "worse", 50)
    both = training_queries.other_trainings(two_runs, "none of these")
    assert [row.run_id for row in both] == [RUN, OTHER]


curves = st.lists(st.floats(0, 10), min_size=1, max_size=60).map(
    lambda ys: tuple((float(x), y) for x, y in enumerate(ys))
)


@given(curves, st.sampled_from((1, 5, 20, 100)))
def test_smoothing_keeps_places_and_stays_within_what_was_measured(
    points: tuple[tuple[float, float], ...], window: int
) -> None:
    shown = smoothed(points, window)
    assert [x for x, _ in shown] == [x for x, _ in points]
    low, high = min(y for _, y in points), max(y for _, y in points)
    assert all(low - 1e-9 <= y <= high + 1e-9 for _, y in shown)


def test_a_smoothed_value_is_the_mean_of_its_neighbours() -> None:
    points = tuple((float(x), float(x * x)) for x in range(20))
    assert smoothed(points, 1) == points
    assert smoothed(points, 5)[10][1] == pytest.approx(sum(x * x for x in range(8, 13)) / 5)
    assert smoothed(points, 5)[0][1] == pytest.approx((0 + 1 + 4) / 3)
    assert smoothed(points, 20, each=10)[10][1] == pytest.approx(sum(x * x for x in range(9, 12)) / 3)


def test_a_course_over_tokens_adds_them_up() -> None:
    points = [TrainPoint(step, loss=1.0 / step, tokens=100 * step) for step in (1, 2, 3)]
    course = joined(Course(), points)
    assert course_curves(course, "tokens")["loss"] == ((100.0, 1.0), (300.0, 0.5), (600.0, 1 / 3))
    loss = course_curves(course)["loss"]
    assert value_at(loss, 2.5) == 0.5 and value_at(loss, 0.5) is None and course.each == 1


def test_a_view_of_a_training_has_all_its_curves() -> None:
    step = StepRow(0, "train:t", "train", "t", "h", {}, "done", None, 3, 3, 0, 1.0, {}, None, None)
    points = [TrainPoint(1, padding_share=0.25), TrainPoint(2, loss=1.0, padding_share=0.75)]
    view = training_view(step, joined(Course(), points))
    assert view.padding_share == ((1.0, 0.25), (2.0, 0.75)) and ("padding", "50%") in view.figures


LONG = 30_001  # steps, from 0


@pytest.fixture(scope="module")
def long(done: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The sample with a long training: the loss is 2 / (1 + step), every tenth step has a validation loss, 1.1 and 1.0
    in turn, and the last is 1.2."""
    store = Store(Path(shutil.copytree(done.root, tmp_path_factory.mktemp("long") / ".sft")))
    (step,) = (step for step in queries.steps(store, RUN) if step.kind == "train")
    with store.writing() as con:
        con.execute("DELETE FROM train_steps")
        con.execute(
            f"""
            INSERT INTO train_steps BY NAME
            SELECT ? AS step_hash, s::INTEGER AS step, s / 100 AS epoch, 2 / (1 + s) AS loss, 100 AS tokens,
                   CASE WHEN s = {LONG - 1} THEN 1.2 WHEN s % 20 = 0 THEN 1.1 WHEN s % 10 = 0 THEN 1.0 END
                   AS validation_loss, s::DOUBLE AS tokens_per_second, s / {LONG - 1} AS padding_share
            FROM range({LONG}) t(s)
            """,
            [step.step_hash],
        )
    return store


@pytest.mark.parametrize("most", [20, 600, 1500])
def test_a_training_has_the_same_figures_however_many_points_are_drawn(long: Store, most: int) -> None:
    (step,) = (step for step in queries.steps(long, RUN) if step.kind == "train")
    course = training_queries.course_of(long, step, most)
    assert course.figures == Figures(LONG - 1, 2.0, 2 / LONG, 1.1, 1.2, 1.0, (LONG - 1) / 2, pytest.approx(0.5))
    assert len(course.points) <= most + 1 and course.each == -(-(LONG - 1) // most)
    assert len(course.validation) == 3001 and course.validation[121] == Validation(1210, 1.0, 121_100)
    assert dict(training_view(step, course).figures)["best"] == "1"


def test_report_and_show_say_the_figures_of_all_steps(long: Store) -> None:
    from sft.run_report.facts import run_facts
    from sft.run_report.markdown_page import markdown_page
    from sft.show import show

    told = "step 30,000, loss 2 → 6.666e-05, validation 1.1 → 1.2, best 1"
    assert told in " ".join(show(long, RUN, "training", width=200).split())
    assert "each row is the mean of 1,500 steps" in show(long, RUN, "training", width=200)
    assert told in markdown_page(run_facts(long, RUN, 0))
    data = json.loads(show(long, RUN, "training", "json"))[0]
    assert data["each"] == 1500 and data["figures"]["best_validation"] == 1.0
    assert data["validation_loss"][-1] == [30_000, 1.2] and len(data["validation_loss"]) == 21


def test_a_validation_loss_stands_at_the_step_that_it_was_measured_at(long: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("3")
        go.app.screen.cursor = 1219.0
        await go.press("w")
        told = " ".join(go.text().split())
        assert "at step 1,219" in told and "validation 1 of step 1,210" in told

    walk(long, journey, run_id=RUN, size=(120, 40))


def test_another_training_says_where_it_ended(two_runs: Store, walk: Walk) -> None:
    with two_runs.writing() as con:
        con.execute("DELETE FROM train_steps WHERE step_hash = 'worse' AND step > 30")

    async def journey(go: Journey) -> None:
        await go.press("3", "x", "enter", "left")
        assert "of step 30, where it ended" in " ".join(go.text().split())
        await go.press("left", "shift+left", "shift+left")
        assert "at step 29" in go.text() and "ended" not in go.text()

    walk(two_runs, journey, run_id=RUN, size=(160, 40))


def test_new_steps_are_averaged_as_the_stored_ones_and_count_for_the_figures() -> None:
    stored = Course(
        (TrainPoint(3, loss=2.0, tokens=400), TrainPoint(7, loss=1.0, tokens=400)),
        (Validation(4, 0.9, 500),),
        each=4,
        figures=Figures(7, 3.0, 1.0, 0.9, 0.9, 0.9, 10.0, 0.1),
    )
    live = [TrainPoint(n, loss=float(n), tokens=100, validation_loss=0.8 if n == 9 else None) for n in range(5, 14)]
    course = joined(stored, live)
    assert [(point.step, point.loss, point.tokens) for point in course.points[2:]] == [(11, 9.5, 400), (13, 12.5, 200)]
    assert course.validation[1] == Validation(9, 0.8, 1000) and course.each == 4
    figures = course.figures
    assert (figures.step, figures.first_loss, figures.last_loss) == (13, 3.0, 13.0)
    assert (figures.first_validation, figures.last_validation, figures.best_validation) == (0.9, 0.8, 0.8)
    assert joined(stored, live[:3]) is stored


def test_steps_that_the_events_no_longer_have_are_read_from_the_store(
    running: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training that is watched for long: only so many live points are kept."""
    from collections import deque

    monkeypatch.setattr("tui.screens.training.KEPT_POINTS", 5)

    async def journey(go: Journey) -> None:
        await go.press("3")
        screen = go.app.screen
        live = go.app.live_of(RUN)
        (step,) = screen.model.steps
        with running.writing() as con:
            con.execute(
                "INSERT INTO train_steps BY NAME SELECT step_hash, (step + 21)::INTEGER AS step, epoch, loss, tokens "
                "FROM train_steps WHERE step BETWEEN 0 AND 18"
            )
        live.points[step.step_id] = deque((TrainPoint(n, loss=1.0, tokens=720) for n in range(38, 43)), maxlen=5)
        screen.on_live(live)
        await go.settle()
        assert [point.step for point in screen.model.courses[step.step_id].points] == list(range(40))
        assert [x for x, _ in screen.shown.places] == list(range(43))

    walk(running, journey, run_id=RUN, size=(120, 40))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_rounds_of_a_loop_show_proxy_against_gold(looped: Store, walk: Walk, size: tuple[int, int]) -> None:
    async def journey(go: Journey) -> None:
        await go.press("3", "p")
        assert isinstance(go.app.screen, RoundsScreen)
        text = go.text()
        assert "proxy judged.liked" in text and "gold right.exact" in text and "●" in text and "○" in text
        assert "stands for round 1, by right.exact" in text and "60% [55, 65]" in text
        assert "distinct_2: no new row to compare" in text  # whole, below the list
        await go.press("j", "j")
        assert "acceptance" in go.text() and "20% !" in go.text() and ">= 25%" in go.text()
        await go.press("escape")
        assert go.app.screen.view == "run"

    walk(looped, journey, run_id=RUN, size=size)


def test_a_run_without_a_loop_says_so(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("3", "p")
        assert "This run has no loop." in go.text()

    walk(done, journey, run_id=RUN)


def test_curves_of_a_loop_begin_with_proxy_and_gold(looped: Store) -> None:
    (loop,) = loops(looped, RUN)
    known = roles(queries.plan(looped, RUN), "star")
    assert known == {"judged.liked": "proxy", "right.exact": "gold"}
    view = rounds_view(loop, known)
    assert [curve.title for curve in view.curves] == ["proxy judged.liked", "gold right.exact"]
    assert view.curves[0].points == ((1.0, pytest.approx(0.6)), (2.0, pytest.approx(0.7))) and view.left_out == 0
    assert [one.state for one in view.rounds] == ["trained", "trained", "stopped"]


def test_what_steps_without_a_loop_have_found_stands_with_the_run_and_not_with_rounds(
    looped: Store, tmp_path: Path, walk: Walk
) -> None:
    from sft.run_report.facts import run_facts
    from sft.run_report.html_page import html_page
    from sft.run_report.markdown_page import markdown_page
    from sft.show import show

    store = Store(Path(shutil.copytree(looped.root, tmp_path / ".sft")))
    of_loop, of_step = "the proxy rises and gold does not", "generate `more`: 9 of 12 candidates were cut off"
    with store.writing() as con:
        for number, (code, message, step) in enumerate(
            (("SFT0811", of_loop, "round:star.2"), ("SFT0812", of_step, "filter:triage.clean"))
        ):
            con.execute(
                "INSERT INTO findings (run_id, number, code, message, severity) VALUES (?, ?, ?, ?, 'warning')",
                [RUN, number, code, message],
            )
            told = {"findings": [{"code": code, "message": message, "help": None, "entry": None}]}
            con.execute("UPDATE steps SET summary = ? WHERE step_id = ?", [json.dumps(told), step])
    rounds, whole = show(store, RUN, "rounds", width=200), show(store, RUN, "run", width=200)
    assert of_loop in rounds and of_step not in rounds
    assert of_step in whole and of_loop not in whole
    facts = run_facts(store, RUN, 0)
    for made in (html_page(facts, []), markdown_page(facts).replace("\\", "")):
        assert "9 of 12 candidates" in made

    async def journey(go: Journey) -> None:
        assert "9 of 12 candidates were cut off" in go.text()
        await go.press("3", "p")
        assert "9 of 12 candidates" not in go.text() and of_loop in go.text()

    walk(store, journey, run_id=RUN, size=(140, 40))
