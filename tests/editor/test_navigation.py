"""Definition, references, outline, and rename, which changes names and never meaning."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from compiler.compile import check
from compiler.editor.document import Document
from compiler.editor.meaning import occurrences
from compiler.editor.navigation import Refusal, definitions, folds, headings, references, rename
from spec_lang.diagnostics import Edit
from spec_lang.fixes import apply_fixes
from spec_lang.source import SourceFile
from tests.compiler import test_lifecycle as lifecycle_spec
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART
from tests.editor.marked import marked, quickstart, texts

COMMON = "edition 2026\n\nfilter tidy {\n  keep words(instruction) > 3\n}\n"


def with_import(old: str = "", new: str = "") -> tuple[Document, int]:
    world = FakeWorld()
    world.texts["common.sft"] = COMMON
    text = QUICKSTART.replace("edition 2026\n", 'edition 2026\nimport "./common.sft" as common\n')
    text = text.replace("filters   = [clean]", "filters   = [clean, common.tidy]")
    assert old in text
    return marked(text.replace(old, new, 1), world)


# What is replaced, by what, and the line that declares it.
DECLARED = [
    ("model         = smol", "model = sm‸ol", "model smol {"),
    ("data          = triage.train", "data = triage.tr‸ain", "  split {"),
    ("keep words(instruction)", "keep words(inst‸ruction)", "  columns {"),
    ('user      = "{instruction}"', 'user      = "{ins‸truction}"', "  columns {"),
    ("format.exact(tuned) >=", "format.ex‸act(tuned) >=", "  metric exact"),
    ("format.exact(tuned) >=", "for‸mat.exact(tuned) >=", "eval format {"),
    ("each category", "each cat‸egory", "  slice category"),
    ("no_worse_than smol", "no_worse_than sm‸ol", "model smol {"),
]


@pytest.mark.parametrize(("old", "new", "line"), DECLARED, ids=[new for _, new, _ in DECLARED])
def test_a_name_leads_to_its_declaration(old: str, new: str, line: str) -> None:
    document, offset = quickstart(old, new)
    (found,) = definitions(document, offset)
    assert document.file.line(document.file.position(found.span.start)[0]).startswith(line)


def test_a_column_without_a_mapping_leads_to_its_source() -> None:
    document, offset = quickstart("dedup exact on instruction", "dedup exact on i‸d")
    (found,) = definitions(document, offset)
    assert document.file.slice(found.span) == "tickets"


def test_an_imported_name_leads_into_its_file() -> None:
    document, offset = with_import("common.tidy", "common.ti‸dy")
    (found,) = definitions(document, offset)
    assert found.document.file.name == "common.sft"
    assert found.document.file.slice(found.span) == "tidy"
    document, offset = with_import('"./common.sft"', '"./com‸mon.sft"')
    (found,) = definitions(document, offset)
    assert found.document.file.name == "common.sft"


def test_references_are_found_in_lists_rules_templates_and_clauses() -> None:
    document, offset = quickstart("source tickets", "source tick‸ets")
    assert texts(document, references(document, offset)) == ["tickets"] * 2
    document, offset = quickstart("model smol", "model sm‸ol")
    assert len(references(document, offset)) == QUICKSTART.count("smol") - QUICKSTART.count("smollm2")
    assert len(references(document, offset, declaration=False)) == len(references(document, offset)) - 1


def renamed(document: Document, edits: tuple[Edit, ...] | Refusal) -> str:
    assert not isinstance(edits, Refusal), edits
    return apply_fixes(document.text, [edits])


def test_a_renamed_source_leaves_the_spec_as_it_was_but_for_the_name() -> None:
    document, offset = quickstart("source tickets", "source tick‸ets")
    text = renamed(document, rename(document, offset, "mails"))
    assert text == re.sub(r"\btickets\b(?!\.jsonl)", "mails", document.text)


def test_every_name_of_the_quickstart_can_be_renamed_and_the_spec_still_checks_clean() -> None:
    document = Document(SourceFile("spec.sft", QUICKSTART), FakeWorld())
    before = [item.code for item in document.findings]
    symbols = {symbol for item in occurrences(document) for symbol in item.symbols}
    assert {"source", "column", "part", "metric", "slice"} <= {symbol.sort for symbol in symbols}
    for symbol in symbols:
        assert symbol.place is not None
        text = renamed(document, rename(document, symbol.place.start, "fresh_name"))
        after = check(SourceFile("spec.sft", text), FakeWorld())[1]
        assert [item.code for item in after] == before, symbol
        assert text.count("fresh_name") == len(references(document, symbol.place.start))


def test_a_column_with_a_name_of_its_own_is_written_in_backticks_where_it_has_to_be() -> None:
    document, offset = quickstart("columns { instruction", "columns { instr‸uction")
    text = renamed(document, rename(document, offset, "what they say"))
    assert "words(`what they say`)" in text
    assert '"{what they say}"' in text
    assert not check(SourceFile("spec.sft", text), FakeWorld())[1].has_errors


REFUSED = [
    ("model smol", "model sm‸ol", "keep", "reserved"),
    ("model smol", "model sm‸ol", "tuned", "train"),
    ("model smol", "model sm‸ol", "2nd", "no name"),
    ("metric exact", "metric ex‸act", "json", "eval `format` has a metric `json`"),
    ("columns { instruction", "columns { inst‸ruction", "output", "has a column `output`"),
    ("dedup exact on instruction", "dedup exact on i‸d", "key", "field of the file"),
    ("epochs        =", "ep‸ochs =", "rounds", "only names that the file declares"),
    ("slice category", "metric = 3   slice cat‸egory", "x", "has a syntax error"),
]


@pytest.mark.parametrize(("old", "new", "name", "reason"), REFUSED, ids=[new for _, new, *_ in REFUSED])
def test_a_rename_that_would_break_the_spec_is_refused_with_a_reason(
    old: str, new: str, name: str, reason: str
) -> None:
    document, offset = quickstart(old, new)
    found = rename(document, offset, name)
    assert isinstance(found, Refusal)
    assert reason in found.reason


def test_an_imported_name_is_renamed_in_its_own_file() -> None:
    document, offset = with_import("common.tidy", "common.ti‸dy")
    found = rename(document, offset, "neat")
    assert isinstance(found, Refusal) and "common.sft" in found.reason
    document, offset = with_import("as common", "as com‸mon")
    text = renamed(document, rename(document, offset, "shared"))
    assert "as shared" in text and "shared.tidy" in text


def test_a_filter_over_two_sources_keeps_the_columns_name() -> None:
    more = 'source more {\n  path = "more.jsonl"\n  licence = "x"\n  origin = human\n'
    more += "  columns { instruction = output   other = instruction }\n}\n"
    task = "task second {\n  from = more\n  filters = [clean]\n}\n"
    text = QUICKSTART.replace("columns { instruction", "columns { inst‸ruction") + more + task
    document, offset = marked(text)
    found = rename(document, offset, "question")
    assert isinstance(found, Refusal) and "`tickets` and `more`" in found.reason


def test_the_outline_has_every_block_with_what_it_declares() -> None:
    document = Document(SourceFile("spec.sft", QUICKSTART), FakeWorld())
    shown = {item.name: [child.name for child in item.children] for item in headings(document)}
    assert shown["tickets"] == ["instruction", "output"]
    assert shown["triage"] == ["train", "validation", "test"]
    assert shown["format"] == ["exact", "json", "category"]
    for item in headings(document):
        assert item.span.start <= item.name_span.start and item.name_span.end <= item.span.end
        assert document.text[item.span.end - 1] == "}"


def test_the_outline_holds_a_block_that_does_not_parse() -> None:
    document, _ = quickstart("epochs        = 1", "epochs =‸")
    assert "tuned" in [item.name for item in headings(document)]


def test_blocks_of_several_lines_fold() -> None:
    document = Document(SourceFile("spec.sft", QUICKSTART), FakeWorld())
    assert len(folds(document)) == len(re.findall(r"^\w+ \w+ \{$", QUICKSTART, re.MULTILINE))


def lifecycle() -> Document:
    return Document(SourceFile("assistant.sft", lifecycle_spec.SPEC), lifecycle_spec.world())


def test_every_rename_in_the_lifecycle_spec_is_sound_or_refused() -> None:
    document = lifecycle()
    before = Counter(item.code for item in document.findings)
    places = {symbol: item.span.start for item in occurrences(document) for symbol in item.symbols}
    done = refused = 0
    for start in places.values():
        edits = rename(document, start, "fresh_name")
        if isinstance(edits, Refusal):
            refused += 1
            continue
        text = apply_fixes(document.text, [edits])
        after = check(SourceFile("assistant.sft", text), document.world)[1]
        assert Counter(item.code for item in after) == before
        done += 1
    assert done > 50 and refused > 10


def test_a_column_that_an_imported_filter_uses_keeps_its_name() -> None:
    document, offset = with_import("columns { instruction", "columns { instr‸uction")
    found = rename(document, offset, "question")
    assert isinstance(found, Refusal) and "the spec would break" in found.reason
