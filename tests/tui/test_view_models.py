"""View models from rows made by hand: neither a terminal nor a database."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from runtime.events import Event
from tui.asked_rows import AskedRow
from tui.drop_queries import DropRow, RuleCount
from tui.live import LiveRun
from tui.metric_queries import MetricRow
from tui.prediction_queries import Cell, Item, ItemOutput, PredictionRow
from tui.queries import GateRow, RunRow, StepRow, TrainPoint
from tui.training_queries import Course
from tui.view_models.choices import choices
from tui.view_models.data import drop, fields, funnel
from tui.view_models.predictions import badge, item_line, item_view, prompt_turns
from tui.view_models.runs import next_command, run_line, run_view
from tui.view_models.training import joined, training_view
from tui.view_models.verdicts import requirement_targets, verdict_view

NOW = 1_000_000.0
RUN = RunRow("r1", "a.sft", "running", None, NOW - 65, None, 0, "elsewhere", None, 2, 0)


def step(kind: str = "filter", **given: Any) -> StepRow:
    start = StepRow(0, f"{kind}:a", kind, "a", "h", {}, "done", None, 10, 7, 3, 1.5, {}, None, 4)
    return structs.replace(start, **given)


def test_a_run_line_counts_its_own_time_while_it_runs() -> None:
    line = run_line(RUN, NOW)
    assert (line.status, line.took, line.started) == ("running", "1 min 05 s", "1 min ago")
    assert run_line(structs.replace(RUN, status="interrupted"), NOW).took == "–"


def test_a_running_step_tells_progress_from_its_events() -> None:
    live = LiveRun("r1")
    live.fold([Event("step_started", NOW - 10, "filter:a", {})])
    live.fold(
        Event("progress", NOW - 8 + k, "filter:a", {"done": 100 * k, "total": 1000, "unit": "rows"}) for k in (0, 4)
    )
    view = run_view(RUN, [step(status="pending", seconds=None)], NOW, live)
    (line,) = view.steps
    assert (line.status, line.took, line.share) == ("running", "10 s", 0.4)
    assert line.note == "400/1,000 rows · 100 rows/s · 6.0 s left"


def test_the_store_knows_better_than_events_what_has_ended() -> None:
    live = LiveRun("r1")
    live.fold([Event("step_started", NOW, "filter:a", {})])
    assert run_view(RUN, [step(status="done")], NOW, live).steps[0].status == "done"


def test_a_run_that_ended_badly_says_what_to_do() -> None:
    failed = run_view(structs.replace(RUN, status="failed", error="boom"), [step(status="failed", error="boom")], NOW)
    assert failed.steps[0].note == "boom"
    assert "sft run" in next_command(failed.status, failed.spec, None)
    assert "says why" in next_command("done", "s.sft", "fail") and "baseline" in next_command("done", "s.sft", "pass")


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6))
def test_the_funnel_adds_up(dropped: list[int]) -> None:
    whole = sum(dropped) + 5
    counts = [RuleCount("filter:a", str(i), f"rule {i}", None, n) for i, n in enumerate(dropped)]
    head, *rules = funnel([step(rows_in=whole, rows_out=5, rows_dropped=sum(dropped))], counts)
    assert head.entering == rules[0].entering == whole
    assert all(one.kept == other.entering for one, other in itertools.pairwise(rules))
    assert rules[-1].kept == head.kept == 5
    assert sum(rule.dropped or 0 for rule in rules) == head.dropped


def test_the_funnel_shows_the_data_steps_and_others_only_when_they_lose_rows() -> None:
    steps = [step("ingest"), step("gate"), step("predict")]
    assert [line.step_id for line in funnel(steps, [])] == ["ingest:a"]
    with_loss = funnel(steps, [RuleCount("predict:a", "too_long", None, "prompt over the context", 1)])
    assert [line.title for line in with_loss] == ["ingest a", "predict a", "too long"]


def test_a_dropped_row_reads_as_its_columns() -> None:
    content = '{"__row_id": "x", "a": "hi", "n": 3}'
    row = DropRow("f", "2", "id", "t.jsonl", 7, "0.93", None, content, "s", "t.jsonl", 2, '{"a": "ho"}')
    shown = drop(row)
    assert shown.place == "t.jsonl:7" and (shown.survivor, shown.survivor_place) == ("line 2", "t.jsonl:2")
    assert shown.content == (("a", "hi"), ("n", "3")) and shown.survivor_content == (("a", "ho"),)
    assert fields("not json") == (("", "not json"),) and fields(None) == ()


def test_training_figures() -> None:
    points = [TrainPoint(0, validation_loss=3.0), TrainPoint(1, loss=2.0, tokens_per_second=400.0, padding_share=0.02)]
    points.append(TrainPoint(2, loss=1.0, validation_loss=1.5, tokens_per_second=500.0))
    view = training_view(step("train"), joined(Course(), points))
    assert view.loss == ((1.0, 2.0), (2.0, 1.0))
    assert dict(view.figures) == {
        "step": "2",
        "loss": "2 → 1",
        "validation": "3 → 1.5",
        "speed": "450 tokens/s",
        "padding": "2%",
        "dropped rows": "3",
    }
    assert training_view(step("train", rows_dropped=0), Course()).figures == ()


def gate_row(**given: Any) -> GateRow:
    names = GateRow.__struct_fields__
    start: dict[str, Any] = dict.fromkeys(names)
    start |= {
        "gate": "g",
        "step_hash": "h",
        "requirement": 0,
        "part": 0,
        "text": "require e.m(t) >= 80%",
        "unit": "share",
    }
    return GateRow(**{**start, "verdict": "pass", "reason": "why", "test": "wilson", **given})


PLAN = {
    "steps": [
        {
            "kind": "gate",
            "name": "g",
            "local": {"reasons": [None, "we promised"]},
            "params": {
                "requirements": [
                    {"rule": "bound", "metric": {"eval": "e", "metric": "m", "model": "t"}},
                    {"rule": "no_worse_than", "metric": {"eval": "e", "metric": "m", "model": "t"}, "baseline": "b"},
                ]
            },
        }
    ]
}


def test_a_requirement_knows_what_it_is_about() -> None:
    targets = requirement_targets(PLAN)
    assert targets["g", 1].baseline == "b" and targets["g", 1].because == "we promised"
    assert not targets["g", 0].difference and requirement_targets({}) == {}


def test_a_difference_of_shares_is_in_points_and_has_a_sign() -> None:
    rows = [gate_row(estimate=0.9, low=0.8, high=0.95), gate_row(requirement=1, estimate=0.1, low=-0.01, high=0.2)]
    view = verdict_view("pass", rows, {"h": 3}, PLAN)
    assert [row.shown for row in view.requirements] == ["90% [80, 95]", "+10pt [-1, 20]"]
    assert dict(view.requirements[0].facts)["held-out set used"] == "3 times by today"


def test_requirements_are_counted_without_their_slices() -> None:
    rows = [gate_row(), gate_row(requirement=1, verdict="fail"), gate_row(requirement=1, part=1, verdict="fail")]
    view = verdict_view("fail", rows, {}, {})
    assert view.counted() == {"pass": 1, "fail": 1}


def metric(name: str, unit: str) -> MetricRow:
    return MetricRow("e", "t", "*", name, "*", "*", 3, 0, 0.5, 0.4, 0.6, 0.95, unit)


CELLS = [
    Cell("e", "base", "plain", "h1", 3),
    Cell("e", "tuned", "plain", "h2", 3),
    Cell("e", "tuned", "terse", "h3", 3),
]


def test_the_first_look_is_the_last_model_beside_the_first() -> None:
    known = choices(CELLS, [metric("exact", "share"), metric("words", "plain")], {})
    chosen = known.start()
    assert chosen is not None
    assert (chosen.model, chosen.baseline, chosen.metric, chosen.template) == ("tuned", "base", "exact", None)
    assert known.next_model(chosen).model == "base" and known.next_model(chosen).baseline == "tuned"
    walked = [chosen := known.next_template(chosen) for _ in range(3)]
    assert [one.template for one in walked] == ["plain", "terse", None]
    assert known.side(known.next_metric(walked[-1]))[0] == "plain"
    assert choices([], [], {}).start() is None


def test_badges() -> None:
    assert [badge(value, "share") for value in (1.0, 0.5, 0.0, None)] == ["✓", "~", "✗", "?"]
    assert badge(12.0, "plain") == "·"
    assert [badge(value, "share", "lower") for value in (1.0, 0.5, 0.0, None)] == ["✗", "~", "✓", "?"]
    row = PredictionRow("id", "plain", 1.0, 0.0, "said", "wanted")
    sides = [("share", "higher"), ("share", "lower"), ("share", "neither"), ("plain", "higher")]
    assert [item_line(row, side).wrong for side in sides] == [False, True, False, False]
    assert item_line(replace(row, value=0.0), ("share", "neither")).wrong is False


def test_an_item_shows_the_chosen_models_against_the_reference() -> None:
    outputs = tuple(
        ItemOutput(name, '[{"role": "user", "content": "q"}]', out, "a b c", "length", 3, 2, 0.1)
        for name, out in (("base", "a b d"), ("tuned", "a b c"))
    )
    why = {("base", "exact"): "no tests"}
    values = {("tuned", "exact"): 1.0, ("base", "exact"): None}
    item = Item("id", "plain", outputs, values, {"kind": "x"}, reasons=why)
    seen = item_view(item, {("e", "exact"): ("share", "higher")}, "e", ["base", "tuned"], "expected")
    assert seen.prompt == (("user", "q"),)
    assert [[piece.kind for piece in output.answers[0].pieces] for output in seen.outputs] == [
        ["same", "missing", "extra"],
        ["same"],
    ]
    assert [output.metrics for output in seen.outputs] == [(("exact", "– (no tests)", "?"),), (("exact", "100%", "✓"),)]
    beside = item_view(item, {}, "e", ["tuned"], "base")
    assert [piece.text for piece in beside.outputs[0].answers[0].pieces] == ["a b ", "d", "c"]


def test_an_item_that_was_asked_several_times_shows_every_answer_with_what_it_measured() -> None:
    outputs = tuple(
        ItemOutput("m", "[]", out, "a", "end_of_turn", 3, 2, 0.1, sample) for sample, out in enumerate(("a", "b", "a"))
    )
    measured = {("m", sample, "exact"): value for sample, value in enumerate((1.0, 0.0, 1.0))}
    item = Item("id", "plain", outputs, {("m", "exact"): 2 / 3}, {"tag": "x, y"}, measured)
    (seen,) = item_view(item, {("e", "exact"): ("share", "higher")}, "e", ["m"], "expected").outputs
    assert seen.metrics == (("exact", "66.7%", "~"),)
    assert [answer.output for answer in seen.answers] == ["a", "b", "a"]
    assert [answer.metrics[0][2] for answer in seen.answers] == ["✓", "✗", "✓"]


def test_an_answer_is_wrong_by_the_metric_on_show_and_says_what_it_read() -> None:
    outputs = tuple(ItemOutput(name, "[]", said, "9", "recorded", None, None, None) for name, said in SUMS)
    values = {("older", "right"): 1.0, ("newer", "right"): 0.0, ("older", "same"): 0.0, ("newer", "same"): 0.0}
    read = {("older", 0, "right"): "read 9", ("newer", 0, "right"): "read 0"}
    row = AskedRow((("question", "6+3?"),), (("answer", "9"), ("said", "The sum is 9."), ("by", "hand")))
    item = Item("id", "plain", outputs, values, {}, readings=read, row=row, reasons={("newer", "right"): "odd"})
    units = {("e", "right"): ("share", "higher"), ("e", "same"): ("share", "higher")}
    seen = item_view(item, units, "e", ["older", "newer"], "expected", "right")
    assert [output.answers[0].wrong for output in seen.outputs] == [False, True]
    assert [{name: value for name, value, _ in output.metrics}["right"] for output in seen.outputs] == [
        *("100% (read 9)", "0% (read 0; odd)"),
    ]
    assert seen.prompt == () and seen.asked == row.tells
    assert seen.beside == (("by", "hand"),)  # the others stand there already
    by_text = item_view(item, units, "e", ["older", "newer"], "expected", "same")
    assert [output.answers[0].wrong for output in by_text.outputs] == [True, True]
    assert not any(output.answers[0].wrong for output in item_view(item, units, "e", ["newer"], "expected").outputs)


SUMS = (("older", "The sum is 9."), ("newer", "It is 9. [0m"))


def test_a_prompt_that_is_no_conversation_is_shown_as_it_is() -> None:
    assert prompt_turns("<|user|>hi") == (("", "<|user|>hi"),)
    assert prompt_turns("[1, 2]") == (("", "[1, 2]"),)
    assert prompt_turns("17") == (("", "17"),)


def test_words_of_the_first_answers_are_compared_and_the_prompt_is_the_subjects() -> None:
    said = [ItemOutput("t", "own", f"a {n}", "a 1", "length", 1, 2, 0.1, n) for n in range(20)]
    other = ItemOutput("b", "other", "a b", "a 2", "recorded", None, None, None)
    seen = item_view(Item("id", "plain", (other, *said), {}, {}), {}, "e", ["b", "t"], "expected")
    assert seen.prompt == (("", "own"),) and seen.expected == "a 1"
    (beside, own) = seen.outputs
    marked = ["not marked" not in answer.tokens for answer in own.answers]
    assert marked == [True] * 8 + [False] * 12 and len(own.answers[19].pieces) == 1
    assert beside.answers[0].tokens == "made elsewhere"
