"""Columns that the run computes before a rule: tokens and languages, in filters, against the libraries themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.compile import compile_spec
from compiler.functions.languages import FOLDED, LANGUAGES, NO_LANGUAGE
from compiler.plan import Plan, Step
from compiler.step_params import FilterParams, PredicateRule
from compiler.world import ModelFacts
from runtime.languages import LOOKED_AT, tell_languages
from runtime.world import LocalWorld
from spec_lang.diagnostics import DiagnosticError, Diagnostics
from spec_lang.source import SourceFile
from tests.runtime.data.conftest import Bench
from tests.tiny_model import build_tiny_model

MODELS: dict[str, Path] = {}
TEXTS = [
    "Where is the station, and when does the next train leave?",
    "Schreibe eine kurze Geschichte über einen Hund.",
    "写一个关于狗的短篇故事。",
    "Où est la bibliothèque de la ville ?",
    "",
    "12 + 3",
    "<|im_end|> is a token, naïvely 😀",
    None,
]


@pytest.fixture(scope="module", autouse=True)
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, which all specs here name ``base``."""
    MODELS["base"] = build_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
    return MODELS["base"]


def planned(rules: str, folder: Path, world: Any = None, more: str = "") -> Plan:
    """The plan of a filter over ``a.jsonl``."""
    text = (
        "edition 2026\n"
        f'model base {{ weights = "{MODELS["base"]}" }}\n{more}'
        'source s { path = "a.jsonl" licence = "CC0-1.0" origin = human }\n'
        f"filter f {{ {rules} }}\n"
        "task t { from = s filters = [f] }\n"
    )
    found = Diagnostics()
    plan = compile_spec(SourceFile("t.sft", text), world or LocalWorld(folder), found)
    assert plan is not None, [(item.code, item.message) for item in found]
    return plan


def filter_step(plan: Plan) -> Step:
    return plan.step("filter:t.f")


def kept(bench: Bench, rules: str, texts: list[str | None] = TEXTS) -> list[str | None]:
    bench.write("a.jsonl", [{"place": place, "text": text} for place, text in enumerate(texts)])
    bench.ingest("a.jsonl", columns={"place": "place", "text": "text"})
    step = filter_step(planned(rules, bench.root))
    bench.run(step.params, "t.f", {"rows": "ingest:s"}, local=step.local)
    return [row["text"] for row in bench.rows("filter:t.f")]


@pytest.fixture(scope="module")
def tokenizer(weights: Path) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(weights / "tokenizer.json"))


def test_tokens_are_counted_by_the_model_s_tokenizer(bench: Bench, tokenizer: Any) -> None:
    counts = {text: len(tokenizer.encode(text, add_special_tokens=False).ids) for text in TEXTS if text is not None}
    assert kept(bench, "keep tokens(text, model = base) in 1..12") == [t for t, n in counts.items() if 1 <= n <= 12]
    dropped = {row["line"]: row["value"] for row in bench.ledger("filter:t.f")}
    assert dropped == {
        line: None if text is None else str(counts[text])
        for line, text in enumerate(TEXTS, 1)
        if text is None or not 1 <= counts[text] <= 12
    }


def test_rules_share_what_they_ask_and_see_only_rows_that_are_left(bench: Bench, tokenizer: Any) -> None:
    rules = 'drop text == "" keep tokens(lower(text), base) > 3'
    rules += " drop tokens(lower(text), base) + tokens(text, base) > 90"
    expected = [
        text
        for text in TEXTS
        if text
        and (low := len(tokenizer.encode(text.lower(), add_special_tokens=False).ids)) > 3
        and low + len(tokenizer.encode(text, add_special_tokens=False).ids) <= 90
    ]
    assert kept(bench, rules) == expected
    params = filter_step(planned(rules, bench.root)).params
    assert isinstance(params, FilterParams)
    first, last = (rule for rule in params.rules[1:] if isinstance(rule, PredicateRule))
    assert first.condition.prepared[0] in last.condition.prepared and len(last.condition.prepared) == 2


def test_the_rows_with_the_most_tokens(bench: Bench, tokenizer: Any) -> None:
    texts = [text for text in TEXTS if text]
    longest = sorted(texts, key=lambda text: -len(tokenizer.encode(text, add_special_tokens=False).ids))[:2]
    assert set(kept(bench, "keep top 2 rows by tokens(text, base)")) == set(longest)


def test_languages_of_rows(bench: Bench) -> None:
    assert kept(bench, 'keep language(text) in ["de", "zh"]') == TEXTS[1:3]
    assert kept(bench, 'drop language_confidence(text, "en") < 50%')[0] == TEXTS[0]
    assert kept(bench, "keep is_null(language(text))") == ["", "12 + 3", None]


