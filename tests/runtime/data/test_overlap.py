"""Coverage against a reference that counts words by hand, on texts of every script, and on public data where it is."""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runtime import overlap
from runtime.overlap import HeldOut, ItemSet
from runtime.word_runs import Block
from runtime.words import words_of

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
shared_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the public data sets are not beside the project")

Fields = Sequence[str]
ALONE = re.compile(r"([\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff😀👍])")


def words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).replace("\u200b", "")
    return re.findall(r"[^\W_]+|[😀👍]", ALONE.sub(r" \1 ", plain))


def covered(item: Fields, row: Fields, ngram: int) -> tuple[list[int], int]:
    """The places of the item's words that the row covers, and how many words the item has."""
    mine, theirs = ([word for field in fields for word in words(field)] for fields in (item, row))
    length = min(ngram, len(mine))
    borders = {sum(len(words(field)) for field in row[:count]) for count in range(len(row) + 1)}
    runs = {
        tuple(theirs[at : at + length])
        for at in range(len(theirs) - length + 1)
        if 2 * length >= ngram or {at, at + length} <= borders
    }
    starts = [at for at in range(len(mine) - length + 1) if length and tuple(mine[at : at + length]) in runs]
    return sorted({at + step for at in starts for step in range(length)}), len(mine)


def found(sets: Sequence[ItemSet], rows: Sequence[Fields], cut: int) -> tuple[HeldOut, dict[tuple[int, int], Any]]:
    """The index after looking up the rows in two blocks, and the best item of each contaminated row and set."""
    index = HeldOut(sets)
    best = {}
    for start, part in ((0, rows[:cut]), (cut, rows[cut:])):
        if part:
            hits = index.look_up(Block(part), np.arange(start, start + len(part)))
            for row, item, count, first, stretch in zip(*vars(hits).values(), strict=True):
                best[int(row) + start, int(index.set_of[item])] = (int(item), int(count), int(first), int(stretch))
    return index, best


WORDS = st.sampled_from(
    ["a", "Bé", "be\u0301", "中", "中文", "x1", "Q,", "—", "straße", "STRASSE", "👍", "ze\u200bro", "zero"]
)
TEXT = st.lists(WORDS, max_size=11).map(" ".join)
ROWS = st.lists(st.lists(TEXT, min_size=1, max_size=3), min_size=1, max_size=7)
SHARES = st.sampled_from([Fraction(1, 10), Fraction(1, 2), Fraction(2, 3), Fraction(1)])


@given(st.lists(st.tuples(ROWS, st.integers(1, 6), SHARES), min_size=1, max_size=3), ROWS, st.integers(0, 7))
@example([([["straße a ze\u200bro"]], 1, Fraction(1, 10))], [["a"]], 0)
def test_every_row_and_item_is_as_the_reference_says(sets: list[Any], rows: list[list[str]], cut: int) -> None:
    overlap._AT_ONCE, usual = 5, overlap._AT_ONCE  # so that portions matter
    try:
        index, best = found([ItemSet(*one) for one in sets], rows, cut)
    finally:
        overlap._AT_ONCE = usual
    number = 0
    for which, (items, ngram, share) in enumerate(sets):
        wanted: dict[int, list[tuple[Fraction, int, int]]] = {}
        for item in items:
            pairs = [covered(item, row, ngram) for row in rows]
            enough = [size > 0 and len(places) >= share * size for places, size in pairs]
            assert index.closest.rows[number] == sum(enough)
            assert index.closest.words[number] == max(len(places) for places, _ in pairs)
            for row, ((places, size), yes) in enumerate(zip(pairs, enough, strict=True)):
                if yes:
                    wanted.setdefault(row, []).append((Fraction(len(places), size), -number, len(places)))
            number += 1
        hits = {row: best[row, held] for row, held in best if held == which}
        assert {row: (hit[0], hit[1]) for row, hit in hits.items()} == {
            row: (-max(options)[1], max(options)[2]) for row, options in wanted.items()
        }
        for row, (item_number, _, first, stretch) in hits.items():
            item = items[item_number - (number - len(items))]
            places, _ = covered(item, rows[row], ngram)
            assert set(range(first, first + stretch)) <= set(places) and stretch
            said = words(index.quoted(item_number, first, stretch))
            assert said == [word for field in item for word in words(field)][first : first + stretch]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop—it's 3.5%!", 7),
        ("今天天气很好。", 6),
        ("สวัสดี", 4),
        ("안녕 세상", 2),
        ("co\u00adop \u200bzero", 2),
        ("👍🏽 ok", 2),
        ("_ * ` ~", 0),
        ("", 0),
    ],
)
def test_words_of_any_script(text: str, expected: int) -> None:
    assert words_of(["x", text, "y"]).ends.tolist() == [1, 1 + expected, 2 + expected]


