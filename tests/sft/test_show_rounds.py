"""What `sft show rounds` says of the figures of a round."""

from __future__ import annotations

from sft.show_rounds import _figures
from tui.round_queries import FigureRow, LoopRow, RoundRow
from tui.view_models.rounds import why


def figure(name: str, value: float | None, n: int, reason: str | None = None, stopped: bool = False) -> FigureRow:
    return FigureRow(name, value, None, None, n, "share", None, None, stopped, reason)


def test_a_reason_of_two_figures_stands_once_and_names_them() -> None:
    said = "no new row has two words"
    figures = (
        figure("distinct_2", None, 0, said),
        figure("distinct_2_drop", None, 0, said),
        figure("exact", 0.5, 9, "x"),
    )
    assert why(RoundRow(1, "trained", "", figures)) == "distinct_2, distinct_2_drop: no new row has two words; x"


def test_rows_of_its_own_are_those_that_no_person_wrote() -> None:
    rounds = (
        RoundRow(1, "trained", "", (figure("real_share", 200 / 644, 644),)),
        RoundRow(2, "trained", "", (figure("real_share", 200 / 1757, 1757),)),
        RoundRow(3, "pending", "", ()),
    )
    assert _figures(LoopRow("star", rounds, 1, "exact")).rows[-1] == ("rows of its own", "", "444", "1,557", "")
    none = (RoundRow(1, "pending", "", ()),)
    assert _figures(LoopRow("star", none, None, "")).rows == []
