"""Mixtures: exact counts, whole passes before repeats, and an order that only hashes decide."""

from collections import Counter
from decimal import Decimal
from itertools import pairwise
from typing import Any

from compiler.step_params import MixParams, MixPart, RenderParams, RenderTemplate, Segment, TemplateRole
from runtime.steps.mix import statements
from tests.runtime.data.conftest import Bench

TEMPLATE = RenderTemplate(
    roles=(
        TemplateRole(role="user", segments=(Segment(column="q"),)),
        TemplateRole(role="assistant", segments=(Segment(column="a"),)),
    )
)


def task(bench: Bench, name: str, count: int) -> None:
    """A rendered task of some rows; all tasks share their first rows."""
    bench.write(f"{name}.jsonl", [{"q": f"q{number}", "a": f"a{number}"} for number in range(count)])
    bench.ingest(f"{name}.jsonl")
    bench.run(RenderParams(part=None, templates=(TEMPLATE,)), name, {"rows": "ingest:s"})


def mixed(bench: Bench, *parts: MixPart, total: int | None = None, temperature: str = "1", seed: int = 0) -> list[Any]:
    params = MixParams(parts=parts, temperature=Decimal(temperature), total=total, seed=seed)
    bench.run(params, "m", {part.input: f"render:{part.task}" for part in parts})
    rows = bench.rows("mix:m")
    assert [row["ord"] for row in rows] == list(range(len(rows)))
    return rows


def part(name: str, **more: Any) -> MixPart:
    return MixPart(input=name, task=name, **more)


def test_without_a_total_every_row_comes_once(bench: Bench) -> None:
    task(bench, "big", 60)
    task(bench, "small", 20)
    rows = mixed(bench, part("big"), part("small"))
    assert Counter(row["task"] for row in rows) == {"big": 60, "small": 20}
    assert len({(row["task"], row["row_id"]) for row in rows}) == 80
    assert {row["row_id"]: row["expected"] for row in rows if row["task"] == "big"} == {
        row["row_id"]: row["expected"] for row in bench.rows("render:big")
    }
    starts = Counter(row["task"] for row in rows[:40])
    assert starts["small"] > 2, "the tasks are mixed, not one after the other"


def test_counts_are_those_of_the_formula_and_recorded(bench: Bench) -> None:
    task(bench, "big", 400)
    task(bench, "small", 25)
    rows = mixed(bench, part("big", cap=100), part("small"), total=90, temperature="2")  # rates 10 and 5
    assert Counter(row["task"] for row in rows) == {"big": 60, "small": 30}
    counts = bench.store.query("SELECT task, available, wanted, realised, repeats FROM mixture_counts ORDER BY task")
    assert counts == [("big", 400, 60, 60, 0.15), ("small", 25, 30, 30, 1.2)]


def test_repeats_are_whole_passes_and_then_each_row_at_most_once_more(bench: Bench) -> None:
    task(bench, "small", 7)
    rows = mixed(bench, part("small"), total=7 * 3 + 2)
    assert sorted(Counter(row["row_id"] for row in rows).values()) == [3, 3, 3, 3, 3, 4, 4]
    assert len(mixed(bench, part("small"), total=3)) == 3


def test_a_smaller_total_takes_a_part_of_the_larger_ones_rows(bench: Bench) -> None:
    task(bench, "t", 100)
    small = {row["row_id"] for row in mixed(bench, part("t"), total=30)}
    assert small < {row["row_id"] for row in mixed(bench, part("t"), total=60)}


def test_the_seed_decides_order_and_choice(bench: Bench) -> None:
    task(bench, "t", 100)
    first = [row["row_id"] for row in mixed(bench, part("t"), total=50)]
    assert [row["row_id"] for row in mixed(bench, part("t"), total=50)] == first
    other = [row["row_id"] for row in mixed(bench, part("t"), total=50, seed=1)]
    assert set(other) != set(first)
    assert first != sorted(first)


def test_the_same_rows_in_two_tasks_are_not_neighbours(bench: Bench) -> None:
    task(bench, "one", 200)
    task(bench, "two", 200)
    rows = mixed(bench, part("one"), part("two"))
    together = sum(a["row_id"] == b["row_id"] for a, b in pairwise(rows))
    assert together < 20


def test_weights_and_empty_tails(bench: Bench) -> None:
    task(bench, "a", 10)
    task(bench, "b", 10)
    rows = mixed(bench, part("a", weight=Decimal("0.3")), part("b"), total=50)
    assert Counter(row["task"] for row in rows) == {"a": 15, "b": 35}
    rows = mixed(bench, part("a", weight=Decimal("0.01")), part("b"), total=10)
    assert Counter(row["task"] for row in rows) == {"b": 10}
    assert bench.store.query(
        "SELECT realised, repeats FROM mixture_counts WHERE task = 'a' AND step_hash = ?", [bench.steps["mix:m"].hash]
    ) == [(0, 0.0)]


def test_running_twice_leaves_the_counts_of_one_run(bench: Bench) -> None:
    task(bench, "t", 5)
    mixed(bench, part("t"))
    mixed(bench, part("t"))
    assert bench.store.query("SELECT count(*) FROM mixture_counts") == [(1,)]
    assert len(statements(bench.steps["mix:m"])) == 2
