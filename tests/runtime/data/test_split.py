"""Split: shares, stability, and keys that never part."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from compiler.step_params import Sql, SplitParams, SplitPart
from runtime.relational import engine
from runtime.row_hashes import HASH_BITS, hash_number, is_blank, plain_text, upper_ends
from tests.runtime.data.conftest import Bench
from tests.runtime.data.hostile import HOSTILE

PARTS = (("train", "0.7"), ("validation", "0.1"), ("test", "0.2"))


def split(bench: Bench, rows: list[Any], *keys: str, seed: int = 0) -> list[str]:
    bench.ingest(bench.write("a.jsonl", rows))
    params = SplitParams(
        key=tuple(Sql(sql=key, type="text") for key in keys or ('"t"',)),
        parts=tuple(SplitPart(name=name, share=Decimal(share)) for name, share in PARTS),
        seed=seed,
    )
    bench.run(params, "t", {"rows": "ingest:s"})
    assert [row["__line"] for row in bench.rows("split:t")] == list(range(1, len(rows) + 1))
    return [row["__split"] for row in bench.rows("split:t")]


def test_shares_are_met_and_sum_to_all_rows(bench: Bench) -> None:
    found = split(bench, [{"t": f"row {i}"} for i in range(5000)])
    counts = {name: found.count(name) for name, _ in PARTS}
    assert bench.results["split:t"].summary == {"parts": counts}
    for name, share in PARTS:
        expected = 5000 * float(share)
        assert abs(counts[name] - expected) < 4 * (expected * (1 - float(share))) ** 0.5, "within 4 standard errors"


def test_equal_keys_never_part(bench: Bench) -> None:
    rows = [{"t": text} for i in range(300) for text in (f"Row {i} é", f"  row\t{i} E\u0301\u00a0", f"ROW {i} É")]
    found = split(bench, rows)
    assert all(len(set(found[i : i + 3])) == 1 for i in range(0, len(found), 3))
    assert len(set(found)) == 3


def test_a_row_keeps_its_part_when_others_come_and_go(bench: Bench) -> None:
    rows = [{"t": f"row {i}"} for i in range(200)]
    before = dict(zip([row["t"] for row in rows], split(bench, rows), strict=True))
    fewer = [*rows[100:], {"t": "new"}, *rows[:50]]
    after = dict(zip([row["t"] for row in fewer], split(bench, fewer), strict=True))
    assert all(before[key] == part for key, part in after.items() if key != "new")


def test_the_seed_moves_rows(bench: Bench) -> None:
    rows = [{"t": f"row {i}"} for i in range(200)]
    assert split(bench, rows, seed=1) != split(bench, rows, seed=2)


def test_rows_without_a_key_are_not_lumped_together(bench: Bench) -> None:
    assert len(set(split(bench, [{"t": None, "id": i} for i in range(200)]))) == 3


def test_several_keys_and_hostile_texts(bench: Bench) -> None:
    rows = [{"t": text, "u": other, "h": 1, "key": 2} for text in HOSTILE for other in (None, "x")]
    assert len(split(bench, rows, '"t"', '"u"')) == 2 * len(HOSTILE)
    assert [row["t"] for row in bench.rows("split:t")] == [row["t"] for row in rows]


def test_a_part_without_rows_is_noted(bench: Bench) -> None:
    split(bench, [{"t": "only one"}])
    events = (bench.store.root / "runs" / "r1" / "events.jsonl").read_text()
    assert events.count("got none of 1 rows") == 2


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=8))
def test_ends_are_cumulative_and_whole(weights: list[int]) -> None:
    shares = [Decimal(weight) / sum(weights) for weight in weights]
    ends = upper_ends(shares)
    assert ends == sorted(ends) and ends[-1] == 1 << HASH_BITS
    widths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    assert all(
        abs(width - Fraction(share) * (1 << HASH_BITS)) <= 2 for width, share in zip(widths, shares, strict=True)
    )


def test_hash_and_text_forms_are_those_of_python(bench: Bench) -> None:
    import hashlib

    texts = [*HOSTILE, "", " \x0b\x0c\x1c\x1f\x85\u2028\u3000", "a \x1d\u00a0 b", "\u200b"]
    with engine(bench.root) as db:
        rows = db.rows(
            f"SELECT {hash_number('t')}, {plain_text('t')}, {is_blank('t')} FROM (SELECT unnest(?::VARCHAR[]) AS t)",
            [texts],
        )
        assert db.value(f"SELECT {is_blank('NULL::VARCHAR')}") is True
    assert [row[0] for row in rows] == [int(hashlib.sha256(text.encode()).hexdigest()[:13], 16) for text in texts]
    assert [row[1].split(" ") for row in rows if row[1]] == [row[1].split() for row in rows if row[1]]
    assert [row[2] for row in rows] == [not text.strip() for text in texts]
