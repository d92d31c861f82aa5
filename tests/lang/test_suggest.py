"""Names near enough to be meant, and none that are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec_lang.suggest import _distance, _may_be_within, closest

TRAIN = ["model", "data", "validation", "objective", "adapter", "epochs", "batch", "learning_rate", "max_length"]
TRAIN += ["overflow", "seed", "warmup", "schedule", "temperature", "weight_decay", "packing"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lerning_rate", "learning_rate"),
        ("learningRate", "learning_rate"),
        ("learning-rate", "learning_rate"),
        ("lr", "learning_rate"),
        ("LEARNING_RATE", "learning_rate"),
        ("max_len", "max_length"),
        ("maxlength", "max_length"),
        ("temp", "temperature"),
        ("epoch", "epochs"),
        ("epohcs", "epochs"),
        ("vaildation", "validation"),
        ("objectiv", "objective"),
        ("wieght_decay", "weight_decay"),
        ("dta", "data"),
        ("date", "data"),
        ("moddel", "model"),
    ],
)
def test_slips(typed: str, meant: str) -> None:
    assert closest(typed, TRAIN) == (meant,)


@pytest.mark.parametrize("typed", ["", "x", "ab", "frobnicate", "optimizer_state", "日本", "m" * 10_000])
def test_nothing_near(typed: str) -> None:
    assert closest(typed, TRAIN, limit=2) == ()


def test_at_most_two_in_a_fixed_order() -> None:
    assert closest("tain", ["train", "main", "taint", "rain"], limit=9) == ("main", "rain")
    assert closest("tain", reversed(["train", "main", "taint", "rain"]), limit=9) == ("main", "rain")
    assert closest("train", ["train"]) == ()
    assert closest("Train", ["train", "trains"]) == ("train",)


names = st.text("abcdefgh_", min_size=6, max_size=12).filter(lambda name: name.strip("_") == name and "__" not in name)


@given(names, st.lists(names, max_size=4), st.data())
def test_one_slip_in_a_name_is_forgiven(name: str, others: list[str], data: st.DataObject) -> None:
    """Delete, double, replace or swap one letter: the name is among the candidates, unless nearer ones are."""
    at = data.draw(st.integers(0, len(name) - 2))
    typed = data.draw(
        st.sampled_from(
            [
                name[:at] + name[at + 1 :],
                name[: at + 1] + name[at:],
                name[:at] + "z" + name[at + 1 :],
                name[:at] + name[at + 1] + name[at] + name[at + 2 :],
            ]
        )
    )
    if typed == name or len(typed.replace("_", "")) < 3:
        return
    assert closest(typed, [name]) == (name,)
    assert len(closest(typed, [name, *others], limit=2)) <= 2


@given(st.text("abcde", max_size=9), st.text("abcde", max_size=9))
def test_what_is_left_out_for_its_letters_is_too_far(one: str, other: str) -> None:
    assert _may_be_within(_distance(one, other), one, other)