def test_boilerplate_of_all_items_is_scored_once_for_rows_that_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    preface = "answer the question below with one letter and say nothing else at all please"
    portions = []
    scored = HeldOut._scored
    monkeypatch.setattr(HeldOut, "_scored", lambda self, part: portions.append(len(part[0])) or scored(self, part))
    index = HeldOut([ItemSet([(f"{preface} word{n} other{n}",) for n in range(300)], 8, Fraction(1, 2))])
    hits = index.look_up(Block([(f"{preface} mine{n}", "yes") for n in range(200)]), np.arange(200))
    assert len(hits.rows) == 200 and index.closest.rows.tolist() == [200] * 300
    assert portions == [7], "the seven runs of the preface, for all rows together"


def lines(*path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in SHARED.joinpath(*path).read_text(encoding="utf-8").splitlines()]


@shared_data
def test_the_expert_prompts_of_self_instruct_are_all_in_alpaca_eval() -> None:
    expert = [
        (row["instruction"], row["instances"][0]["input"])
        for row in lines("self_instruct", "user_oriented_instructions.jsonl")
    ]
    asked = json.loads(SHARED.joinpath("alpaca_eval", "outputs.json").read_text(encoding="utf-8"))
    index = HeldOut([ItemSet(expert, 8, Fraction(1, 2))])
    index.look_up(Block([(row["instruction"], row["output"]) for row in asked]), np.arange(len(asked)))
    assert len(expert) == 252 and (index.closest.rows > 0).all()
    assert (index.closest.words == index.sizes).all(), "word for word"


@shared_data
def test_gsm8k_gives_no_test_question_away_word_for_word() -> None:
    train, test = lines("gsm8k", "train.jsonl"), lines("gsm8k", "test.jsonl")
    index = HeldOut([ItemSet([(row["question"],) for row in test], 8, Fraction(1, 2))])
    hits = index.look_up(Block([(row["question"], row["answer"]) for row in train]), np.arange(len(train)))
    assert not (index.closest.words == index.sizes).any()
    # The reference, for the pairs that have a run of eight words in common, sought with a plain dictionary.
    holders: dict[tuple[str, ...], set[int]] = {}
    for number, row in enumerate(test):
        for run in runs_of(row["question"]):
            holders.setdefault(run, set()).add(number)
    pairs = set()
    for place, row in enumerate(train):
        fields = (row["question"], row["answer"])
        for number in {number for run in runs_of(" ".join(fields)) for number in holders.get(run, ())}:
            places, size = covered((test[number]["question"],), fields, 8)
            pairs |= {(place, number)} if 2 * len(places) >= size else set()
    assert set(hits.rows.tolist()) == {place for place, _ in pairs}
    assert np.flatnonzero(index.closest.rows > 0).tolist() == sorted({number for _, number in pairs})
    assert len({place for place, _ in pairs}) == 3 and len({number for _, number in pairs}) == 2, "as the page says"


def runs_of(text: str) -> Iterator[tuple[str, ...]]:
    found = words(text)
    return zip(*(found[at:] for at in range(8)), strict=False)
