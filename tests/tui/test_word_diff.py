from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tui.themes import Ink
from tui.widgets.marked_text import MOST_CHARACTERS, marked
from tui.word_diff import MOST, Piece, compare

texts = st.text(alphabet='ab c,\n{"}é', max_size=60)


@given(texts, texts)
def test_pieces_spell_the_text(reference: str, text: str) -> None:
    assert "".join(piece.text for piece in compare(reference, text) if piece.kind != "missing") == text


@given(texts, texts)
def test_same_and_missing_pieces_spell_the_reference(reference: str, text: str) -> None:
    pieces = compare(reference, text)
    if all(piece.kind != "unlike" for piece in pieces):
        assert "".join(piece.text for piece in pieces if piece.kind != "extra") == reference


def test_what_is_missing_takes_no_room_from_the_text_and_what_is_cut_is_counted() -> None:
    ink = Ink(*[""] * len(Ink.__struct_fields__))
    long = "x" * (MOST_CHARACTERS + 7)
    assert marked((Piece(long, "missing"), Piece("own", "extra")), ink).plain.endswith(
        "own … (7 missing characters more)"
    )
    assert marked((Piece("ab", "same"), Piece(long, "extra")), ink).plain.endswith("x … (9 characters more)")
    assert marked((Piece("ab", "same"), Piece("c", "missing")), ink).plain == "abc"


def test_what_differs_has_the_colour_of_a_fault_only_in_a_wrong_answer() -> None:
    ink = replace(Ink(*[""] * len(Ink.__struct_fields__)), bad="red")
    pieces = (Piece("ab", "same"), Piece("c", "extra"))
    assert "red" in str(marked(pieces, ink, wrong=True).spans) and "red" in str(
        marked((Piece("z", "unlike"),), ink).spans
    )
    right = marked(pieces, ink, wrong=False)
    assert "red" not in str(right.spans) and "underline" in str(right.spans)


def test_one_changed_word_is_marked() -> None:
    assert compare('{"category": "delivery"}', '{"category": "account"}') == (
        Piece('{"category": "', "same"),
        Piece("delivery", "missing"),
        Piece("account", "extra"),
        Piece('"}', "same"),
    )


def test_texts_with_little_in_common_are_not_interleaved() -> None:
    assert compare('{"category": "billing"}', "I am sorry to hear that you had trouble") == (
        Piece("I am sorry to hear that you had trouble", "unlike"),
    )


def test_equal_and_empty_texts() -> None:
    assert compare("a b", "a b") == (Piece("a b", "same"),)
    assert compare("", "") == ()
    assert compare("", "new") == (Piece("new", "extra"),)


def test_a_long_text_keeps_its_end() -> None:
    text = "word " * (MOST + 10)
    assert "".join(piece.text for piece in compare("word " * 10 + "x", text) if piece.kind != "missing") == text
