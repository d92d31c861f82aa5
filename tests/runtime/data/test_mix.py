"""Mixtures: exact counts, whole passes before repeats, and an order that only hashes decide."""

from collections import Counter
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from compiler.step_params import MixParams, MixPart, RenderParams, RenderTemplate, Segment, TemplateRole
from runtime.apportionment import roles
from runtime.steps.mix import statements
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.conftest import Bench

TEMPLATE = RenderTemplate(
    roles=(
        TemplateRole(role="user", segments=(Segment(column="q"),)),
        TemplateRole(role="assistant", segments=(Segment(column="a"),)),
    )
)


def task(bench: Bench, name: str, count: int, first: int = 0) -> None:
    """A rendered task of some rows; all tasks that begin with the same number share their first rows."""
    bench.write(f"{name}.jsonl", [{"q": f"q{n}", "a": f"a{n}"} for n in range(first, first + count)])
    bench.ingest(f"{name}.jsonl")
    bench.run(RenderParams(part=None, templates=(TEMPLATE,)), name, {"rows": "ingest:s"})


def mixed(
    bench: Bench,
    *parts: MixPart,
    total: int | None = None,
    temperature: str = "1",
    seed: int = 0,
    repeats: int = 1000,
    inputs: dict[str, str] | None = None,
) -> list[Any]:
    """Rows of a mixture; a role that `inputs` does not name stands for the task of its name."""
    params = MixParams(parts=parts, temperature=Decimal(temperature), total=total, repeats=repeats, seed=seed)
    names = {role: (inputs or {}).get(role, role) for role in roles(params)}
    labels = {"labels": names}
    bench.run(params, "m", {role: f"render:{name}" for role, name in names.items()}, local=labels)
    return bench.rows("mix:m")


def part(name: str, **more: Any) -> MixPart:
    return MixPart(input=name, **more)


def test_without_a_total_every_row_comes_once(bench: Bench) -> None:
    task(bench, "big", 60)
    task(bench, "small", 20)
    rows = mixed(bench, part("big"), part("small"))
    assert Counter(row["part"] for row in rows) == {"big": 60, "small": 20}
    assert len({(row["part"], row["row_id"]) for row in rows}) == 80
    assert {row["row_id"]: row["expected"] for row in rows if row["part"] == "big"} == {
        row["row_id"]: row["expected"] for row in bench.rows("render:big")
    }
    starts = Counter(row["part"] for row in rows[:40])
    assert starts["small"] > 2, "the tasks are mixed, not one after the other"


def test_counts_are_those_of_the_formula_and_recorded_under_the_names_of_the_run(bench: Bench) -> None:
    task(bench, "big", 400)
    task(bench, "small", 25)
    parts = part("rows:0", cap=100), part("rows:1")
    rows = mixed(bench, *parts, total=90, temperature="2", inputs={"rows:0": "big", "rows:1": "small"})  # rates 10, 5
    assert Counter(row["part"] for row in rows) == {"rows:0": 60, "rows:1": 30}
    bench.store.write(lambda con: con.execute(
        "INSERT INTO steps (run_id, ordinal, step_id, kind, name, step_hash, labels, status) VALUES "
        "('r1', 0, 'mix:m', 'mix', 'm', ?, ?, 'done')",
        [bench.steps["mix:m"].hash, '{"rows:0": "big", "rows:1": "small"}'],
    ))  # fmt: skip
    counts = bench.store.query("SELECT task, available, share, wanted, realised, repeats FROM mixtures ORDER BY task")
    assert counts == [("big", 400, 2 / 3, 60, 60, 0.15), ("small", 25, 1 / 3, 30, 30, 1.2)]


def test_rows_that_would_repeat_more_often_than_stated_stop_the_run(bench: Bench) -> None:
    task(bench, "big", 90)
    task(bench, "small", 10)
    parts = part("big"), part("small", weight=Decimal("0.5"))
    with pytest.raises(DiagnosticError) as error:
        mixed(bench, *parts, repeats=1)
    (finding,) = error.value.diagnostics
    assert finding.code == "SFT0442"
    assert "50 rows of `small`, which has 10, and a row may be in it once" in finding.message
    assert finding.help == "write `repeats = 5`, or a `total` of at most 20 rows"
    assert len(mixed(bench, *parts, repeats=1, total=21)) == 21
    with pytest.raises(DiagnosticError):
        mixed(bench, *parts, repeats=1, total=22)
    rows = mixed(bench, *parts, repeats=5)
    assert set(Counter(row["row_id"] for row in rows if row["part"] == "small").values()) == {5}


def test_a_mixture_without_a_row_is_none(bench: Bench) -> None:
    task(bench, "small", 9)
    tenth = part("small", by=Decimal("0.1"))
    with pytest.raises(DiagnosticError) as error:
        mixed(bench, tenth)
    (finding,) = error.value.diagnostics
    assert finding.code == "SFT0443" and "(`small` has 9)" in finding.message
    assert len(mixed(bench, tenth, total=1)) == 1
    assert len(mixed(bench, tenth, part("small", by=Decimal("0.2")))) == 2


def test_names_and_the_other_tasks_decide_neither_rows_nor_order(bench: Bench) -> None:
    task(bench, "one", 80)
    task(bench, "two", 40, first=1000)
    rows = [(row["row_id"], row["expected"]) for row in mixed(bench, part("one", cap=30), part("two"))]
    turned = mixed(bench, part("x"), part("y", cap=30), inputs={"x": "two", "y": "one"})
    assert [(row["row_id"], row["expected"]) for row in turned] == rows
    task(bench, "three", 20, first=2000)
    more = {row["row_id"]: row for row in mixed(bench, part("one", cap=30), part("two"), part("three"))}
    assert [one for one in rows if more[one[0]]["part"] != "three"] == [
        (row["row_id"], row["expected"]) for row in more.values() if row["part"] != "three"
    ]


def test_one_core_and_three_give_the_same_bytes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    task(bench, "one", 3000)
    task(bench, "two", 2000)
    found = []
    for cores in (1, 3):  # an engine has two threads or more, so two cores would be as one
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        mixed(bench, part("one"), part("two"), total=6000)
        found.append((bench.out("mix:m") / "rows.parquet").read_bytes())
    assert found[0] == found[1]


def test_an_epoch_more_takes_new_rows_first(bench: Bench) -> None:
    task(bench, "t", 100)
    params = MixParams(parts=(part("t", cap=40),), temperature=Decimal(1), total=None, epochs=3)
    bench.run(params, "m", {"t": "render:t"})
    times = Counter(Counter(row["row_id"] for row in bench.rows("mix:m")).values())
    assert times == {2: 20, 1: 80}


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
    assert Counter(row["part"] for row in rows) == {"a": 15, "b": 35}
    rows = mixed(bench, part("a", weight=Decimal("0.01")), part("b"), total=10)
    assert Counter(row["part"] for row in rows) == {"b": 10}
    assert bench.store.query(
        "SELECT realised, repeats FROM mixture_counts WHERE part = 'a' AND step_hash = ?", [bench.steps["mix:m"].hash]
    ) == [(0, 0.0)]


def test_running_twice_leaves_the_counts_of_one_run(bench: Bench) -> None:
    task(bench, "t", 5)
    mixed(bench, part("t"))
    mixed(bench, part("t"))
    assert bench.store.query("SELECT count(*) FROM mixture_counts") == [(1,)]
    assert len(statements(bench.steps["mix:m"])) == 3
