"""Limits a minute and waits, by a clock that the test turns."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from runtime.asking.served.failure import Failure, Hopeless, OtherLimit, Refusal, of_status, retry_after
from runtime.asking.served.pace import Pace, backoff, pause_after
from runtime.asking.served.settings import SHOWN, without_key


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_no_window_of_a_minute_has_more_requests_than_the_limit() -> None:
    clock, went, draw = Clock(), [], random.Random(2)
    pace = Pace(7, None, clock)
    while len(went) < 60:
        if (pause := pace.pause(10)) > 0:
            clock.now += pause
            continue
        pace.go(10)
        went.append(clock.now)
        clock.now += draw.random() * 12
    assert max(sum(at - 60 < other <= at for other in went) for at in went) == 7
    assert went[-1] - went[0] < 60 * 60 / 7 * 1.5, "and it waits no longer than it has to"


def test_tokens_count_as_they_turned_out_and_one_that_is_too_large_goes_alone() -> None:
    clock = Clock()
    pace = Pace(None, 100, clock)
    first = pace.go(90)
    assert pace.pause(20) == pytest.approx(60)
    first.tokens = 30
    assert pace.pause(20) == 0 and pace.pause(80) > 0
    clock.now += 61
    assert pace.pause(500) == 0


def test_what_the_server_asks_to_wait_is_waited_for() -> None:
    clock = Clock()
    pace = Pace(None, None, clock)
    pace.hold(5)
    pace.hold(2)
    assert pace.pause(1) == 5
    clock.now += 5
    assert pace.pause(1) == 0


def test_waits_double_to_half_a_minute_between_half_of_it_and_all() -> None:
    assert [backoff(n, lambda: 1.0) for n in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert [backoff(n, lambda: 0.0) for n in (1, 2, 100)] == [0.25, 0.5, 15]


def test_what_a_server_asks_to_wait_is_added_to_and_never_makes_a_wait_shorter() -> None:
    assert [pause_after(n, 0.01, lambda: 0.0) for n in (1, 2, 100)] == [0.25, 0.5, 15]
    assert [pause_after(1, asked, lambda: 0.0) for asked in (None, 0.0, 7.0)] == [0.25, 0.25, 7.0]
    assert pause_after(1, 7.0, lambda: 1.0) == pytest.approx(7.7), "those that were held back together come apart"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("soon", None), ("-1", None), ("", None)],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}) == seconds


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (503, b"", Failure),
        (409, b"", Failure),
        (429, b'{"error": {"code": "insufficient_quota"}}', Hopeless),
        (403, b"<html>", Hopeless),
        (302, b"", Hopeless),
        (400, b'{"error": {"param": "max_tokens", "message": "use max_completion_tokens"}}', OtherLimit),
        (400, b'{"error": {"param": "max_tokens", "message": "at most 4096"}}', Hopeless),
        (400, b'{"error": "bad"}', Refusal),
        (422, b"[]", Refusal),
        (413, b'{"error": {"message": 5, "code": null}}', Refusal),
    ],
)
def test_what_a_status_means(status: int, body: bytes, kind: type[Exception]) -> None:
    assert type(of_status(status, {}, body)) is kind


def test_a_short_key_is_no_secret_and_may_be_a_word() -> None:
    assert without_key("none of it", "none") == "none of it"
    assert without_key("it is sk-12345678!", "sk-12345678") == f"it is {SHOWN}!"


def test_a_key_is_found_as_it_stands_in_an_address() -> None:
    assert without_key("https://a.example/?k=sk%2F12345678&x", "sk/12345678") == f"https://a.example/?k={SHOWN}&x"
