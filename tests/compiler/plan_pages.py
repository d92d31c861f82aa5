"""Markdown pages of the compiler: a spec, then the findings or the steps that it gives.

Fences: ``sft`` is a spec (shown as ``spec.sft``); ``sft prelude`` is appended to every later spec of the
page, so that examples stay short and their lines count from their own first line; ``diagnostics`` holds
exactly what is printed for the spec before it; ``plan STEP`` holds that step's inputs and parameters. ``sft FILE.sft``
is another file beside every later spec of the page, ``sh`` holds the ``--set`` options of the spec before it.
A spec without a ``diagnostics`` fence has no findings. Lints are left out: they have pages of their own.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from compiler.compile import compile_spec
from compiler.plan import Plan, Step
from spec_lang.diagnostics import Diagnostics
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class PageExample:
    """A spec with its prelude, and what the page says of it; ``steps`` maps a step's id to its excerpt."""

    page: str
    line: int
    text: str
    diagnostics: str = ""
    files: dict[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    steps: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def page_examples(path: Path) -> list[PageExample]:
    text = path.read_text(encoding="utf-8")
    prelude = ""
    files: dict[str, str] = {}
    found: list[PageExample] = []
    for match in FENCE.finditer(text):
        language, info, body = match.group(1), match.group(2).strip(), match.group(3)
        if language == "sft" and info == "prelude":
            prelude = "\n" + body
        elif language == "sft" and info:
            files = files | {info: body}
        elif language == "sft":
            line = text.count("\n", 0, match.start()) + 1
            found.append(PageExample(path.name, line, body + prelude, files=files))
        elif language == "sh":
            found[-1].settings = tuple(shlex.split(body)[1::2])
        elif language == "diagnostics":
            found[-1].diagnostics = body
        elif language == "plan":
            found[-1].steps[info] = body
    return found


def compiled(text: str, files: dict[str, str] | None = None, settings: tuple[str, ...] = ()) -> tuple[Plan | None, str]:
    """The plan of a spec in the fake world, and its findings as printed."""
    diagnostics = Diagnostics()
    world = FakeWorld(texts=files or {})
    plan = compile_spec(SourceFile("spec.sft", text), world, diagnostics, settings=settings)
    return plan, render_plain(Diagnostics([item for item in diagnostics if not item.code.startswith("SFT07")]))


def excerpt(step: Step) -> str:
    """Inputs and parameters of a step, without fields that are null."""
    shown = {"inputs": step.inputs, **_without_nulls(step.params.model_dump(mode="json", exclude={"kind"}))}
    return "".join(f"{name}: {_json(value)}\n" for name, value in shown.items())


def _json(value: object) -> str:
    """One line where it is short, an item a line where it is not."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= 110 or not isinstance(value, list):
        return line
    return "[\n" + ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in value) + "\n]"


def _without_nulls(value: object) -> dict[str, object]:
    def clean(item: object) -> object:
        if isinstance(item, dict):
            return {key: clean(entry) for key, entry in item.items() if entry is not None}
        return [clean(entry) for entry in item] if isinstance(item, list) else item

    cleaned = clean(value)
    assert isinstance(cleaned, dict)
    return cleaned
