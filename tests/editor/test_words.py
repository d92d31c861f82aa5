"""The walk over the tokens knows every word's role, in sound files and in broken ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from compiler.editor.completion import complete
from compiler.editor.hover import hover
from compiler.editor.navigation import definitions, folds, headings, references, rename
from compiler.editor.words import Role, words_of
from spec_lang.lexing import tokens_of
from spec_lang.source import SourceFile
from tests.compiler.quickstart import QUICKSTART
from tests.editor.marked import CURSOR, marked


def roles(text: str) -> list[tuple[str, Role]]:
    file = SourceFile("a.sft", text)
    return [(word.text, word.role) for word in words_of(file, tokens_of(file)[0])]


def test_roles_of_a_rule_with_clauses_and_a_call() -> None:
    found = roles("gate g {\n  require format.exact(tuned) >= 80% at 95%\n}")
    assert found == [
        ("gate", Role.KIND),
        ("g", Role.BLOCK),
        ("require", Role.VERB),
        ("format", Role.FUNCTION),
        ("exact", Role.FUNCTION),
        ("tuned", Role.VALUE),
        ("80%", Role.NUMBER),
        ("at", Role.CLAUSE),
        ("95%", Role.NUMBER),
    ]


def test_a_nested_block_after_a_bare_word_keeps_its_own_name() -> None:
    """No token stands between `drop` and `split`: the walk tells a value from a header by what follows."""
    text = "train t {\n  overflow = drop\n  guards { x = 1 }\n}"
    file = SourceFile("a.sft", text)
    word = next(word for word in words_of(file, tokens_of(file)[0]) if word.text == "x")
    assert [frame.word for frame in word.site.frames] == ["train", "guards"]


def test_words_that_are_reserved_elsewhere_are_names_after_an_equals_sign() -> None:
    assert ("drop", Role.VALUE) in roles("train t { overflow = drop }")
    assert ("exact", Role.MEMBER) in roles("eval e { metric exact = exact_match() }")
    assert ("exact_match", Role.FUNCTION) in roles("eval e { metric exact = exact_match() }")


def test_a_field_after_an_unfinished_value_is_a_field() -> None:
    found = roles("train t {\n  model =\n  data = triage.train\n}")
    assert ("data", Role.FIELD) in found


def test_params_imports_and_tags() -> None:
    found = roles('edition 2026\nimport "./c.sft" as common\nparam rounds = 2\ntrain t { adapter = lora { rank = 4 } }')
    assert ("common", Role.ALIAS) in found
    assert ("rounds", Role.PARAM) in found
    assert ("lora", Role.TAG) in found
    assert ("rank", Role.FIELD) in found


WORDS = ["eval", "e", "metric", "require", "at", "import", "as", "param", "filter", "task", "from", "keep", "in", "not"]
SIGNS = ["{", "}", "(", ")", "[", "]", "=", ".", ",", "-", "#", "\n", "80%", '"a {', '"', "`c", "é", "\ufeff", "split"]
PIECES = st.sampled_from([*WORDS, *SIGNS])


@given(st.lists(PIECES, max_size=40), st.integers(0, 200))
def test_nothing_that_is_typed_makes_a_service_fail(pieces: list[str], at: int) -> None:
    text = " ".join(pieces)
    document, offset = marked(text[:at] + CURSOR + text[at:])
    hover(document, offset)
    complete(document, offset)
    definitions(document, offset)
    references(document, offset)
    rename(document, offset, "other")
    headings(document)
    folds(document)


@given(st.integers(0, len(QUICKSTART)), st.integers(0, 40))
def test_a_hole_anywhere_in_the_quickstart_makes_no_service_fail(at: int, hole: int) -> None:
    document, offset = marked(QUICKSTART[:at] + CURSOR + QUICKSTART[at + hole :])
    hover(document, offset)
    complete(document, offset)
    references(document, offset)
    rename(document, offset, "other")
    headings(document)
