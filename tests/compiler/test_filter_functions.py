"""The functions of the published filters against plain Python models of them, written from their papers."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from math import log2
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compiler.functions import FUNCTIONS, TOPICS
from compiler.functions.word_lists import AT_ONCE
from compiler.sql import lower
from spec_lang.literals import quote
from tests.compiler.expressions import sound, typed
from tests.compiler.test_functions import MEASURES, lines, of_kind, ratio, solid
from tests.compiler.test_sql import DATABASE, value

XSTEST = Path(__file__).resolve().parents[3] / "shared" / "data" / "xstest"
ODD = st.text(alphabet="abAB ñß中文あก٢3 .,!?#`~*|<>[](){}$%_-'\"\\\n\t\r\u00a0\u3000\u2028\0😀é\u0301", max_size=40)
WORDS = st.lists(st.sampled_from(["a", "b", "cc", "中", "文", "a中"]), max_size=14).map(" ".join)
PIECES = st.lists(st.sampled_from(["ab", "cd e", "\n", "\n \n", " ", "```\n", "{{x}}", "文"]), max_size=9).map("".join)
MANY = st.lists(WORDS | ODD | PIECES, min_size=25, max_size=40)
FEW = settings(max_examples=6)  # of 25 to 40 texts, each in one query


def values(call: str, texts: list[str]) -> list[Any]:
    """The value of a call on column ``t`` for each text, of one query."""
    sql = lower(sound(call, {"t": "text"}))
    rows = "SELECT unnest(?::VARCHAR[]) AS t, generate_subscripts(?::VARCHAR[], 1) AS place"
    query = f"SELECT {sql.sql} FROM ({rows}) AS source ORDER BY place"
    return [row[0] for row in DATABASE.execute(query, [*sql.params, texts, texts]).fetchall()]


def near(expected: list[Any]) -> list[Any]:
    return [pytest.approx(each, abs=1e-12) if isinstance(each, float) else each for each in expected]


# --- repetition -------------------------------------------------------------------------------------


def tokens(text: str) -> list[str]:
    """Runs that are not white space; characters of scripts without spaces one by one."""
    found: list[str] = []
    for run in text.split():
        found += [part for part in re.split("([\u0e00-\u0e7f\u3041-\u30ff\u4e00-\u9fff])", run) if part]
    return found


def grams(text: str, n: int) -> list[tuple[str, ...]]:
    all_of_it = tokens(text)
    return [tuple(all_of_it[at : at + n]) for at in range(len(all_of_it) - n + 1)]


def top_share(text: str, n: int) -> float | None:
    whole = sum(map(len, tokens(text)))
    counts = Counter(grams(text, n))
    most = max(((count, len("".join(gram))) for gram, count in counts.items() if count > 1), default=(0, 0))
    return ratio(min(most[0] * most[1], whole), whole)


def repeated_share(text: str, n: int) -> float | None:
    """Words that lie in an n-gram which occurred before."""
    seen: set[tuple[str, ...]] = set()
    covered: set[int] = set()
    for at, gram in enumerate(grams(text, n)):
        covered |= set(range(at, at + n)) if gram in seen else set()
        seen.add(gram)
    lengths = [len(word) for word in tokens(text)]
    return ratio(sum(lengths[at] for at in covered), sum(lengths))


def skipping(text: str, n: int) -> int:
    """Characters in repeated n-grams as datatrove counts them: after one, n words are skipped."""
    seen: set[tuple[str, ...]] = set()
    found, at, all_of_it = 0, 0, grams(text, n)
    while at < len(all_of_it):
        again = all_of_it[at] in seen
        found += len("".join(all_of_it[at])) if again else 0
        seen.add(all_of_it[at])
        at += n if again else 1
    return found


@FEW
@given(MANY, st.sampled_from([1, 2, 3, 5]))
@example(["a " * 300, "", "b"], 20)
def test_repeated_words(texts: list[str], n: int) -> None:
    assert values(f"top_ngram_share(t, {n})", texts) == near([top_share(text, n) for text in texts])
    repeated = values(f"repeated_ngram_share(t, {n})", texts)
    assert repeated == near([repeated_share(text, n) for text in texts])
    distinct = [ratio(len(set(grams(text, n))), len(grams(text, n))) for text in texts]
    assert values(f"distinct_ngram_share(t, {n})", texts) == near(distinct)
    for text, share in zip(texts, repeated, strict=True):
        assert share is None or share * sum(map(len, tokens(text))) >= skipping(text, n) - 1e-6


def test_a_long_text_takes_no_squared_time() -> None:
    """Slices inside of a lambda copy the list for every word: 50,000 words would take ten minutes."""
    text = " ".join(str(index % 997) for index in range(50_000))
    assert value("repeated_ngram_share(t, 5)", {"t": text}) == pytest.approx(1, abs=0.03)


# --- measures, contents, traces ---------------------------------------------------------------------


def paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def repeats(parts: list[str]) -> float | None:
    return ratio(len(parts) - len(set(parts)), len(parts))


def repeated_characters(parts: list[str]) -> float | None:
    whole = sum(map(len, parts))
    return ratio(whole - sum(map(len, set(parts))), whole)


def entropy(text: str) -> float | None:
    return sum(count / len(text) * log2(len(text) / count) for count in Counter(text).values()) if text else None


def script_share(text: str, name: str) -> float | None:
    named = [
        unicodedata.name(char, "")
        for char in text
        if (unicodedata.category(char)[0] in "LM" and char != "\u0301") or char == "٢"
    ]
    return ratio(sum(each.startswith(name) for each in named), len(named))


MODELS: dict[str, Callable[[str], Any]] = {
    "repeated_line_chars_share(t)": lambda t: repeated_characters(lines(t)),
    "repeated_paragraph_share(t)": lambda t: repeats(paragraphs(t)),
    "repeated_paragraph_chars_share(t)": lambda t: repeated_characters(paragraphs(t)),
    "longest_line(t)": lambda t: max(map(len, lines(t)), default=None),
    "mean_line_length(t)": lambda t: ratio(sum(map(len, lines(t))), len(lines(t))),
    "short_line_share(t, 4)": lambda t: ratio(sum(len(line) < 4 for line in lines(t)), len(lines(t))),
    "symbol_share(t)": lambda t: ratio(
        len(solid(t)) - of_kind("".join(solid(t)), "L") - of_kind(t, "M") - of_kind(t, "N"), len(solid(t))
    ),
    "non_ascii_share(t)": lambda t: ratio(sum(not char.isascii() for char in solid(t)), len(solid(t))),
    'script_share(t, "Han")': lambda t: script_share(t, "CJK"),
    'script_share(t, "Thai")': lambda t: script_share(t, "THAI"),
    "character_entropy(t)": entropy,
    "open_code_fence(t)": lambda t: len(re.findall(r"(?m)^[ \t]*(?:`{3,}|~{3,})", t)) % 2 == 1,
    "placeholders(t)": lambda t: len(re.findall(r"\{\{[^{}\n]+\}\}|\$\{[^{}\n]+\}|\{%[^%\n]+%\}|_{5,}", t)),
}


def test_every_measure_of_text_has_a_model() -> None:
    modelled = {call.split("(")[0] for call in MODELS}
    assert {function.name for function in TOPICS["measures of text"]} <= modelled | MEASURES.keys()


@pytest.mark.parametrize("call", MODELS)
def test_measures_of_the_published_filters(call: str) -> None:
    @FEW
    @given(MANY)
    def agrees(texts: list[str]) -> None:
        assert values(call, texts) == near([MODELS[call](text) for text in texts])

    agrees()
    assert value(call, {"t": None}) is None


def calls_on_text() -> list[str]:
    topics = ("measures of text", "repetition", "contents", "traces of assistants", "word lists")
    return [function.example[0] for topic in topics for function in TOPICS[topic]]


@pytest.mark.parametrize("call", calls_on_text())
def test_no_text_stops_a_function_and_null_stays_null(call: str) -> None:
    of_a_column = re.sub(r'\(r?"(?:[^"\\]|\\.)*"', "(t", call, count=1)

    high = FUNCTIONS[call.split("(")[0]].high

    @settings(max_examples=2)
    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | ODD, min_size=30))
    def runs(texts: list[str]) -> None:
        assert all(high is None or found is None or 0 <= found <= 1 for found in values(of_a_column, texts))

    runs()
    assert value(of_a_column, {"t": None}) is None


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('urls("See https://a.org/x?y=1#z. Or (http://b.org), www.c.org; not a.org, not https://")', 3),
        ('urls("《https://例子.中国/路径》。")', 1),
        ('emails("a.b+c@d-e.co.uk, x@y, @z, q@w.e1")', 1),
        (r'code_share("```python\nx\n```")', 1.0),
        (r'code_share("a\n~~~\nb")', 0.8),
        (r'code_share("a ``` b")', 0.0),
        (r'special_tokens("<|im_start|>user\n[INST] x [/INST]</s><<SYS>><｜end▁of▁sentence｜>")', 6),
        ('special_tokens("a <| b |> <s>no</s")', 0),
        ('refuses("I cannot help you with that.")', True),
        ('refuses("As an AI, I am not able to feel, but it depends.")', True),
        ('refuses("He could not help laughing.")', False),
        ('refuses("Sorry is a song by Justin Bieber.")', False),
        ('boilerplate("As an AI language model, I like it. Let me know if you need more.")', 2),
        ('boilerplate("I am sure it helps.")', 0),
        ('placeholders("Dear [Your Name], TODO, todo list, [1], ${x}, <insert date>")', 4),
        ('looks_truncated("Paris")', False),
        (r'looks_truncated("There are two.\n- One\n- Two")', False),
        ('looks_truncated("It rains. It pours. The old man is")', True),
        ('looks_truncated("It rains. It pours.")', False),
        (r'looks_truncated("So:\n```python\nprint(1)")', True),
        ('looks_truncated("这是第一句。 这是第二")', True),
        ('contains_any("class", ["ass", "x"])', True),
        ('has_word("class", ["ass", "x"])', False),
        ('has_word("Größe ÄRGER", ["ärger"])', True),
        ('count_words("no no no, NO; nobody", ["no"])', 4),
        ('count_words("of course, of   course!", ["of course", "none"])', 2),
        ("""has_word("I don't", ["DON'T"])""", True),
        ('contains_any("a.b", ["a+b", "a|b"])', False),
        (r'contains_any("x\ty", ["\t"])', True),
    ],
)
def test_what_is_found(call: str, expected: object) -> None:
    assert value(call) == (pytest.approx(expected) if isinstance(expected, float) else expected)


@FEW
@given(st.lists(st.text(alphabet="aA .|(\\Ñ中", min_size=1, max_size=4), min_size=1, max_size=5), MANY)
def test_lists_are_looked_for_as_they_are_written(entries: list[str], texts: list[str]) -> None:
    listed = ", ".join(map(quote, entries))
    expected = [any(entry in text for entry in entries) for text in texts]
    assert values(f"contains_any(t, [{listed}])", texts) == expected


def test_long_lists_are_looked_for_in_pieces() -> None:
    entries = [f"word{index}" for index in range(3 * AT_ONCE)]
    listed = ", ".join(f'"{entry}"' for entry in entries)
    text = "word7, word7 and WORD1234 but not word1234x"
    assert value(f"count_words(t, [{listed}])", {"t": text}) == 3
    assert value(f"contains_any(t, [{listed}])", {"t": "xword1499x"}) is True
    assert value(f"has_word(t, [{listed}])", {"t": "word1500"}) is False


@pytest.mark.parametrize("others", [0, 2 * AT_ONCE])
def test_words_of_a_text_count_once_however_long_the_list_is(others: int) -> None:
    entries = ["new york", "york", "york city hall", "hall", *(f"word{index}" for index in range(others))]
    listed = ", ".join(f'"{entry}"' for entry in entries)
    assert value(f"count_words(t, [{listed}])", {"t": "York, new york city hall and York City Hall."}) == 4


@FEW
@given(st.lists(st.text(alphabet="ab ", min_size=1).filter(str.strip), min_size=1, max_size=12), MANY)
def test_pieces_count_as_one_alternation(entries: list[str], texts: list[str]) -> None:
    listed = ", ".join(map(quote, entries))
    whole = values(f"count_words(t, [{listed}])", texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("compiler.functions.word_lists.AT_ONCE", 2)
        assert values(f"count_words(t, [{listed}])", texts) == whole


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        ("contains_any(t, [])", "SFT0313", "no entry"),
        ('contains_any(t, [""])', "SFT0313", "empty entry"),
        ('has_word(t, ["a", "!"])', "SFT0313", "no letter"),
        ('contains_any(t, "a")', "SFT0303", "list of texts"),
        ("contains_any(t, l)", "SFT0303", "list of texts"),
        ("contains_any(t, [1])", "SFT0303", "written out"),
        ('script_share(t, "chinese") > 1%', "SFT0304", "no script"),
        ('script_share(t, "han") > 1%', "SFT0304", "no script `han`"),
        ("script_share(t, u) > 1%", "SFT0303", "written out"),
        ("top_ngram_share(t, 21) > 1%", "SFT0304", "from 1 to 20"),
        ("top_ngram_share(t) > 1%", "SFT0304", "takes 2 arguments"),
        ("top_ngram_share(t, 2) > 20", "SFT0309", ""),
        ("refuses(t) == 1", "SFT0303", ""),
        ("duplicate_ngram_share(t, 5) > 1%", "SFT0302", ""),
        ('language(t) == "en"', "SFT0312", "cannot be computed here"),
        ('contains_any(t, list = ["a"])', "SFT0304", "named"),
    ],
)
def test_mistakes_in_calls(call: str, code: str, says: str) -> None:
    found, diagnostics = typed(call, {"t": "text", "u": "text", "l": "list"})
    assert found is None
    assert next(iter(diagnostics)).code == code
    assert says in next(iter(diagnostics)).message


@pytest.mark.skipif(not XSTEST.exists(), reason="needs ../shared/data")
def test_refusals_are_found_as_often_as_the_page_says() -> None:
    """Against the labels that people gave the answers of three models."""
    found: dict[str, list[bool]] = {}
    for name in ("gpt4", "llama2orig", "mistralguard"):
        with (XSTEST / f"xstest_v2_completions_{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row, refused in zip(rows, values("refuses(t)", [row["completion"] for row in rows]), strict=True):
            found.setdefault(row["final_label"], []).append(refused)
    shares = {label: round(100 * sum(hits) / len(hits)) for label, hits in found.items()}
    assert shares == {"1_full_compliance": 3, "2_full_refusal": 87, "3_partial_refusal": 64}
