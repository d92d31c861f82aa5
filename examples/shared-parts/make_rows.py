"""Write the rows of this example: short questions about opening hours and returns, with answers.

python make_rows.py
"""

from __future__ import annotations

import json
from pathlib import Path

SHOPS = ("the bakery", "the bookshop", "the pharmacy", "the garden centre", "the bicycle shop", "the library")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
GOODS = ("a kettle", "a lamp", "a coat", "a pair of shoes", "a tent", "a radio")
REASONS = ("it is too small", "it does not work", "the colour is wrong", "it came too late", "I have two now")


def hours() -> list[dict[str, str]]:
    """Two questions a shop and day."""
    opening = [
        {"question": f"When does {shop} open on {day}?", "answer": f"At {7 + (i + j) % 4} in the morning."}
        for i, shop in enumerate(SHOPS)
        for j, day in enumerate(DAYS)
    ]
    closing = [
        {"question": f"Until when can I come to {shop} on {day}?", "answer": f"Until {5 + (i + j) % 3} in the evening."}
        for i, shop in enumerate(SHOPS)
        for j, day in enumerate(DAYS)
    ]
    return opening + closing


def returns() -> list[dict[str, str]]:
    """One request a thing and reason."""
    return [
        {"question": f"I want to return {thing}, because {reason}.", "answer": f"You have {14 + 7 * (i % 3)} days."}
        for i, reason in enumerate(REASONS)
        for thing in GOODS
    ]


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    here = Path(__file__).parent
    write(here / "data" / "hours.jsonl", hours())
    write(here / "data" / "returns.jsonl", returns())
