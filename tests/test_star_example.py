"""The example of loops: its files are those of its script, and its specs are loops of that many hashed rounds."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from sft.project import compile

EXAMPLE = Path(__file__).parent.parent / "examples" / "star"


def test_the_files_are_those_of_the_script(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    script = tmp_path / "make_example.py"
    script.write_bytes((EXAMPLE / "make_example.py").read_bytes())
    runpy.run_path(str(script), run_name="__main__")
    made = [path for path in sorted(tmp_path.rglob("*")) if path.is_file() and path != script]
    assert len(made) == 8
    for path in made:
        assert path.read_bytes() == (EXAMPLE / path.relative_to(tmp_path)).read_bytes(), path.name


@pytest.mark.parametrize(("spec", "loop", "rounds"), [("star.sft", "star", 3), ("collapse.sft", "echo", 5)])
def test_another_round_computes_only_itself(spec: str, loop: str, rounds: int) -> None:
    plan, found = compile(EXAMPLE / spec)
    more, _ = compile(EXAMPLE / spec, settings=[f"rounds={rounds + 1}"])
    assert plan is not None and more is not None and not len(found)
    guards = [step.name for step in plan if step.kind == "guard"]
    assert guards == [f"{loop}.{number}" for number in range(1, rounds + 1)]
    before, after = ({step.id: step.hash for step in one} for one in (plan, more))
    changed = {name for name, step_hash in before.items() if after[name] != step_hash}
    behind = {f"select:{loop}"} | {
        step.id for step in plan if f"select:{loop}" in {s.id for s in plan.behind([step.id])}
    }
    assert changed == behind
    assert all(name.partition(":")[2].startswith(f"{loop}.{rounds + 1}") for name in after.keys() - before.keys())
