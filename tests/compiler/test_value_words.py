"""Words that values may be: no param takes the place of one."""

from __future__ import annotations

import pytest

from compiler.compile import check
from compiler.schema.value_words import value_words
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld


def test_words_of_fields_tags_and_metrics_are_there() -> None:
    assert {"human", "lora", "greedy", "response", "text", "json", "nats_per_token", "deny", "item"} <= value_words()


@pytest.mark.parametrize("name", ["text", "human", "item", "greedy"])
def test_a_param_may_not_be_called_like_one(name: str) -> None:
    _, found = check(SourceFile("spec.sft", f'edition 2026\nparam {name} = "x"\n'), FakeWorld())
    assert ("SFT0237", f"`{name}` is a word of the language") in [(item.code, item.message) for item in found]
