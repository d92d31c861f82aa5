"""The example of shared parts compiles, its two plans share steps, and its rows are what the generator writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from compiler.compile import compile_spec
from compiler.plan import Plan
from compiler.world import ModelFacts, Problem
from runtime.world import LocalWorld
from sft.project import check, read_spec
from spec_lang.diagnostics import Diagnostics
from spec_lang.render import render_plain

FOLDER = Path(__file__).parent.parent / "examples" / "shared-parts"


class World(LocalWorld, frozen=True):
    """The real files, and a model that need not be converted."""

    def model(self, weights: str, chat_template: str | None) -> ModelFacts | Problem:
        return ModelFacts("weights", "tokenizer", "template", ())


def compiled(name: str) -> Plan:
    diagnostics = Diagnostics()
    plan = compile_spec(read_spec(FOLDER / name), World(FOLDER), diagnostics)
    assert plan is not None and not len(diagnostics), render_plain(diagnostics)
    return plan


def test_the_specs_compile_without_findings_and_share_what_is_the_same() -> None:
    hours, both = compiled("hours.sft"), compiled("both.sft")
    shared = {step.hash for step in hours} & {step.hash for step in both}
    assert {step.id for step in hours if step.hash in shared} == {"ingest:common.hours", "filter:opening.common.clean"}
    assert not len(check(FOLDER / "parts" / "common.sft"))


def test_the_rows_are_what_the_generator_writes(tmp_path: Path) -> None:
    script = tmp_path / "make_rows.py"
    script.write_bytes((FOLDER / "make_rows.py").read_bytes())
    (tmp_path / "data").mkdir()
    subprocess.run([sys.executable, str(script)], check=True)
    for written in sorted((tmp_path / "data").iterdir()):
        assert written.read_bytes() == (FOLDER / "data" / written.name).read_bytes()
