"""Filter: each row to the first rule that drops it, with the value that did it."""

from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.step_params import ExactDedupRule, FilterParams, FilterRule, NearDedupRule, PredicateRule, Scalar, Sql
from runtime.steps.filter import statements
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.conftest import Bench
from tests.runtime.data.hostile import HOSTILE


def sql(text: str, *params: Scalar) -> Sql:
    return Sql(sql=text, params=params)


def rule(kind: Literal["keep", "drop"], condition: Sql, measured: Sql | None = None) -> PredicateRule:
    return PredicateRule(rule=kind, condition=condition, measured=measured)


def exact(*on: str) -> ExactDedupRule:
    return ExactDedupRule(on=tuple(sql(key) for key in on))


def filtered(bench: Bench, rows: list[Any], *rules: FilterRule) -> list[dict[str, Any]]:
    """The ledger after filtering these rows; the rows must not all go."""
    bench.ingest(bench.write("a.jsonl", rows))
    texts = [{"text": f"rule {position}", "reason": None} for position in range(len(rules))]
    bench.run(FilterParams(rules=rules), "f", {"rows": "ingest:s"}, local={"rules": texts})
    return bench.ledger("filter:f")


def kept(bench: Bench) -> list[Any]:
    return [row["t"] for row in bench.rows("filter:f")]


def test_the_first_rule_that_drops_a_row_gets_it(bench: Bench) -> None:
    words = sql('len(string_split("t", ?))', " ")
    ledger = filtered(
        bench,
        [{"t": "one"}, {"t": "one two lorem"}, {"t": "a b c d e"}, {"t": "fine text"}, {"t": "lorem"}],
        rule("keep", sql('len(string_split("t", ?)) BETWEEN ? AND ?', " ", 2, 4), words),
        rule("drop", sql('regexp_matches("t", ?)', "(?i)LOREM"), sql('regexp_extract("t", ?)', "(?i)LOREM")),
    )
    assert [(row["line"], row["rule"], row["value"]) for row in ledger] == [
        (1, "0", "1"), (2, "1", "lorem"), (3, "0", "5"), (5, "0", "1"),
    ]  # fmt: skip
    assert kept(bench) == ["fine text"]
    assert bench.results["filter:f"].summary == {"dropped_by_rule": {"0": 3, "1": 1}}


def test_null_keeps_nothing_and_drops_nothing(bench: Bench) -> None:
    rows = [{"t": "a", "n": 1}, {"t": "b"}]
    filtered(bench, rows, rule("drop", sql('"n" > ?', 5)))
    assert kept(bench) == ["a", "b"]
    filtered(bench, rows, rule("keep", sql('"n" < ?', 5), sql('"n"')))
    assert kept(bench) == ["a"]
    assert bench.ledger("filter:f")[0]["value"] is None


def test_exact_duplicates_name_their_survivor(bench: Bench) -> None:
    rows = [
        {"t": "x", "u": None}, {"t": "y", "u": "1"}, {"t": "x"}, {"t": "X"}, {"t": None}, {"t": None}, {"t": "y", "u": "2"},
    ]  # fmt: skip
    ledger = filtered(bench, rows, exact('"t"', '"u"'))
    assert [(row["line"], row["survivor"]) for row in ledger] == [(3, bench.rows("ingest:s")[0]["__row_id"])]
    filtered(bench, rows, exact('lower("t")'))
    assert kept(bench) == ["x", "y", None, None], "rows without any value have no duplicates"


def test_a_row_that_an_earlier_rule_dropped_is_nobodys_survivor(bench: Bench) -> None:
    rows = [{"t": "x", "n": 0}, {"t": "x", "n": 1}, {"t": "x", "n": 2}]
    ledger = filtered(bench, rows, rule("drop", sql('"n" = 0')), exact('"t"'))
    assert [(row["line"], row["rule"]) for row in ledger] == [(1, "0"), (3, "1")]
    assert ledger[1]["survivor"] == bench.rows("filter:f")[0]["__row_id"]


