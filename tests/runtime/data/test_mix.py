"""Mix: the counts that were wanted, whole passes before repeats, one fixed order."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from compiler.step_params import MixParams, MixPart, RenderParams, RenderTemplate, Segment, TemplateRole
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.conftest import Bench

TEMPLATE = RenderTemplate(
    roles=(
        TemplateRole(role="user", segments=(Segment(column="q"),)),
        TemplateRole(role="assistant", segments=(Segment(text="ok"),)),
    )
)


@pytest.fixture
def tasks(bench: Bench) -> Bench:
    """Rendered tasks ``a`` (10 rows) and ``b`` (40 rows)."""
    for name, rows in (("a", 10), ("b", 40)):
        bench.ingest(bench.write(f"{name}.jsonl", [{"q": f"{name}{i}"} for i in range(rows)]))
        bench.run(RenderParams(part=None, templates=(TEMPLATE,)), f"{name}.all", {"rows": "ingest:s"})
    return bench


def mix(bench: Bench, total: int | None, seed: int = 0, temperature: str = "1", **parts: dict[str, Any]) -> list[Any]:
    params = MixParams(
        parts=tuple(MixPart(input=name, task=name, **options) for name, options in parts.items()),
        temperature=Decimal(temperature), total=total, seed=seed,
    )  # fmt: skip
    bench.run(params, "m", {name: f"render:{name}.all" for name in parts})
    rows = bench.rows("mix:m")
    assert [row["ord"] for row in rows] == list(range(len(rows)))
    return rows


def counts(bench: Bench) -> list[tuple[Any, ...]]:
    return bench.store.query(
        "SELECT task, available, wanted, realised, repeats FROM mixture_counts WHERE step_hash = ? ORDER BY task",
        [bench.steps["mix:m"].hash],
    )


def test_without_a_total_every_row_comes_once(tasks: Bench) -> None:
    rows = mix(tasks, None, a={}, b={})
    assert Counter(Counter((row["task"], row["row_id"]) for row in rows).values()) == {1: 50}
    assert counts(tasks) == [("a", 10, 10, 10, 1.0), ("b", 40, 40, 40, 1.0)]
    assert [row["task"] for row in rows] != sorted(row["task"] for row in rows), "shuffled, not task after task"


def test_a_cap_limits_the_rate(tasks: Bench) -> None:
    mix(tasks, None, a={}, b={"cap": 10})
    assert counts(tasks) == [("a", 10, 10, 10, 1.0), ("b", 40, 10, 10, 0.25)]


def test_repeats_are_whole_passes_and_then_a_part(tasks: Bench) -> None:
    rows = mix(tasks, 50, a={"weight": "0.5"}, b={"weight": "0.5"})
    assert counts(tasks) == [("a", 10, 25, 25, 2.5), ("b", 40, 25, 25, 0.625)]
    copies = Counter(row["row_id"] for row in rows if row["task"] == "a")
    assert Counter(copies.values()) == {2: 5, 3: 5}


def test_temperature_evens_out(tasks: Bench) -> None:
    mix(tasks, 30, temperature="2", a={}, b={})
    assert [row[2] for row in counts(tasks)] == [10, 20], "sqrt(10) : sqrt(40) is 1 : 2"


def test_the_order_is_fixed_by_the_seed(tasks: Bench) -> None:
    first = mix(tasks, 20, a={}, b={})
    assert mix(tasks, 20, a={}, b={}) == first
    other = mix(tasks, 20, seed=1, a={}, b={})
    assert [row["row_id"] for row in other] != [row["row_id"] for row in first]
    swapped = mix(tasks, 20, b={}, a={})
    assert swapped == first, "the order of declaration does not matter"


def test_rows_come_with_their_conversation(tasks: Bench) -> None:
    rows = mix(tasks, None, a={})
    rendered = {row["row_id"]: row for row in tasks.rows("render:a.all")}
    for row in rows:
        same = rendered[row["row_id"]]
        assert all(row[name] == same[name] for name in ("template_hash", "messages", "expected"))


def test_a_mixture_without_rows_is_refused(tasks: Bench) -> None:
    with pytest.raises(DiagnosticError) as error:
        mix(tasks, 0, a={})
    assert error.value.diagnostics[0].code == "SFT0415"
