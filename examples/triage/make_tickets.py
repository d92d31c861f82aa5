"""Writes ``tickets.jsonl``: support messages with the one line of JSON that a triage desk wants back.

Every message is put together from phrases that were written for this example, so the label is
known and never guessed: the category from the situation, the order number from the text (or null
when the text has none), the urgency from what the writer says about time. A ticket is urgent when
its writer asks for an answer now or names a deadline; a late parcel alone is not.

Some faults are put in on purpose, for the filters to find: see :class:`Recipe` and the README.

    python make_tickets.py [FILE]              # tickets.jsonl beside this script, or FILE; always the same bytes
    python make_tickets.py --starter FILE      # the smaller set that `sft init` writes

Only ``random.Random.random`` is used for chance, because its sequence is the one that Python
promises to keep between versions.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from phrases import (
    ASIDES,
    CALM,
    CLOSERS,
    DETAILS,
    LOREM,
    OPENERS,
    ORDER_AFTER,
    ORDER_BEFORE,
    RAMBLING,
    SITUATIONS,
    SLOTS,
    URGENT,
)

T = TypeVar("T")
Ticket = dict[str, str]


@dataclass(frozen=True)
class Recipe:
    """How many messages without a fault (the three categories in equal numbers), and how many copies of some."""

    seed: int
    clean: int
    exact_duplicates: int
    near_duplicates: int


EXAMPLE = Recipe(seed=20260, clean=600, exact_duplicates=12, near_duplicates=25)
STARTER = Recipe(seed=7, clean=240, exact_duplicates=5, near_duplicates=8)

SHARE_WITH_ORDER = {"billing": 0.65, "delivery": 0.85, "account": 0.3}
CHANNELS = ("email", "email", "form", "chat")


class Writer:
    """Draws phrases with one seeded stream of chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed).random

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self.random() * len(options))]

    def maybe(self, share: float) -> bool:
        return self.random() < share

    def shuffled(self, items: Sequence[T]) -> list[T]:
        keyed = [(self.random(), place, item) for place, item in enumerate(items)]
        return [item for _, _, item in sorted(keyed, key=lambda entry: entry[:2])]

    def number(self, low: int, high: int) -> int:
        return low + int(self.random() * (high - low + 1))

    def fill(self, phrase: str) -> str:
        """Replace every slot of a phrase except ``{order}``, which the caller knows."""
        for slot, options in SLOTS.items():
            phrase = phrase.replace("{" + slot + "}", self.pick(options))
        phrase = phrase.replace("{amount}", f"{self.number(7, 240)}.{self.pick(('00', '50', '90', '99'))}")
        phrase = phrase.replace("{four}", str(self.number(1000, 9999))).replace(
            "{five}", str(self.number(10000, 99999))
        )
        return phrase.replace("{years}", self.pick(("two", "four", "six", "ten")))

    def typo(self, phrase: str) -> str:
        """Swap two letters inside one longer word, as fast fingers do."""
        words = phrase.split(" ")
        long = [i for i, word in enumerate(words) if len(word) > 5 and word.isalpha()]
        if not long:
            return phrase
        place = self.pick(long)
        word = words[place]
        cut = self.number(1, len(word) - 3)
        words[place] = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
        return " ".join(words)

    def message(self, category: str, order: str | None, urgency: str) -> str:
        """One ticket's text. ``urgency`` is a phrase of URGENT or CALM, or empty when nothing is said about time."""
        story = [self.fill(self.pick(SITUATIONS[category]))]
        if self.maybe(0.35):
            story.append(self.fill(self.pick(DETAILS[category])))
        if self.maybe(0.15):
            story.append(self.fill(self.pick(ASIDES)))
        if self.maybe(0.15):
            story = [self.typo(part) for part in story]
        if urgency:
            story.insert(len(story) if self.maybe(0.75) else 0, urgency)
        if order is not None:
            before = self.maybe(0.5)
            phrase = self.pick(ORDER_BEFORE if before else ORDER_AFTER).replace("{order}", order)
            story.insert(0 if before else len(story), phrase)
        if self.maybe(0.5):
            story.insert(0, self.pick(OPENERS))
        if self.maybe(0.4):
            story.append(self.fill(self.pick(CLOSERS)))
        text = " ".join(story)
        if self.maybe(0.15):  # some people never press shift, but they copy the order number
            text = " ".join(word if order and order in word else word.lower() for word in text.split(" "))
        return text


