"""What a model chooses from: of a column, of the spec, and of the choices of a template; rows that are no question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.step_params import Candidates, Options, RenderParams, RenderTemplate, Segment, Sql, TemplateRole
from runtime.relational import engine
from runtime.steps.render import statement

ROWS: list[dict[str, Any]] = [
    {"q": "one", "choices": ["zwölf", "☃", "zwölf"], "answer": "☃"},
    {"q": "empty", "choices": ["a", " "], "answer": "a"},
    {"q": "other", "choices": ["a", "b"], "answer": "c"},
    {"q": "single", "choices": ["a", "a"], "answer": "a"},
    {"q": "none", "choices": None, "answer": "a"},
    {"q": "null", "choices": ["a", None], "answer": "a"},
    {"q": "prefix", "choices": ["a", "a b", 7], "answer": "a b"},
]


def template(answer: tuple[Segment, ...], options: Options | None = None) -> RenderTemplate:
    roles = (
        TemplateRole(role="user", segments=(Segment(column="q"),)),
        TemplateRole(role="assistant", segments=answer),
    )
    return RenderTemplate(roles=roles, options=options)


def rendered(folder: Path, shown: RenderTemplate, texts: Sql | None) -> dict[str, tuple[str | None, Any]]:
    """Of every row the ledger rule and its candidates."""
    params = RenderParams(part=None, templates=(shown,), candidates=Candidates(texts=texts))
    select, values = statement(params)
    lines = folder / "rows.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    with engine(folder) as db:
        db.execute(
            "CREATE VIEW rows AS SELECT *, row_number() OVER () AS __ord, q AS __row_id, 1 AS __line, 'f' AS __file "
            f"FROM read_json('{lines}', columns = {{q: 'VARCHAR', choices: 'JSON', answer: 'VARCHAR'}})"
        )
        found = db.rows(f"SELECT row_id, fault, options FROM ({select})", values)
    return {row_id: (fault, json.loads(options or "null")) for row_id, fault, options in found}


def test_a_column_of_lists(tmp_path: Path) -> None:
    found = rendered(tmp_path, template((Segment(column="answer"),)), Sql(sql='"choices"', type="list"))
    assert {row: fault for row, (fault, _) in found.items()} == {
        "one": None,
        "empty": "empty_option",
        "other": "answer_is_no_option",
        "single": "too_few_options",
        "none": "too_few_options",
        "null": "empty_option",
        "prefix": None,
    }
    assert found["one"][1] == ["zwölf", "☃", "zwölf"] and found["prefix"][1] == ["a", "a b", "7"]


def test_texts_of_the_spec(tmp_path: Path) -> None:
    texts = Sql(sql="?", params=('["a", "c"]',), type="list")
    found = rendered(tmp_path, template((Segment(column="answer"),)), texts)
    assert found["other"] == (None, ["a", "c"]) and found["one"][0] == "answer_is_no_option"


@pytest.mark.parametrize("shuffle", [False, True])
def test_choices_of_a_template_as_its_answers(tmp_path: Path, shuffle: bool) -> None:
    options = Options(
        choices=Sql(sql='"choices"', type="list"), answer=Sql(sql='"answer"', type="text"), answer_as="text",
        line=(Segment(made="option"),), letters="ABC", shuffle=shuffle, seed=3,
    )  # fmt: skip
    answer = (Segment(text="It is "), Segment(made="letter"), Segment(text=": "), Segment(made="option"))
    found = rendered(tmp_path, template(answer, options), None)
    assert found["prefix"][0] is None and found["empty"][0] == "empty_option"
    assert sorted(text.split(": ")[1] for text in found["prefix"][1]) == ["7", "a", "a b"]
    assert [text.split(":")[0] for text in found["prefix"][1]] == ["It is A", "It is B", "It is C"]
    if not shuffle:
        assert found["prefix"][1] == ["It is A: a", "It is B: a b", "It is C: 7"]
