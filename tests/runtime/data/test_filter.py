"""Filters over real rows: which rule a row falls to, and that the ledger adds up."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.step_params import ExactDedupRule, FilterParams, FilterRule, NearDedupRule, PredicateRule, Sql
from runtime.relational import engine
from runtime.steps.filter import statement, statements
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.conftest import Bench
from tests.runtime.data.hostile import HOSTILE

TEXT = Sql(sql='"text"', params=(), type="text")


def condition(rule: str, sql: str, *params: Any, measured: str | None = None) -> PredicateRule:
    value = Sql(sql=measured, params=(), type="number") if measured else None
    return PredicateRule(rule=rule, condition=Sql(sql=sql, params=params, type="bool"), measured=value)


def filtered(bench: Bench, rows: list[dict[str, Any]], *rules: FilterRule) -> list[dict[str, Any]]:
    """The rows that stay."""
    bench.write("a.jsonl", rows)
    bench.ingest("a.jsonl")
    bench.run(FilterParams(rules=rules), "t.f", {"rows": "ingest:s"})
    return bench.rows("filter:t.f")


def test_a_row_falls_to_the_first_rule_that_drops_it(bench: Bench) -> None:
    rows = [{"text": text} for text in ["keep me", "x", "", "drop DROP", "keep me", "Keep  mE!"]]
    kept = filtered(
        bench,
        rows,
        condition("keep", 'length("text") >= ?', 2, measured='length("text")'),
        condition("drop", 'contains("text", ?)', "DROP"),
        ExactDedupRule(on=(TEXT,)),
        NearDedupRule(on=(TEXT,), threshold=Decimal("0.5")),
    )
    assert [(row["__line"], row["text"]) for row in kept] == [(1, "keep me")]
    first = kept[0]["__row_id"]
    assert [(row["line"], row["rule"], row["value"], row["survivor"]) for row in bench.ledger("filter:t.f")] == [
        (2, "0", "1", None),
        (3, "0", "0", None),
        (4, "1", None, None),
        (5, "2", None, first),
        (6, "3", "0.667", first),
    ]
    assert bench.results["filter:t.f"].summary == {"dropped_by_rule": {"0": 2, "1": 1, "2": 1, "3": 1}}


def test_a_row_is_judged_once_whether_it_falls_or_not(bench: Bench) -> None:
    asked: Counter[int] = Counter()

    def counted(number: int) -> int:
        asked[number] += 1
        return number

    with engine(bench.root) as db:
        db.add_function("counted", counted, ["BIGINT"], "BIGINT")
        db.execute("CREATE TABLE alive AS SELECT i AS __ord, i AS n FROM (SELECT unnest(range(100)) AS i)")
        db.execute("CREATE TABLE dropped (ord BIGINT, rule INTEGER, value VARCHAR)")
        db.execute(
            *statement(0, [condition("keep", "counted(n) < ?", 50), condition("drop", "n < ?", 10, measured="n")])
        )
        assert dict(db.rows("SELECT rule, count(*) FROM dropped GROUP BY rule")) == {0: 50, 1: 10}
        assert db.rows("SELECT ord::VARCHAR = value FROM dropped WHERE rule = 1 GROUP BY 1") == [(True,)]
    assert set(asked.values()) == {1} and len(asked) == 100


def test_null_keeps_nothing_and_drops_nothing(bench: Bench) -> None:
    rows = [{"text": "a", "n": None}, {"text": "b", "n": 5}, {"text": "c"}]
    assert [row["text"] for row in filtered(bench, rows, condition("keep", '"n" > 1'))] == ["b"]
    rows.append({"text": "d", "n": 0})
    assert [row["text"] for row in filtered(bench, rows, condition("drop", '"n" > 1'))] == ["a", "c", "d"]


def test_missing_equals_missing_and_a_row_without_a_key_has_no_duplicate(bench: Bench) -> None:
    two = ExactDedupRule(on=(TEXT, Sql(sql='"n"', params=(), type="number")))
    rows = [{"text": "a"}, {"text": "a", "n": 1}, {"text": "a", "n": None}, {"n": None}, {}, {"text": "A"}]
    assert [row["__line"] for row in filtered(bench, rows, two)] == [1, 2, 4, 5, 6]


def test_near_duplicates_look_only_at_rows_that_are_left(bench: Bench) -> None:
    rows = [{"text": "the very same words"}, {"text": "the very same words."}, {"text": "the very same words.."}]
    near = NearDedupRule(on=(TEXT,), threshold=Decimal("0.8"))
    kept = filtered(bench, rows, condition("drop", '"text" = ?', "the very same words"), near)
    assert [row["__line"] for row in kept] == [2]
    assert [row["survivor"] for row in bench.ledger("filter:t.f") if row["rule"] == "1"] == [kept[0]["__row_id"]]


def test_the_end_of_one_key_and_the_start_of_the_next_are_no_text(bench: Bench) -> None:
    rows = [{"text": "ab", "more": "cd"}, {"text": "abc", "more": "d"}]
    near = NearDedupRule(on=(TEXT, Sql(sql='"more"', params=(), type="text")), threshold=Decimal("0.9"))
    assert len(filtered(bench, rows, near)) == 2


def test_hostile_text_and_names_pass_through(bench: Bench) -> None:
    names = [
        "rows",
        "alive",
        "dropped",
        "ord",
        "rule",
        "k0",
        "r",
        "nth",
        "survivor",
        "same",
        "value",
        "file",
        "line",
        "i",
    ]
    rows = [{"text": text, **dict.fromkeys(names, text), "row_id": number} for number, text in enumerate(HOSTILE)]
    rules = (
        *(condition("drop", f'"{name}" = ?', "no such text") for name in names),
        ExactDedupRule(on=tuple(Sql(sql=f'"{name}"', params=(), type="text") for name in names)),
        NearDedupRule(on=(TEXT, Sql(sql='"k0"', params=(), type="text")), threshold=Decimal("0.95")),
        condition("keep", '"text" <> ?', "null", measured='"text"'),
    )
    kept = filtered(bench, rows, *rules)
    assert [row["text"] for row in kept] == [text for text in HOSTILE if text != "null"]
    assert all(row[name] == row["text"] for row in kept for name in names)


def test_measured_values_are_cut(bench: Bench) -> None:
    filtered(bench, [{"text": "x" * 2000}, {"text": "y"}], condition("keep", 'length("text") < 9', measured='"text"'))
    assert [row["value"] for row in bench.ledger("filter:t.f")] == ["x" * 500]


def test_when_nothing_is_left_the_rules_are_named(bench: Bench) -> None:
    bench.write("a.jsonl", [{"text": text} for text in "abc"])
    bench.ingest("a.jsonl")
    params = FilterParams(rules=(condition("drop", '"text" = ?', "a"), condition("keep", '"text" = ?', "z")))
    local = {"rules": [{"text": 'drop text == "a"', "reason": None}, {"text": 'keep text == "z"', "reason": None}]}
    with pytest.raises(DiagnosticError) as error:
        bench.run(params, "t.f", {"rows": "ingest:s"}, local=local)
    (found,) = error.value.diagnostics
    assert found.code == "SFT0412"
    assert found.message.endswith('3 rows: `keep text == "z"` dropped 2, `drop text == "a"` dropped 1')
    assert len(bench.ledger("filter:t.f")) == 3, "every row can be looked at"


def test_an_expression_that_fails_on_a_value_is_the_users(bench: Bench) -> None:
    with pytest.raises(DiagnosticError) as error:
        filtered(bench, [{"text": "a", "n": 2**62}], condition("drop", '"n" * "n" > 1'))
    assert error.value.diagnostics[0].code == "SFT0411"


def test_running_twice_replaces_the_ledger(bench: Bench) -> None:
    rows = [{"text": "a"}, {"text": "a"}]
    filtered(bench, rows, ExactDedupRule(on=(TEXT,)))
    bench.run(FilterParams(rules=(ExactDedupRule(on=(TEXT,)),)), "t.f", {"rows": "ingest:s"})
    assert len(bench.ledger("filter:t.f")) == 1


def test_the_statements_can_be_read(bench: Bench) -> None:
    filtered(bench, [{"text": "a"}], ExactDedupRule(on=(TEXT,)), NearDedupRule(on=(TEXT,), threshold=Decimal("0.9")))
    exact, near = statements(bench.steps["filter:t.f"])
    assert "PARTITION BY" in exact
    assert "0.9" in near


RULES = st.sampled_from(
    [
        condition("keep", '"n" >= ?', 0, measured='"n"'),
        condition("drop", 'contains("text", ?)', "b"),
        ExactDedupRule(on=(TEXT,)),
        NearDedupRule(on=(TEXT,), threshold=Decimal("0.6")),
    ]
)
ROWS = st.lists(
    st.fixed_dictionaries({"text": st.none() | st.text("ab ", max_size=6), "n": st.none() | st.integers(-2, 9)}),
    min_size=1,
    max_size=12,
)


@settings(max_examples=8)
@given(rows=ROWS, rules=st.lists(RULES, min_size=1, max_size=4))
def test_in_is_kept_plus_dropped(rows: list[Any], rules: list[FilterRule], make_bench: Callable[[], Bench]) -> None:
    bench = make_bench()
    anchor = {"text": "qq zz xx ww", "n": 5}  # stays under any of the rules, so that something is left
    kept = filtered(bench, [anchor, *rows], *rules)
    ledger = bench.ledger("filter:t.f")
    ids = Counter(row["__row_id"] for row in bench.rows("ingest:s"))
    assert Counter(row["__row_id"] for row in kept) + Counter(row["row_id"] for row in ledger) == ids
    assert set(ids.values()) == {1}
    stays = {row["__row_id"] for row in kept}
    fell = {row["row_id"]: int(row["rule"]) for row in ledger}
    for row in ledger:
        if row["survivor"] is not None:
            assert row["survivor"] in stays or fell[row["survivor"]] > int(row["rule"])
