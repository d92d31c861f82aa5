from __future__ import annotations

import pytest

from tui import formats


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.98333, "share", "98.3%"),
        (1.0, "share", "100%"),
        (0.0, "share", "0%"),
        (-0.02, "points", "-2pt"),
        (0.117, "points", "11.7pt"),
        (12.3456, "plain", "12.35"),
        (None, "share", "–"),
        (float("nan"), "plain", "–"),
    ],
)
def test_number(value: float | None, unit: str, shown: str) -> None:
    assert formats.number(value, unit) == shown


def test_a_change_has_a_sign() -> None:
    assert formats.number(0.05, "points", signed=True) == "+5pt"


def test_estimate_gives_the_unit_once() -> None:
    assert formats.estimate(0.983, 0.911, 0.997, "share") == "98.3% [91.1, 99.7]"
    assert formats.estimate(0.983, None, None, "share") == "98.3%"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.04, "40 ms"),
        (2.44, "2.4 s"),
        (9.97, "10 s"),
        (29.4, "29 s"),
        (59.7, "1 min 00 s"),
        (185.0, "3 min 05 s"),
        (4320.0, "1 h 12 min"),
        (None, "–"),
        (-1.0, "–"),
    ],
)
def test_duration(seconds: float | None, shown: str) -> None:
    assert formats.duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(5, "just now"), (150, "2 min ago"), (7200, "2 h ago"), (200_000, "2 d ago")]
)
def test_ago(seconds: float, shown: str) -> None:
    assert formats.ago(1_000_000.0, 1_000_000.0 + seconds) == shown


def test_ago_gives_the_date_after_a_week() -> None:
    assert formats.ago(0.0, 10_000_000.0) == "1970-01-01"


def test_a_small_share_does_not_read_as_nothing() -> None:
    assert formats.share(0, 10) == "0%"
    assert formats.share(1, 100_000) == "<0.1%"
    assert formats.share(1, 612) == "0.2%"
    assert formats.share(1, 2) == "50%"
    assert formats.share(1, 0) == "–"


def test_rate() -> None:
    assert formats.rate(1234.4, "tokens") == "1,234 tokens/s"
    assert formats.rate(0.8333, "steps") == "0.833 steps/s"
    assert formats.rate(None, "steps") == ""


def test_a_share_that_is_not_all_or_none_does_not_read_so() -> None:
    assert formats.number(0.99997, "share") == "99.997%" and formats.number(0.00003, "share") == "0.003%"
    assert formats.number(-0.00003, "points", signed=True) == "-0.003pt"
    assert [formats.number(value, "share") for value in (0.0, 1.0, 1 - 1e-15)] == ["0%", "100%", "100%"]


def test_a_brief_count_has_seven_cells() -> None:
    counts = [0, 999_999, 1_234_567, 123_456_789, 5 * 10**9]
    assert [formats.brief_count(n) for n in counts] == ["0", "999,999", "1.23M", "123M", "5.00G"]


def test_sizes_of_data() -> None:
    sizes = (0, 812, 41_000, 3_400_000_000, 99_600_000)
    assert [formats.data_size(n) for n in sizes] == ["0 B", "812 B", "41 kB", "3.4 GB", "100 MB"]
