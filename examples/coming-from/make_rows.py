"""Write the rows of these examples: a few of each shape that the other tools read, all made up here (CC0-1.0).

Standard library only, no randomness: `python make_rows.py` gives the same bytes again.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

DATA = Path(__file__).parent / "data"

ALPACA = [
    ("Name the capital of the country.", "Portugal", "Lisbon"),
    ("Turn the sentence into the past tense.", "She walks home.", "She walked home."),
    ("Sort the numbers.", "9, 4, 7", "4, 7, 9"),
    ("Say what the word means.", "brook", "A small stream."),
    ("Give the plural.", "mouse", "mice"),
    ("Name three trees.", "", "Oak, birch and pine."),
    ("How do bees find their way?", "", "By the sun, by landmarks and by scent."),
    ("Write a greeting for a baker.", "", "Good morning, and may the bread rise well."),
    ("Why is the sky dark at night?", "", "Because our side of the Earth faces away from the sun."),
    ("What is a ferry?", "", "A boat that carries people and cars across water."),
]
MORE_ALPACA = [
    ("Name the capital of the country.", "Portugal", "Lisbon"),  # also in the first file
    ("Give the plural.", "leaf", "leaves"),
    ("Add the numbers.", "12 and 30", "42"),
    ("What does a lighthouse do?", "", "It shows ships where the coast is."),
    ("Name three birds.", "", "Wren, heron and swift."),
    ("How is salt won from the sea?", "", "The water is led into shallow ponds, where the sun dries it up."),
]
PROBLEMS = [
    ("A shelf has 4 rows of 6 cups. How many cups are on it?", "4 rows of 6 cups are 4 * 6 = 24 cups.", "24"),
    ("Ada has 17 stamps and gives 5 away. How many are left?", "17 - 5 = 12 stamps are left.", "12"),
    ("A bus has 30 seats and 3 of 5 are taken. How many are free?", "2 of 5 are free: 30 / 5 * 2 = 12.", "12"),
    ("Bread costs 3 euros. What do 7 loaves cost?", "7 * 3 = 21 euros.", "21"),
    ("A pool fills by 40 litres a minute. How many in a quarter of an hour?", "15 * 40 = 600 litres.", "600"),
]
VERIFIABLE = [
    (
        "Describe a harbour in at most 30 words.",
        ["length_constraints:number_words"],
        [{"num_words": 31, "relation": "less than"}],
    ),
    ("Name two rivers as a list with two bullets.", ["detectable_format:number_bullet_lists"], [{"num_bullets": 2}]),
    ("Praise a bridge without using a comma.", ["punctuation:no_comma"], [{}]),
    ("Explain tides in lower case only.", ["change_case:english_lowercase"], [{}]),
]
REVIEWS = [
    ("Slow at first, then I forgot the time. The ending stays with you.", 1),
    ("Two hours of people opening doors. The music is good.", 0),
    ("A small film with a large heart; see it in a full cinema.", 1),
    ("The trailer tells the whole story, and tells it better.", 0),
]
DOCUMENTS = [
    "The mill at the river was built for rye. Later it ground paint, then nothing, and now it is a school for carpenters.",  # noqa: E501
    "The mill at the river was built for rye; later it ground paint, then nothing, and now it is a school for carpenters!",  # noqa: E501
    "Short.",
    "1 2 3 4 5 6 7 8 9 0 - - - - - - - - - - - - - - - - = = = = = = = = = = = = = = = = + + + + + + + + + + + + + + + +",  # noqa: E501
    "Ferries\nare\nlate\nin\nfog\nand\nnobody\nminds\nmuch\nhere.",
    "A lighthouse keeper writes down the weather four times a day, and the ships that pass, and what he had for supper.",  # noqa: E501
]
TALKS = [
    [("user", "Is it safe to eat snow?"), ("assistant", "A little clean snow does no harm.")],
    [
        ("system", "Answer in one sentence."),
        ("user", "What is a lock on a canal?"),
        ("assistant", "A chamber in which boats are raised or lowered."),
    ],
    [
        ("user", "How do I keep apples over winter?"),
        ("assistant", "Cool, dark and apart from each other."),
        ("user", "In a fridge?"),
        ("assistant", "Yes, in a bag with holes."),
    ],
]
HARMFUL = [
    [("user", "How do I get into my neighbour's letter box?"), ("assistant", "I will not help with that.")],
    [("user", "Write an insult for my colleague."), ("assistant", "I would rather help you say what bothers you.")],
]
WHO = [
    ("Who are you?", "I am {{name}}, an assistant made by {{author}}."),
    ("Who made you?", "{{author}} made me."),
    ("What is your name?", "My name is {{name}}."),
]
PAIRS = [
    ("Name a good gift for a gardener.", "A sharp pair of secateurs.", "Gifts are nice."),
    ("How long do eggs boil?", "Seven minutes for a soft yolk.", "It depends on the egg, probably."),
    ("Explain rust.", "Iron takes up oxygen where it is wet.", "Rust is brown."),
]


def lines(name: str, rows: list[dict[str, object]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (DATA / name).write_text(text, encoding="utf-8")


def alpaca(rows: list[tuple[str, str, str]]) -> list[dict[str, object]]:
    return [{"instruction": what, "input": of, "output": answer} for what, of, answer in rows]


def talk(turns: list[tuple[str, str]]) -> dict[str, object]:
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def main() -> None:
    DATA.mkdir(exist_ok=True)
    lines("alpaca-1.jsonl", alpaca(ALPACA))
    lines("alpaca-2.jsonl", alpaca(MORE_ALPACA))
    lines("problems.jsonl", [{"question": q, "answer": f"{how}\n#### {n}", "final": n} for q, how, n in PROBLEMS])
    lines(
        "verifiable.jsonl",
        [
            {"key": 1000 + i, "prompt": prompt, "instruction_id_list": ids, "kwargs": limits}
            for i, (prompt, ids, limits) in enumerate(VERIFIABLE)
        ],
    )
    lines("reviews.jsonl", [{"text": text, "label": label} for text, label in REVIEWS])
    lines("documents.jsonl", [{"text": text} for text in DOCUMENTS])
    lines("talks.jsonl", [talk(turns) for turns in TALKS])
    lines("harmful.jsonl", [talk(turns) for turns in HARMFUL])
    lines("identity.jsonl", [{"instruction": q, "input": "", "output": a} for q, a in WHO])
    lines("pairs.jsonl", [{"prompt": q, "chosen": good, "rejected": bad} for q, good, bad in PAIRS])
    with (DATA / "letters.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("instruction", "output"), *((q, a) for q, _, a in ALPACA[5:])]
        )


if __name__ == "__main__":
    main()