def test_near_duplicates_have_their_similarity_in_the_ledger(bench: Bench) -> None:
    rows = [{"t": "Write a poem about cats"}, {"t": "gone"}, {"t": "write a poem about cats!"}, {"t": ""}, {"t": None}]
    near = NearDedupRule(on=(sql('"t"'),), threshold=Decimal("0.9"))
    ledger = filtered(bench, rows, rule("drop", sql('"t" = ?', "gone")), near)
    first = bench.rows("ingest:s")[0]["__row_id"]
    assert [(row["line"], row["rule"], row["value"], row["survivor"]) for row in ledger] == [
        (2, "0", None, None), (3, "1", "0.920", first),
    ]  # fmt: skip


def test_hostile_texts_survive_every_rule(bench: Bench) -> None:
    text = "'; DROP TABLE dropped; --"
    near = NearDedupRule(on=(sql('"t"'), sql('"u"')), threshold=Decimal("0.95"))
    rows = [{"t": text, "u": None, "k0": 1, "ord": 2, "value": 3, "survivor": "s", "rule": 4} for text in HOSTILE]
    ledger = filtered(bench, rows, rule("drop", sql('"t" = ?', text), sql('"t"')), exact('"t"', '"k0"'), near)
    assert [row["value"] for row in ledger] == [text]
    assert kept(bench) == [one for one in HOSTILE if one != text]


def test_when_no_row_is_left_the_message_names_the_rules(bench: Bench) -> None:
    with pytest.raises(DiagnosticError) as error:
        filtered(bench, [{"t": "a"}, {"t": "b"}, {"t": "b"}], exact('"t"'), rule("keep", sql("false")))
    found = error.value.diagnostics[0]
    assert found.code == "SFT0412"
    assert "every one of 3 rows: `rule 1` dropped 2, `rule 0` dropped 1" in found.message
    assert len(bench.ledger("filter:f")) == 3, "the ledger can be looked at"


def test_a_value_that_an_expression_cannot_take_is_the_users_to_mend(bench: Bench) -> None:
    with pytest.raises(DiagnosticError) as error:
        filtered(bench, [{"t": "1"}, {"t": "\x1b[31mx"}], rule("keep", sql('CAST("t" AS INTEGER) > 0')))
    found = error.value.diagnostics[0]
    assert found.code == "SFT0411"
    assert "\x1b" not in found.message


def test_the_sql_can_be_read(bench: Bench) -> None:
    filtered(bench, [{"t": "a"}], exact('"t"'), NearDedupRule(on=(sql('"t"'),), threshold=Decimal("0.9")))
    dedup, near = statements(bench.steps["filter:f"])
    assert "PARTITION BY k0" in dedup and '("t") AS k0' in dedup
    assert near.startswith("-- near duplicates at a Jaccard similarity of 0.9")


_RULES = st.sampled_from(
    [
        rule("keep", sql('"n" >= ?', 2), sql('"n"')), rule("drop", sql('"n" = ?', 3)), exact('"t"'), exact('"n"', '"t"'),
        NearDedupRule(on=(sql('"t"'),), threshold=Decimal("0.5")),
    ]
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries({"n": st.none() | st.integers(0, 5), "t": st.none() | st.text("ab é", max_size=6)}),
        min_size=1,
    ),
    rules=st.lists(_RULES, min_size=1, max_size=3),
)
def test_kept_and_dropped_are_all_rows_in_their_order(
    rows: list[Any], rules: list[FilterRule], make_bench: Any
) -> None:
    bench = make_bench()
    try:
        filtered(bench, rows, *rules)
    except DiagnosticError as error:
        assert error.diagnostics[0].code == "SFT0412"
        assert len(bench.ledger("filter:f")) == len(rows)
        return
    lines = [row["__line"] for row in bench.rows("filter:f")]
    assert lines == sorted(lines)
    assert sorted(lines + [row["line"] for row in bench.ledger("filter:f")]) == list(range(1, len(rows) + 1))
