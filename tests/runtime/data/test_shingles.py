"""Trigrams of texts and their signatures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.shingles import SIGNATURE, normalised, signatures, trigrams
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


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(min_size=1).map(normalised).filter(bool), min_size=1, max_size=20))
def test_a_signature_is_the_texts_own_whatever_stands_beside_it(texts: list[str]) -> None:
    together = signatures(texts, threads=2)
    assert together.shape == (len(texts), SIGNATURE)
    for text, signature in zip(texts, together, strict=True):
        assert (signatures([text], threads=1)[0] == signature).all()


def test_signatures_do_not_depend_on_threads_or_blocks() -> None:
    texts = [normalised(f"{text} {number}") for number in range(300) for text in HOSTILE]
    assert (signatures(texts, threads=1) == signatures(texts, threads=3)).all()


def test_equal_values_estimate_the_jaccard_similarity() -> None:
    words = [f"{number * 2654435761 % 2**32:08x}" for number in range(400)]
    pairs = [(" ".join(words[:200]), " ".join(words[gap : 200 + gap])) for gap in range(0, 200, 10)]
    for one, other in pairs:
        first, second = signatures([one, other])
        exact = len(trigrams(one) & trigrams(other)) / len(trigrams(one) | trigrams(other))
        estimate = float(np.mean(first == second))
        assert abs(estimate - exact) < 5 * (0.25 / SIGNATURE) ** 0.5  # five standard errors at the worst