def label(category: str, order: str | None, urgent: bool) -> str:
    return json.dumps({"category": category, "order": order, "urgent": urgent})


def clean_tickets(writer: Writer, count: int) -> list[Ticket]:
    """Messages without a fault: 8 to 60 words, no two with the same text."""
    seen: set[str] = set()
    tickets: list[Ticket] = []
    categories = list(SITUATIONS)
    while len(tickets) < count:
        category = categories[len(tickets) % len(categories)]
        order = None
        if writer.maybe(SHARE_WITH_ORDER[category]):
            order = f"{writer.pick('ABCDEFGH')}-{writer.number(1000, 9999)}"
        urgent = writer.maybe(0.45)
        urgency = writer.pick(URGENT) if urgent else (writer.pick(CALM) if writer.maybe(0.3) else "")
        text = writer.message(category, order, urgency)
        if 8 <= len(text.split()) <= 60 and text not in seen:
            seen.add(text)
            tickets.append({"channel": writer.pick(CHANNELS), "message": text, "label": label(category, order, urgent)})
    return tickets


def near_copy(writer: Writer, ticket: Ticket) -> Ticket:
    """The same message sent again with a small change at its end, which leaves most of the text alike."""
    text = ticket["message"]
    changed = text
    while changed == text:  # a text that ends in "!" must not get its own ending back
        changed = text.rstrip(".!") + writer.pick(("!", " ?", " ok", "..", " :)", " thx"))
    return {**ticket, "message": changed}


def with_faults(writer: Writer, tickets: Sequence[Ticket], recipe: Recipe) -> list[Ticket | str]:
    """Add the deliberate faults behind the first half; a string is a line that goes into the file as it is."""
    long_ones = [t for t in tickets if len(t["message"].split()) >= 28]
    copies: list[Ticket | str] = [dict(t) for t in writer.shuffled(tickets)[: recipe.exact_duplicates]]
    copies += [near_copy(writer, t) for t in writer.shuffled(long_ones)[: recipe.near_duplicates]]
    rambling = " ".join((*RAMBLING, "Where is my parcel? It is order C-4410."))
    odd: list[Ticket | str] = [
        {"channel": "form", "message": LOREM, "label": label("account", "X-0000", False)},
        {"channel": "email", "message": rambling, "label": label("delivery", "C-4410", False)},
        {"channel": "chat", "message": "help pls", "label": label("account", None, False)},
        '{"id": "T-0000", "channel": "chat", "message": "I was charged tw',
    ]
    mixed = writer.shuffled(tickets)
    half = len(mixed) // 2
    return [*mixed[:half], *writer.shuffled([*mixed[half:], *copies, *odd])]


def lines(recipe: Recipe) -> list[str]:
    """The lines of the JSONL file, without line breaks."""
    writer = Writer(recipe.seed)
    rows = with_faults(writer, clean_tickets(writer, recipe.clean), recipe)
    return [
        row if isinstance(row, str) else json.dumps({"id": f"T-{number:04}", **row}, ensure_ascii=False)
        for number, row in enumerate(rows, start=1)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the tickets of the triage example.")
    parser.add_argument("file", nargs="?", type=Path, default=Path(__file__).with_name("tickets.jsonl"))
    parser.add_argument("--starter", action="store_true", help="the smaller set that `sft init` writes")
    args = parser.parse_args()
    written = lines(STARTER if args.starter else EXAMPLE)
    args.file.write_bytes(("\n".join(written) + "\n").encode())
    print(f"{len(written)} lines in {args.file}")


if __name__ == "__main__":
    main()
