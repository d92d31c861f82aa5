"""What `sft diff` compares: specs and runs, by what they say and what they did.

A spec has a syntax tree, and a plan when it compiles; a run has the plan it was made from. So two specs are compared
block by block and step by step, a spec and a run step by step, two runs also by verdicts and metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.plan import Plan
from compiler.plan_diff import StepChange, diff_plans
from compiler.spec_diff import BlockChange, diff_specs
from spec_lang.diagnostics import DiagnosticError, Diagnostics, fatal

if TYPE_CHECKING:
    from runtime.run_comparison import MetricPair, VerdictPair
    from runtime.store import Store
    from spec_lang.ast import SpecFile
    from spec_lang.source import SourceFile


@dataclass(frozen=True)
class Side:
    """One of the two. ``label`` is the file or the id of the run. ``findings`` are why a spec has no plan."""

    label: str
    plan: Plan | None
    tree: SpecFile | None = None
    file: SourceFile | None = None
    run_id: str | None = None
    findings: Diagnostics | None = None


@dataclass(frozen=True)
class Difference:
    """``blocks`` is None unless both are specs, ``steps`` is None when one of them does not compile, ``metrics`` and
    ``verdicts`` are None unless both are runs. Steps are told as changes from the first to the second, where
    ``cached`` means the same."""

    first: Side
    second: Side
    blocks: tuple[BlockChange, ...] | None
    steps: tuple[StepChange, ...] | None
    verdicts: tuple[VerdictPair, ...] | None = None
    metrics: tuple[MetricPair, ...] | None = None

    @property
    def is_same(self) -> bool:
        """Whether nothing differs; what does not compile is not known to be the same."""
        if self.blocks or self.steps is None:
            return False
        if any(pair.first != pair.second for pair in self.verdicts or ()):
            return False  # one of the runs stopped before its gates
        return not any(change.state != "cached" or change.renamed_from for change in self.steps)


def side(text: str, store: Path | None, settings: Sequence[str] = ()) -> Side:
    """A spec when there is such a file, otherwise a run. Raises DiagnosticError for neither, and for syntax errors."""
    from runtime.baselines import LAST, find_run

    path = Path(text)
    if path.suffix == ".sft" or (path.is_file() and text != LAST):
        return _spec(path, settings)
    found = _store_of_run(text, store)
    run_id = find_run(found, text)[0]
    rows = found.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])
    try:
        plan = Plan.from_json(rows[0][0])
    except (ValueError, KeyError):  # pydantic's errors are ValueErrors
        raise fatal("SFT0914", f"run {run_id} is of another version of sft, its plan cannot be read") from None
    return Side(run_id, plan, run_id=run_id)


def _store_of_run(text: str, store: Path | None) -> Store:
    """The store that a run is looked up in. What is no file may have been meant as one, so that is said too."""
    from sft.project import open_store

    try:
        return open_store(store if store is not None else Path())
    except DiagnosticError as error:
        missing = error.diagnostics[0]
        raise fatal(missing.code, f"there is no file `{text}`, and {missing.message}", missing.help) from None


def _spec(path: Path, settings: Sequence[str]) -> Side:
    from sft.project import compile, read_spec
    from spec_lang.parsing import parse

    file, found = read_spec(path), Diagnostics()
    parsed = parse(file, found)
    if found.has_errors:
        raise DiagnosticError(*found)
    plan, findings = compile(path, settings=settings)
    return Side(str(path), plan, parsed.spec, file, findings=None if plan is not None else findings)


def compare(first: Side, second: Side, store: Path | None) -> Difference:
    """Everything that can be compared. Raises DiagnosticError where a spec has to compile and does not."""
    blocks = None
    if first.tree and second.tree and first.file and second.file:
        blocks = diff_specs(first.tree, first.file, second.tree, second.file)
    else:
        for item in (first, second):
            if item.findings is not None:
                raise DiagnosticError(*item.findings)
    steps = None
    if first.plan is not None and second.plan is not None:
        steps = diff_plans(second.plan, first.plan)
    if first.run_id is None or second.run_id is None or first.plan is None or second.plan is None:
        return Difference(first, second, blocks, steps)
    from runtime.run_comparison import metric_pairs, verdict_pairs
    from sft.project import open_store

    found: Store = open_store(store if store is not None else Path())
    verdicts = verdict_pairs(found, first.run_id, second.run_id)
    metrics = metric_pairs(found, (first.run_id, first.plan), (second.run_id, second.plan))
    return Difference(first, second, blocks, steps, verdicts, metrics)
