"""Write the rows of this example: sums in words, and what two made-up assistants answered.

python make_answers.py
"""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
GOODS = ("pears", "stamps", "marbles", "tickets", "screws", "buttons")


def questions() -> list[dict[str, str]]:
    """600 different sums, each with its answer and how hard it is."""
    return [
        {
            "question": f"I have {a} {thing} and buy {b} more. How many {thing} do I have?",
            "answer": str(a + b),
            "size": "carry" if a % 10 + b % 10 > 9 else "plain",
        }
        for thing in GOODS
        for a in range(3, 23, 2)
        for b in range(4, 24, 2)
    ]


def answers(rows: list[dict[str, str]]) -> list[dict[str, object]]:
    """The older assistant slips where a digit is carried; the newer one there seldom, and now and then elsewhere."""
    found: list[dict[str, object]] = []
    for number, row in enumerate(rows):
        right, carries = int(row["answer"]), row["size"] == "carry"
        old = right - 10 if carries and number % 3 else right
        new = right - 10 if carries and number % 9 == 0 else right + 1 if number % 150 == 0 else right
        found.append(
            {
                "question": f"{row['question']} ",  # one assistant's client added a space
                "older": {"text": f"You have {old}.", "seconds": 1},
                "newer": {"text": f"That makes {new}.", "thumbs_up": new == right},
            }
        )
    return found[::-1]  # in another order than the questions: nothing goes by the place of a row


def write(name: str, rows: list[dict[str, object]] | list[dict[str, str]]) -> None:
    FOLDER.mkdir(exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write("questions.jsonl", questions())
    write("answers.jsonl", answers(questions()))
