"""The tree of a plan: where steps hang, what is folded, and what a fold says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from runtime.store import Store
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN
from tui.screens.run import STEP, RunScreen
from tui.view_models.plan_lines import PlanLine, first_opened, plan_lines, window
from tui.view_models.plan_tree import MANY_ANSWERS, Part, folds_around, parts_of, plan_tree
from tui.view_models.runs import RunView, StepLine
from tui.widgets.columns import line_text


def step(step_id: str, status: str = "done", note: str = "", seconds: float | None = 1.0) -> StepLine:
    kind, _, name = step_id.partition(":")
    return StepLine(step_id, kind, name, status, 5, 5, 0, "1.0 s", seconds, note, None, "run")


def parts(**inputs: str) -> list[Part]:
    """``a="b c"``: a reads b and c."""
    return [
        Part(name, tuple((f"in:{n}", source) for n, source in enumerate(reads.split())))
        for name, reads in inputs.items()
    ]


LOOP = {
    "steps": [
        {"kind": "ingest", "name": "seeds", "inputs": {}},
        {"kind": "generate", "name": "star.1.written", "inputs": {"rows": "ingest:seeds"}},
        {"kind": "train", "name": "star.1.student", "inputs": {"rows": "generate:star.1.written"}},
        {"kind": "round", "name": "star.1", "inputs": {"model": "train:star.1.student"}},
        {
            "kind": "generate",
            "name": "star.2.written",
            "inputs": {"rows": "ingest:seeds", "model": "train:star.1.student"},
        },
        {"kind": "train", "name": "star.2.student", "inputs": {"rows": "generate:star.2.written"}},
        {"kind": "round", "name": "star.2", "inputs": {"model": "train:star.2.student"}},
        {"kind": "select", "name": "star", "inputs": {"round:1": "round:star.1", "round:2": "round:star.2"}},
        {"kind": "measure", "name": "starry", "inputs": {"cell:0": "select:star"}},
    ]
}


def test_a_step_hangs_under_the_deepest_that_it_reads() -> None:
    nodes = list(plan_tree(parts(a="", b="a", c="a b", d="a", e="")))
    assert [(node.lead, node.key, node.parent) for node in nodes] == [
        ("", "a", None),
        ("├─", "b", "a"),
        ("│ └─", "c", "b"),
        ("└─", "d", "a"),
        ("", "e", None),
    ]


def test_a_loop_is_one_line_until_it_is_opened_and_its_rounds_stand_below_each_other() -> None:
    known = parts_of(LOOP)
    assert [node.key for node in plan_tree(known)] == ["ingest:seeds", "loop star", "select:star", "measure:starry"]
    rounds = list(plan_tree(known, {"loop star"}))
    assert [(node.lead, node.title) for node in rounds[1:4]] == [
        ("└─", "loop star"),
        ("  ├─", "round 1"),
        ("  ├─", "round 2"),
    ]
    everything = list(plan_tree(known, folds_around(known, {part.id for part in known})))
    assert [node.key for node in everything if node.opened is None] == [part.id for part in known]
    assert everything[2].steps == ("generate:star.1.written", "train:star.1.student", "round:star.1")


def test_a_name_that_only_looks_like_a_round_is_none() -> None:
    plan = {"steps": [{"kind": "train", "name": "star.1.x", "inputs": {}}]}
    assert parts_of(plan)[0].path == ()


def test_many_answers_of_an_eval_are_one_line() -> None:
    def asked(count: int) -> list[str]:
        cells = [
            {"kind": "predict", "name": f"e.m{n}.t", "inputs": {}, "local": {"labels": {"eval": "e"}}}
            for n in range(count)
        ]
        measure = {"kind": "measure", "name": "e", "inputs": {f"cell:{n}": f"predict:e.m{n}.t" for n in range(count)}}
        return [node.key for node in plan_tree(parts_of({"steps": [*cells, measure]}))]

    assert len(asked(MANY_ANSWERS)) == MANY_ANSWERS + 1
    assert asked(MANY_ANSWERS + 1) == ["answers of e", "measure:e"]


def test_a_fold_says_what_is_in_it() -> None:
    known = parts_of(LOOP)
    states = ["done", "done", "cached", "done", "running", *["pending"] * 4]
    steps = tuple(
        step(part.id, state, "3/5 rows" if state == "running" else "")
        for part, state in zip(known, states, strict=True)
    )
    run = RunView("r", "s.sft", "running", None, "", None, steps)
    assert first_opened(known, steps) == {"loop star", "loop star/round 2"}
    lines = {line.key: line for line in plan_lines(run, known, first_opened(known, steps))}
    one, two = lines["loop star/round 1"], lines["loop star/round 2"]
    assert (one.status, one.note, one.took) == ("done", "3 of 3 steps", "3.0 s")
    assert (two.status, two.note) == ("running", "0 of 3 steps · generate star.2.written 3/5 rows")
    assert lines["loop star"].status == "running" and "generate:star.2.written" in lines


def test_what_a_loop_skipped_is_said_with_its_reason() -> None:
    known = parts_of(LOOP)
    states = [*["done"] * 4, *["skipped"] * 3, "done", "done"]
    steps = tuple(
        step(part.id, state, "the loop stopped: gold fell" if state == "skipped" else "")
        for part, state in zip(known, states, strict=True)
    )
    lines = {
        line.key: line for line in plan_lines(RunView("r", "s", "done", None, "", None, steps), known, {"loop star"})
    }
    assert lines["loop star"].status == "done"
    assert (lines["loop star/round 2"].status, lines["loop star/round 2"].note) == (
        "skipped",
        "0 of 3 steps · the loop stopped: gold fell",
    )


def test_the_window_holds_what_runs() -> None:
    steps = tuple(step(f"s:{n}", "running" if n == 30 else "done" if n < 30 else "pending") for n in range(60))
    lines: list[PlanLine] = plan_lines(
        RunView("r", "s", "running", None, "", None, steps), [Part(s.step_id, ()) for s in steps], ()
    )
    first, last = window(lines, 7)
    assert last - first == 7 and first <= 30 < last
    assert window(lines[:5], 7) == (0, 5)


@st.composite
def plans(draw: st.DrawFn) -> list[Part]:
    """Steps that read earlier ones, in folds of up to two levels that need not make sense."""
    found: list[Part] = []
    for number in range(draw(st.integers(1, 14))):
        reads = draw(st.lists(st.integers(0, number - 1), max_size=3)) if number else []
        path = draw(
            st.sampled_from([(), ("loop a",), ("loop a", "round 1"), ("loop a", "round 2"), ("loop b", "round 1")])
        )
        found.append(Part(str(number), tuple((f"r{n}", str(source)) for n, source in enumerate(reads)), path))
    return found


@given(plans())
def test_every_step_stands_in_the_tree_once_whatever_is_open(known: list[Part]) -> None:
    ids = [part.id for part in known]
    closed = list(plan_tree(known))
    assert sorted(step for node in closed for step in node.steps) == sorted(ids)
    everything = list(plan_tree(known, folds_around(known, set(ids))))
    assert sorted(node.key for node in everything if node.opened is None) == sorted(ids)


def test_a_long_name_gives_way_to_how_much_else_its_step_reads(done: Store, walk: Callable[..., None]) -> None:
    async def journey(go: Journey) -> None:
        screen = go.app.screen
        assert isinstance(screen, RunScreen)
        line = next(line for line in screen.lines if line.more)
        for name in (line.name, "much" * 40):
            shown = screen._row(replace(line, name=name)).cells[STEP]
            assert str(shown).endswith(f" (+{line.more})")
            assert len(str(shown)) <= screen.table().width_of(STEP)
        assert name in line_text(screen._row(replace(line, name=name), whole=True))

    walk(done, journey, run_id=RUN, size=(80, 24))
