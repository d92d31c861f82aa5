"""Completion offers what is valid at the cursor and nothing else, also where the file does not parse."""

from __future__ import annotations

import pytest

from compiler.editor.completion import complete
from compiler.editor.document import Document
from compiler.functions import FUNCTIONS, METRIC_FUNCTIONS
from compiler.schema.catalogue import BLOCKS
from spec_lang.source import SourceFile
from tests.compiler import test_lifecycle as lifecycle_spec
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART
from tests.editor.marked import marked, quickstart


def labels(old: str, new: str) -> list[str]:
    document, offset = quickstart(old, new)
    return [item.label for item in complete(document, offset)]


# What is replaced, by what, and everything that is offered.
EXACT = [
    ("model         = smol", "model = ‸", ["smol"]),
    ("data          = triage.train", "data = ‸", ["triage.train", "triage.validation", "triage.test"]),
    ("data          = triage.train", "data = triage.‸", ["train", "validation", "test"]),
    ("data          = triage.train", "data = triage.tr‸", ["train", "validation", "test"]),
    ("overflow      = drop", "overflow = ‸", ["drop", "truncate", "error"]),
    ("models    = [smol, tuned]", "models = [smol, ‸", ["tuned"]),
    ("filters   = [clean]", "filters = [cl‸]", ["clean"]),
    ("metric exact = exact_match()", "metric exact = ‸", list(METRIC_FUNCTIONS)),
    ("metric exact = exact_match()", "metric exact = exact_match(‸", ["normalise", "answers"]),
    ("metric exact = exact_match()", "metric exact = exact_match(normalise = ‸)", ["none", "text", "json", "squad"]),
    (
        'user      = "{instruction}"',
        'user = "say {ins‸',
        ["instruction", "output", "id", "urgent", "tags", "meta", "notes"],
    ),
    (
        "columns { instruction = message",
        "columns { instruction = ‸",
        ["message", "id", "urgent", "tags", "meta", "notes"],
    ),
    ("origin  = human", "origin = ‸", ["human", "model", "mixed"]),
    ("require format.json(tuned)", "require format.‸", ["exact", "json"]),
    ("require format.json(tuned)", "require format.json(‸", ["smol", "tuned"]),
    ("each category", "each ‸", ["category"]),
    ("lora { rank = 16   alpha = 32 }", "lora { rank = 16 ‸ }", ["alpha", "dropout", "targets"]),
    ("edition 2026", "edition ‸", ["2026"]),
    ("dedup exact on instruction\n", "dedup ‸\n", ["exact", "near", "on", "at", "by", "against", "because"]),
]


@pytest.mark.parametrize(
    ("shape", "wanted"), [("", ["tools", "topic", "turns"]), ("shape = rows", ["messages", "tools", "topic"])]
)
def test_rows_that_are_conversations_have_their_columns(shape: str, wanted: list[str]) -> None:
    source = f'source chats {{ path = "chats.jsonl"   licence = "CC0-1.0"   origin = human   {shape} }}\n'
    document, offset = marked(f"edition 2026\n{source}task talk {{ from = chats   split {{ key = t‸ }} }}")
    found = {item.label for item in complete(document, offset)}
    assert sorted(found & {"topic", "tools", "turns", "messages"} - ({"messages"} if not shape else set())) == wanted


def test_after_a_comparison_a_gate_offers_what_goes_with_one() -> None:
    found = labels("require format.json(tuned)  >= 95%", "require format.json(tuned) >= 95% ‸")
    assert found[:4] == ["at", "each", "correct", "because"]
    assert not {"in", "and", "no_worse_than"} & {*found}


@pytest.mark.parametrize(("old", "new", "wanted"), EXACT, ids=[new for _, new, _ in EXACT])
def test_exactly_what_is_valid_is_offered(old: str, new: str, wanted: list[str]) -> None:
    assert labels(old, new) == wanted


def test_between_blocks_every_kind_is_offered() -> None:
    found = labels("model smol {", "so‸\n\nmodel smol {")
    assert found[: len(BLOCKS)] == list(BLOCKS)
    assert "edition" not in found, "it is there already"


def test_the_name_of_a_block_is_the_authors() -> None:
    assert labels("gate release {", "gate ‸\n\ngate release {") == []


def test_in_a_rule_columns_come_first_and_then_functions() -> None:
    found = labels("keep words(instruction)", "keep words(‸)")
    assert found[:2] == ["instruction", "output"]
    assert set(FUNCTIONS) <= set(found)


def test_columns_show_their_type_and_source() -> None:
    document, offset = quickstart("keep words(instruction)", "keep words(ins‸)")
    first = complete(document, offset)[0]
    assert (first.label, first.sort, first.detail) == ("instruction", "column", "text of tickets")
    assert document.file.slice(first.replaces) == "ins"


def test_fields_that_are_there_are_not_offered_again_and_required_ones_come_first() -> None:
    found = labels('licence = "CC0-1.0"', "‸")
    assert found[0] == "licence"
    assert not {"path", "origin", "columns"} & set(found)


def test_after_an_expression_on_its_line_clauses_come_before_new_rules() -> None:
    found = labels("drop instruction matches", 'drop instruction == "x" be‸\n  drop instruction matches')
    assert found[0] == "because"
    assert "keep" in found


def test_a_clause_is_offered_once_and_dedup_is_exact_or_near() -> None:
    found = labels("dedup exact on instruction", "dedup exact on instruction ‸")
    assert "because" in found
    assert not {"on", "exact", "near"} & set(found)


def test_nothing_is_offered_in_a_comment_or_in_plain_text() -> None:
    assert labels("filter clean {", "# ke‸\nfilter clean {") == []
    assert labels('path    = "tickets.jsonl"', 'path = "tick‸') == []
    assert labels("epochs        = 1", "epochs = 1‸") == []


def test_names_of_an_imported_file_are_offered_with_their_alias() -> None:
    world = FakeWorld()
    world.texts["common.sft"] = "edition 2026\nfilter tidy { keep words(instruction) > 3 }\n"
    text = QUICKSTART.replace("edition 2026\n", 'edition 2026\nimport "./common.sft" as common\n')
    document, offset = marked(text.replace("filters   = [clean]", "filters = [‸]"), world)
    assert [item.label for item in complete(document, offset)] == ["clean", "common.tidy"]
    document, offset = marked(text.replace("filters   = [clean]", "filters = [common.‸]"), world)
    assert [item.label for item in complete(document, offset)] == ["tidy"]


def test_a_train_that_extends_another() -> None:
    found = labels("eval format {", "train longer {\n  extends = ‸\n}\n\neval format {")
    assert found == ["tuned"]
    found = labels("eval format {", "train longer {\n  extends = tuned\n  override { epo‸ }\n}\n\neval format {")
    assert "epochs" in found


# What stands before the cursor in the lifecycle spec, and some of what is offered there.
LATER = [
    ("  using     = ", ["rules", "model"]),
    ("  guard real", ["real_share", "acceptance"]),
    ("require annotators.", ["alpha", "kappa"]),
    ("over ben", ["data", "benign", "harmful"]),
    ("stop when progress.", ["exact"]),
]


@pytest.mark.parametrize(("before", "wanted"), LATER, ids=[before for before, _ in LATER])
def test_the_later_kinds_are_completed_too(before: str, wanted: list[str]) -> None:
    document = Document(SourceFile("assistant.sft", lifecycle_spec.SPEC), lifecycle_spec.world())
    found = [item.label for item in complete(document, document.text.index(before) + len(before))]
    assert [label for label in wanted if label not in found] == []
