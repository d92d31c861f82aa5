"""The rules that an answer can break before anybody reads what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.generating.answer_faults import FAULTS, fault_of, repeated_end
from runtime.generating.scripts import foreign_script, scripts_of

PROMPT = "Name the three largest rivers of the country and say which sea each of them reaches."


@pytest.mark.parametrize(
    ("text", "stop", "rule"),
    [
        ("", "end_of_turn", "empty"),
        (" \n\t ", "length", "empty"),
        ("The Loire\x1b[31m", "end_of_turn", "control_characters"),
        ("The Loire \ufffd", "end_of_turn", "control_characters"),
        ("The \u202eeriol", "end_of_turn", "control_characters"),
        ("half \ud83d", "end_of_turn", "control_characters"),
        ("The Loire, the Seine and", "length", "truncated"),
        ("The Loire. " + "It is a river. " * 12, "length", "endless"),
        ("是的是的" * 20, "length", "endless"),
        ("The Loire, the Seine and", "content_filter", "content_filter"),
        ("The Loire, the Seine and", "abort", "truncated"),
        ("The Loire, the Seine and", "other", "truncated"),
        ("The Loire, the Seine.", "unknown", ""),  # the server does not say
        ("The Loire. " + "It is a river. " * 12, "end_of_turn", ""),  # it ended: long-winded, and no more
        (PROMPT, "end_of_turn", "repeats_prompt"),
        (PROMPT.upper() + "  " + PROMPT, "end_of_turn", "repeats_prompt"),
        ("three largest rivers of the country and say which sea", "end_of_turn", "repeats_prompt"),
        ("the three largest rivers", "end_of_turn", ""),  # a short piece of a prompt may be what was asked for
        (PROMPT + " The Loire, the Seine, the Rhône.", "end_of_turn", ""),
        ("Луара, Сена и Рона впадают в море", "end_of_turn", "other_script"),
        ("The Loire, said Луара", "end_of_turn", ""),
        ("α, β and γ", "end_of_turn", ""),
        ("می‌خواهم", "end_of_turn", ""),  # a joiner is no control, and these are few letters
        ("Tabs\tand\r\nlines are text.", "end_of_turn", ""),
        ("42", None, ""),
    ],
)
def test_an_answer_falls_to_the_first_rule_that_it_breaks(text: str, stop: str | None, rule: str) -> None:
    found = fault_of(text, stop, PROMPT, "")
    assert (found.rule if found else "") == rule


def test_a_task_of_copying_and_one_of_translation_are_what_was_expected() -> None:
    assert fault_of(PROMPT, "end_of_turn", PROMPT, PROMPT) is None
    assert fault_of("Какие три реки самые большие?", "end_of_turn", PROMPT, "Назови три реки страны") is None
    assert fault_of("三条最大的河流是什么", "end_of_turn", PROMPT, "Назови три реки страны") is not None


@pytest.mark.parametrize(
    ("text", "known", "script"),
    [
        ("ひらがなとカタカナです", "漢字だけの問題文", None),
        ("ｆｕｌｌｗｉｄｔｈ letters", "plain words", None),
        ("𝐛𝐨𝐥𝐝 𝐥𝐞𝐭𝐭𝐞𝐫𝐬", "plain words", None),
        ("한국어로 된 답변입니다", "plain words", "HANGUL"),
        ("اللغة العربية جميلة", "plain words", "ARABIC"),
        ("eight latin letters", "12 + 30 = ?", None),  # a prompt without letters says nothing of scripts
        ("abcdefgh Ꮳ", "ⲁⲃⲅ", "LATIN"),
    ],
)
def test_a_script_is_foreign_where_the_known_text_has_no_letter_of_it(text: str, known: str, script: str) -> None:
    assert foreign_script(text, known) == script


def test_digits_and_signs_are_in_no_script() -> None:
    assert scripts_of("12.5 % ± 3 — ×!") == {}


@given(st.text(max_size=8).filter(lambda text: text.strip() == text != ""), st.integers(2, 60))
def test_the_end_of_a_text_repeats_when_a_brute_force_search_says_so(piece: str, times: int) -> None:
    text = "x1 " + piece * times

    def brute(end: str) -> bool:
        lengths = range(1, len(end) // 3 + 1)
        return any(
            end.endswith(end[-size:] * copies)
            for size in lengths
            for copies in [max(3, -(-30 // size))]
            if size * copies <= len(end)
        )

    assert brute(text) <= bool(repeated_end(text))
    found = repeated_end(text)
    if found:
        assert text.endswith(found * 3)


@given(st.text(max_size=300), st.sampled_from(["length", "end_of_turn", None]), st.text(max_size=80))
def test_no_text_raises_and_every_fault_has_a_known_name(text: str, stop: str | None, prompt: str) -> None:
    found = fault_of(text, stop, prompt, "")
    assert found is None or found.rule in FAULTS
    assert (stop == "length") <= (found is not None)
