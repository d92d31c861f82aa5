"""Trigrams of texts and their signatures."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.rare_pieces import rarest_pieces
from runtime.shingles import exact_pieces, hashed_pieces, normalised, trigrams
from runtime.sketches import band_shape, signatures, sketches
from tests.runtime.data.hostile import HOSTILE


@pytest.mark.parametrize(
    ("text", "form"),
    [("  A\tb\u2003C\n", "a b c"), ("STRASSE straße", "strasse strasse"), ("e\u0301", "\xe9"), (" \u3000 ", "")],
)
def test_what_differs_only_in_case_and_space_is_the_same(text: str, form: str) -> None:
    assert normalised(text) == form


def test_trigrams_have_a_space_at_each_end() -> None:
    assert trigrams("") == frozenset()
    assert trigrams("a") == {" a "}
    assert trigrams("abc") == {" ab", "abc", "bc "}


@settings(max_examples=30)
@given(st.lists(st.text(min_size=1).map(normalised).filter(bool), min_size=1, max_size=20))
def test_pieces_are_the_trigrams(texts: list[str]) -> None:
    for pieces in (hashed_pieces(texts), exact_pieces(texts)):
        sizes = np.diff(pieces.starts).tolist()
        assert sizes == [len(trigrams(text)) for text in texts]
        sets = [set(part.tolist()) for part in np.split(pieces.values, pieces.starts[1:-1])]
        for one, first in zip(texts, sets, strict=True):
            for other, second in zip(texts, sets, strict=True):
                assert len(first & second) == len(trigrams(one) & trigrams(other))


def test_pieces_of_more_characters_than_two_bytes_count() -> None:
    every = [chr(code) for code in range(33, 0x30000) if not 0xD800 <= code < 0xE000]
    texts = ["".join(every[start : start + 1000]) for start in range(0, len(every), 1000)] * 2
    pieces = exact_pieces(texts)
    assert np.diff(pieces.starts).tolist() == [len(trigrams(text)) for text in texts]
    assert len(np.unique(pieces.values)) == len({piece for text in texts for piece in trigrams(text)})


@settings(max_examples=30)
@given(st.lists(st.text(min_size=1).map(normalised).filter(bool), min_size=1, max_size=20))
def test_a_sketch_is_the_texts_own_whatever_stands_beside_it(texts: list[str]) -> None:
    together = sketches(texts, 0.8, threads=2)
    for row, text in enumerate(texts):
        alone = sketches([text], 0.8, threads=1)
        assert alone.sizes[0] == together.sizes[row]
        assert (alone.bands[0] == together.bands[row]).all() and (alone.bitmaps[0] == together.bitmaps[row]).all()


def test_sketches_do_not_depend_on_threads_or_blocks() -> None:
    texts = [normalised(f"{text} {number}") for number in range(300) for text in HOSTILE]
    one, three = sketches(texts, 0.9, threads=1), sketches(texts, 0.9, threads=3)
    assert (one.bands == three.bands).all() and (one.bitmaps == three.bitmaps).all()


def test_equal_values_estimate_the_jaccard_similarity() -> None:
    words = [f"{number * 2654435761 % 2**32:08x}" for number in range(400)]
    pairs = [(" ".join(words[:200]), " ".join(words[gap : 200 + gap])) for gap in range(0, 200, 10)]
    for one, other in pairs:
        first, second = signatures([one, other], 128)
        exact = len(trigrams(one) & trigrams(other)) / len(trigrams(one) | trigrams(other))
        estimate = float(np.mean(first == second))
        assert abs(estimate - exact) < 5 * (0.25 / 128) ** 0.5  # five standard errors at the worst


@pytest.mark.parametrize("percent", range(5, 101, 5))
def test_a_pair_at_the_threshold_is_found_with_999_in_1000(percent: int) -> None:
    bands, width = band_shape(percent / 100)
    assert 1 - (1 - (percent / 100) ** width) ** bands >= 0.999
    assert bands * width <= 160


@settings(max_examples=50)
@given(
    st.lists(st.text("abc ", min_size=1, max_size=30).map(normalised).filter(bool), min_size=2, max_size=12),
    st.integers(1, 100),
)
def test_similar_texts_share_a_rare_piece(texts: list[str], percent: int) -> None:
    found = rarest_pieces(texts, np.arange(len(texts)), Fraction(percent, 100), 1 << 20)
    assert found is not None
    kept = [set(found[1][found[0] == row].tolist()) for row in range(len(texts))]
    for one, first in zip(texts, kept, strict=True):
        for other, second in zip(texts, kept, strict=True):
            a, b = trigrams(one), trigrams(other)
            if len(a & b) * 100 >= percent * len(a | b):
                assert first & second
    assert rarest_pieces(texts, np.arange(len(texts)), Fraction(percent, 100), 0) is None
