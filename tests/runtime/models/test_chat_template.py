"""Chat templates that ask for today's date: they are told one that stays, and their hash says which."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from compiler.hashing import hash_text
from runtime.models.chat_template import TODAY, TemplateFailure, render, template_hash
from runtime.models.loading import load_tokenizer
from runtime.models.model_facts import model_facts
from tests.tiny_model import build_tiny_model

BODY = "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("tiny")
    build_tiny_model(folder)
    return load_tokenizer(folder)


@pytest.mark.parametrize("call", ["strftime_now('%d %b %Y')", "strftime_now(format='%d %b %Y')"])
def test_a_template_is_told_a_date_that_stays(tokenizer: Any, call: str) -> None:
    """By place and by name, in a template that has been rendered elsewhere before."""
    template = f"Today is {{{{ {call} }}}}.\n{BODY}"
    theirs = tokenizer.apply_chat_template(HELLO, chat_template=template, tokenize=False)
    assert datetime.now().strftime("%Y") in theirs
    assert render(tokenizer, HELLO, chat_template=template) == "Today is 26 Jul 2024.\nuser: hello\n"


def test_a_template_as_those_of_llama_3_is_told_it_too(tokenizer: Any) -> None:
    template = (
        "{%- if not date_string is defined %}{%- if strftime_now is defined %}"
        "{%- set date_string = strftime_now('%d %b %Y') %}{%- else %}{%- set date_string = 'none' %}{%- endif %}"
        "{%- endif %}{{ date_string }} " + BODY
    )
    assert render(tokenizer, HELLO, chat_template=template) == "26 Jul 2024 user: hello\n"


def test_a_broken_template_that_asks_for_the_date_fails_as_others_do(tokenizer: Any) -> None:
    with pytest.raises(TemplateFailure):
        render(tokenizer, HELLO, chat_template="{{ strftime_now('%d') ")


def test_the_date_is_part_of_the_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert template_hash(BODY) == hash_text(BODY)
    dated = "{{ strftime_now('%d') }}" + BODY
    before = template_hash(dated)
    assert before != hash_text(dated)
    build_tiny_model(tmp_path)
    (tmp_path / "dated.jinja").write_text(dated, encoding="utf-8")
    facts = model_facts(".", "dated.jinja", tmp_path)
    assert json.loads(json.dumps(getattr(facts, "chat_template", None))) == before
    monkeypatch.setattr("runtime.models.chat_template.TODAY", datetime(2025, 1, 1))
    assert template_hash(dated) != before
    assert datetime(2024, 7, 26) == TODAY
