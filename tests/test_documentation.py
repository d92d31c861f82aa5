"""The documents say what the program does: tables and columns, commands and options, fields, specs that check."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.store import Store

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(ROOT / "examples").rglob("*.md")])


def fences(path: Path, language: str) -> Iterator[tuple[int, str]]:
    """``(line, text)`` of the fenced blocks of a language."""
    text = path.read_text(encoding="utf-8")
    for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start()) + 1, match[1]


def sections(path: Path) -> dict[str, str]:
    """Second-level headings, without backticks and what stands in parentheses, with their text."""
    parts = re.split(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"\(.*\)|`", "", head).strip(): body for head, body in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store")).create()


def test_every_table_and_column_is_documented_and_nothing_else(store: Store) -> None:
    rows = store.query(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal"
    )
    assert len(rows) > 100
    documented = {
        (table, column)
        for table, body in sections(DOCS / "store.md").items()
        for line in body.splitlines()
        if line.startswith("| `")
        for column in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert documented == set(rows)


@pytest.mark.parametrize(("line", "sql"), fences(DOCS / "store.md", "sql"))
def test_queries_worth_copying_run(store: Store, line: int, sql: str) -> None:
    store.query(sql)


def test_every_table_has_a_query() -> None:
    for table, body in sections(DOCS / "store.md").items():
        assert "```sql" in body, table


def verbs() -> dict[str, argparse.ArgumentParser]:
    from sft.cli import build_parser

    actions = build_parser()._actions
    return next(dict(action.choices) for action in actions if isinstance(action, argparse._SubParsersAction))


def test_every_command_and_option_is_documented() -> None:
    documented = sections(DOCS / "commands.md")
    for verb, parser in verbs().items():
        assert f"sft {verb}" in documented
        for action in parser._actions:
            for option in action.option_strings:
                if option.startswith("--") and option != "--help":
                    assert f"`{option}" in documented[f"sft {verb}"], f"sft {verb} {option}"
    for code in ("`0`", "`1`", "`2`", "`3`", "`130`"):
        assert code in documented["Exit codes"]


def test_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [verb for verb in verbs() if f"`sft {verb}" not in text] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)#]+)", text)
    broken = [target for target in targets if "://" not in target and not (path.parent / target).exists()]
    assert not broken


def schema_words(shape: type) -> Iterator[str]:
    """Everything that the schema of a block takes: fields, nested blocks, verbs, clauses, options of values."""
    from compiler.schema import fields
    from compiler.schema.tagged import OneOf
    from compiler.schema.values import Word

    for name, spec in fields.specs(shape).items():
        match spec:
            case fields.FieldSpec(type=OneOf(tags=tags)):
                yield fields.spelled(name)
                for tag, body in tags.items():
                    yield tag
                    yield from schema_words(body) if body else ()
            case fields.FieldSpec(type=type):
                yield fields.spelled(name)
                yield from type.choices if isinstance(type, Word) else ()
            case fields.NestedSpec(shape=inner):
                yield fields.spelled(name)
                yield from schema_words(inner)
            case fields.RulesSpec(verbs=verbs):
                for verb, clauses in verbs.items():
                    yield from (verb, *clauses.words)
            case fields.NamedSpec(word=word):
                yield word


def test_every_field_verb_and_clause_is_documented_with_its_block() -> None:
    from compiler.schema.catalogue import BLOCKS

    documented = sections(DOCS / "language.md")
    wanted = {(kind, word) for kind, shape in BLOCKS.items() for word in schema_words(shape)}
    assert len(wanted) > 60
    missing = [(kind, word) for kind, word in wanted if not re.search(rf"`[^`]*\b{word}\b", documented[kind])]
    assert not missing


def test_the_reference_is_what_the_tables_make_of_it() -> None:
    import runpy

    page = (DOCS / "language.md").read_text(encoding="utf-8")
    assert runpy.run_path(str(DOCS / "make_language.py"))["rewritten"](page) == page


def test_the_ledger_says_what_every_kind_of_step_drops() -> None:
    from compiler.plan import StepKind
    from runtime import template_sql

    page = (DOCS / "ledger.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.partition("## By rule")[0].splitlines() if line.startswith("| `")]
    assert sorted(kind for _, kinds, *_ in rows for kind in re.findall(r"`(\w+)`", kinds)) == sorted(StepKind)
    dropped = {kinds.strip(): set(re.findall(r"`(\w+)`", what)) for _, kinds, what, _ in rows}
    rules = {
        value for name, value in vars(template_sql).items() if re.fullmatch("[A-Z_]+", name) and isinstance(value, str)
    }
    assert dropped["`render`"] == rules
    masks = (ROOT / "runtime/training/masks.py").read_text(encoding="utf-8")
    trained = (ROOT / "runtime/training/rows.py").read_text(encoding="utf-8")
    reasons = {*re.findall(r'MaskFailure\("(\w+)"', masks), *re.findall(r'Dropped\(row.row_id, "(\w+)"', trained)}
    assert len(reasons) > 5 and dropped["`train`"] == {*reasons, "max_length"}


def test_every_function_and_metric_is_documented() -> None:
    from compiler.functions import FUNCTIONS, METRIC_FUNCTIONS

    documented = sections(DOCS / "language.md")
    assert [name for name in FUNCTIONS if f"`{name}(" not in documented["Expressions"]] == []
    assert [name for name in METRIC_FUNCTIONS if f"`{name}(" not in documented["eval"]] == []


def test_all_that_cannot_run_yet_is_named() -> None:
    from compiler.functions.metrics import LATER_METRICS
    from compiler.schema.catalogue import LATER_ENTRIES, LATER_KINDS
    from compiler.schema.scorers import LATER_SCORERS

    rows = [
        line.split("|")[2]
        for line in sections(DOCS / "language.md")["Not in this version"].splitlines()
        if "| `" in line
    ]
    named = set(re.findall(r"`@?([\w.]+)[^`]*`", "".join(rows)))
    wanted = {*LATER_KINDS, *LATER_METRICS, *LATER_SCORERS}
    wanted |= {word for words in LATER_ENTRIES.values() for word in words} | {"objective"}
    assert named == wanted


_LABELS = "2_full_refusal,2_full_refusal,True,2_full_refusal,2_full_refusal"
XSTEST = "id,type,prompt,completion,annotation_1,annotation_2,agreement,final_label,gpt4_label\n" + "".join(
    f"v2-{n},{'contrast_' * (n % 2)}homonyms,Why {n}?,No.,{_LABELS}\n" for n in range(450)
)


def specs() -> list[tuple[str, str]]:
    """Whole specs in the documents (they begin with an edition)."""
    return [
        (f"{path.name}:{line}", text)
        for path in PAGES
        for line, text in fences(path, "sft")
        if text.lstrip().startswith("edition")
    ]


@pytest.mark.parametrize(("place", "text"), specs(), ids=lambda value: value.split("\n")[0][:40])
def test_whole_specs_in_the_documents_check_clean(place: str, text: str, tmp_path: Path) -> None:
    from compiler.compile import check
    from runtime.world import LocalWorld
    from spec_lang.render import render_plain
    from spec_lang.source import SourceFile

    pair = '"chosen": "It is 2.", "rejected": "It is 3."'
    row = f'{{"message": "Where is my parcel?", "label": "delivery", "question": "1+1?", "answer": "2", {pair}}}\n'
    for name in re.findall(r'path\s*=\s*"([^"]+)"', text):
        (tmp_path / name).write_text(row * 16_000, encoding="utf-8")  # enough for the margins of the gates
        if name.startswith("xstest"):
            (tmp_path / name).write_text(XSTEST, encoding="utf-8")
    _, found = check(SourceFile(place, text), LocalWorld(tmp_path))
    assert not len(found), render_plain(found)


@pytest.mark.parametrize("spec", [ROOT / "examples/triage/triage.sft", ROOT / "sft/starter/triage.sft"], ids=str)
def test_the_specs_that_ship_check_clean(spec: Path) -> None:
    from sft.project import check
    from spec_lang.render import render_plain

    found = check(spec)
    assert not len(found), render_plain(found)