@pytest.mark.parametrize("between", [" and ", ' drop text == "12 + 3" keep '])
def test_the_model_looks_once_at_a_text_whatever_is_asked_of_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    looked: list[str] = []

    def counted(texts: Sequence[str]) -> Any:
        looked.extend(texts)
        return tell_languages(texts)

    monkeypatch.setattr("runtime.languages.tell_languages", counted)
    sure = 'language_confidence(text, "de") > 50%'
    assert kept(bench, f'keep language(text) in ["de", "zh"]{between}{sure}') == TEXTS[1:2]
    assert sorted(looked) == sorted(text for text in TEXTS if text is not None)


def test_a_text_without_letters_or_words_has_no_language() -> None:
    assert [told.language for told in tell_languages(["1000000", "١٢٣", "x = 3", "zxx", "你好"])] == [None] * 4 + ["zh"]
    assert tell_languages(["1000000"])[0].confidence("en") is None


def test_a_language_that_is_no_code_is_known_before_the_run(bench: Bench) -> None:
    bench.write("a.jsonl", [{"text": "a"}])
    with pytest.raises(AssertionError, match="SFT0304"):
        planned('keep language(text) == "english"', bench.root)


def test_equal_rows_of_many_batches(bench: Bench, tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.preparing._BATCH", 7)
    texts: list[str | None] = [f"{'word ' * (place % 5)}." for place in range(100)]
    limit = len(tokenizer.encode("word word .", add_special_tokens=False).ids)
    short = [text for text in texts if text and text.count("w") < 3]
    assert kept(bench, f"keep tokens(text, base) <= {limit}", texts) == short


@pytest.fixture(scope="module")
def library() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@settings(max_examples=5)
@given(
    st.lists(st.text() | st.sampled_from([t for t in TEXTS if t] + ["HELLO WORLD", "Привет", "x" * 1500]), max_size=12)
)
def test_languages_are_those_of_the_library(library: Any, texts: list[str]) -> None:
    for text, told in zip(texts, tell_languages(texts), strict=True):
        expected: dict[str, float] = {}
        for label, likelihood in library.rank(text[:LOOKED_AT]):
            name = FOLDED.get(label, label)
            expected[name] = expected.get(name, 0.0) + likelihood
        if told.language is not None:
            assert expected[told.language] == pytest.approx(max(expected.values()), abs=1e-5)
            assert dict(zip(told.labels, told.likelihoods.tolist(), strict=True)) == pytest.approx(expected, abs=1e-5)
        assert told.language == tell_languages([text])[0].language, "each apart from the others"
    assert LANGUAGES | {NO_LANGUAGE} == {FOLDED.get(label, label) for label in library.labels}


def test_what_the_hash_covers(tmp_path: Path) -> None:
    """The tokenizer and the model of languages are in the hash, and names of models are not."""
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "a"}))

    class Other(LocalWorld):
        def classifier(self, weights: str) -> Any:
            facts = super().classifier(weights)
            assert isinstance(facts, ModelFacts)
            return ModelFacts(facts.weights, "other", facts.chat_template, ("<other>",))

        def languages(self) -> str:
            return "other"

    renamed = f'model same {{ weights = "{MODELS["base"]}" }}\n'
    for rule in ("keep tokens(text, {}) < 9", "drop special_tokens(text, {}) > 0", 'keep language(text) == "en"'):
        step = filter_step(planned(rule.format("base"), tmp_path))
        assert filter_step(planned(rule.format("same"), tmp_path, more=renamed)).hash == step.hash
        assert filter_step(planned(rule.format("base"), tmp_path, Other(tmp_path))).hash != step.hash
    plain = filter_step(planned("keep words(text) < 9", tmp_path))
    assert "prepared" not in json.dumps(plain.params.model_dump(mode="json"))
    assert filter_step(planned("keep words(text) < 9", tmp_path, Other(tmp_path))).hash == plain.hash


def test_a_changed_tokenizer_or_language_model_stops_the_step(bench: Bench) -> None:
    bench.write("a.jsonl", [{"text": "a"}])
    bench.ingest("a.jsonl", columns={"text": "text"})

    class Other(LocalWorld):
        def languages(self) -> str:
            return "other"

    step = filter_step(planned('keep language(text) == "en"', bench.root, Other(bench.root)))
    with pytest.raises(DiagnosticError) as error:
        bench.run(step.params, "t.f", {"rows": "ingest:s"}, local=step.local)
    assert [item.code for item in error.value.diagnostics] == ["SFT0314"]


def test_words_of_a_file_are_in_the_plan(bench: Bench) -> None:
    bench.write("words.txt", "# bad words\n\n  hund \nstation\r\n")
    rule = 'drop has_word(text, words_from("words.txt"))'
    assert kept(bench, rule) == TEXTS[2:]
    before = filter_step(planned(rule, bench.root)).hash
    assert filter_step(planned('drop has_word(text, ["station", "hund"])', bench.root)).hash == before
    bench.write("words.txt", "hund\n")
    assert filter_step(planned(rule, bench.root)).hash != before
