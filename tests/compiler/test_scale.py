"""Work grows with the length of a spec and not faster: counted in executed lines of code, not in seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from benchmarks.check import PARTS, USES, lines_of, write_project
from sft.project import check
from spec_lang.diagnostics import Diagnostics
from spec_lang.format import format_file
from spec_lang.render import render_plain
from spec_lang.source import SourceFile


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
