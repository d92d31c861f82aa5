"""``sft export`` over compiler and runtime: what is meant, the data steps that are missing, then the folder.

An export from a spec compiles it and runs the missing data steps; training is never started. An export from a run
(``--run``) takes the plan that the run had and computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spec_lang.diagnostics import DiagnosticError, Diagnostics, fatal

if TYPE_CHECKING:
    from compiler.export import Exported
    from compiler.plan import Step
    from runtime.events import Event
    from runtime.scheduler import RunOutcome
    from runtime.store import Store


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for; ``run`` takes the plan of a run instead of compiling ``spec``."""

    name: str
    to: Path
    layout: str | None = None
    part: str | None = None
    run: str | None = None
    replace: bool = False
    merge: bool = False
    settings: Sequence[str] = ()
    locked: bool = False


@dataclass(frozen=True)
class Outcome:
    """``rows`` by file; ``run`` is the run that computed missing steps, None when everything was there."""

    folder: Path
    rows: dict[str, int]
    notes: tuple[str, ...] = ()
    run: RunOutcome | None = None
    findings: Diagnostics | None = None


def only_spec(folder: Path) -> Path:
    """The spec of a folder that has one. Raises DiagnosticError SFT0925 when it has none or several."""
    found = sorted(path for path in folder.glob("*.sft") if path.is_file())
    if len(found) == 1:
        return found[0]
    if not found:
        raise fatal("SFT0925", "there is no spec in this folder", "name it with `--file`")
    names = ", ".join(f"`{path.name}`" for path in found[:5])
    raise fatal("SFT0925", f"there are {len(found)} specs in this folder: {names}", "name one with `--file`")


def export(
    wanted: Wanted, spec: Path | None, store: Store, *, listeners: Sequence[Callable[[Event], None]] = ()
) -> Outcome:
    """Write the export. Raises DiagnosticError for everything that stands against it; nothing is written then."""
    from runtime.exporting.folder import check_free

    check_free(wanted.to.resolve(), replace=wanted.replace)
    findings = Diagnostics()
    exported = _of_run(wanted, store) if wanted.run is not None else _of_spec(wanted, spec, findings)
    if exported.model is not None:
        from sft.exporting_models import export_model

        beside = spec if spec is not None else store.root  # a store lies beside its spec, unless it was named
        folder, notes = export_model(exported, wanted, store, beside.resolve().parent)
        return Outcome(folder, {}, notes, findings=findings)
    if wanted.merge:
        raise fatal("SFT0920", f"`--merge` is for trained models, and `{wanted.name}` is rows", "leave it out")
    run = _run_missing(exported, wanted, spec, store, listeners)
    rows, notes = _write(exported, wanted, store)
    return Outcome(wanted.to, rows, notes, run, findings)


def _of_spec(wanted: Wanted, spec: Path | None, findings: Diagnostics) -> Exported:
    from compiler.compile import compile_export
    from runtime.world import LocalWorld
    from sft.locking import inspection
    from sft.project import read_spec

    assert spec is not None
    world = LocalWorld(spec.resolve().parent)
    inspect = inspection(spec, locked=wanted.locked, settings=wanted.settings)
    exported = compile_export(
        read_spec(spec), world, findings, wanted.name, wanted.part, settings=wanted.settings, inspect=inspect
    )
    if exported is None:
        raise DiagnosticError(*findings)
    return exported


def _of_run(wanted: Wanted, store: Store) -> Exported:
    """What a run had of this name, found by the ids of its steps."""
    from compiler.export import WHOLE, Exported
    from compiler.plan import Plan
    from runtime.baselines import find_run
    from runtime.run_record import skipped_steps
    from spec_lang.suggest import closest

    run_id = find_run(store, wanted.run or "")[0]
    plan = Plan.from_json(store.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])[0][0])
    ids = {step.id for step in plan.steps}
    name = f"{wanted.name}.{wanted.part}" if wanted.part else wanted.name
    skipped = skipped_steps(store, run_id)
    for kind in ("train", "select"):
        if f"{kind}:{name}" in ids:
            if f"{kind}:{name}" in skipped:
                reason = skipped[f"{kind}:{name}"]
                raise fatal("SFT0922", f"run {run_id} skipped `{name}`: {reason}", "`sft show rounds` has its rounds")
            return Exported(name, plan, {}, f"{kind}:{name}")
    if f"mix:{name}" in ids:
        return Exported(name, plan, {WHOLE: f"mix:{name}"})
    rendered = {step.name: step for step in plan.steps if step.kind == "render" and _is_data(_labels(step))}
    steps = [step for step in rendered.values() if _labels(step)["task"] == name]
    parts: dict[str, str] = {}
    for step in steps:  # the first counts: what a train learns from stands before what another one validates on
        parts.setdefault(_labels(step)["part"], step.id)
    if name in rendered and not parts:
        parts = {_labels(rendered[name])["part"]: rendered[name].id}
    if not parts:
        known = [*rendered, *(i.partition(":")[2] for i in ids if i.startswith(("mix:", "train:")))]
        near = closest(name, known)
        help = f"did you mean `{near[0]}`?" if near else "export from the spec: `sft export NAME --file SPEC --to DIR`"
        raise fatal("SFT0922", f"run {run_id} made nothing that is called `{name}`", help)
    return Exported(name, plan, {WHOLE if part == "all" else part: step_id for part, step_id in parts.items()})


def _is_data(labels: dict[str, str]) -> bool:
    """Whether rows are rendered as data, and not for an eval or a score."""
    return "part" in labels and "eval" not in labels


def _labels(step: Step) -> dict[str, str]:
    labels: dict[str, str] = step.local.get("labels", {})
    return labels


def _run_missing(
    exported: Exported,
    wanted: Wanted,
    spec: Path | None,
    store: Store,
    listeners: Sequence[Callable[[Event], None]],
) -> RunOutcome | None:
    """Run what is not in the store; None when everything is. Raises DiagnosticError when a step fails."""
    from runtime.exporting.provenance import missing_steps

    missing = missing_steps(store, exported.plan.behind(exported.steps.values()))
    if not missing:
        return None
    if spec is None:
        help = "export from the spec: `sft export NAME --file SPEC --to DIR`"
        raise fatal("SFT0922", f"the rows of step `{missing[0].id}` are no longer in the store", help)
    from sft.project import execute

    outcome = execute(exported.plan, spec, store=store, listeners=listeners)
    if outcome.status == "interrupted":
        raise KeyboardInterrupt
    if outcome.status != "done":
        raise DiagnosticError(*outcome.findings)
    return outcome


def _write(exported: Exported, wanted: Wanted, store: Store) -> tuple[dict[str, int], tuple[str, ...]]:
    from compiler.hashing import hash_value
    from compiler.plan import EXPORT_MARK
    from runtime.exporting.data import parts_of, write_rows
    from runtime.exporting.folder import new_folder
    from runtime.exporting.layouts import LAYOUTS
    from runtime.exporting.layouts.base import Names
    from runtime.exporting.provenance import provenance
    from sft import __version__
    from sft.data_card import CardFacts, data_card
    from sft.licences import licence_notes

    layout = LAYOUTS[wanted.layout or "jsonl"]
    behind = provenance(exported.plan, store, exported.steps.values())
    plan_hash = hash_value({fact.step.id: fact.step.hash for fact in behind.steps})
    spec_name = exported.plan.spec.partition(EXPORT_MARK)[0]
    about = {"export": exported.name, "layout": layout.name, "plan": plan_hash, "sft": __version__}
    names = Names(exported.name, wanted.to.resolve().name)
    with new_folder(wanted.to, about, replace=wanted.replace) as folder:
        written = write_rows(names, parts_of(exported.plan, store, exported.steps), layout, folder)
        facts = CardFacts(
            exported.name, spec_name, plan_hash, __version__, command(wanted, spec_name), layout, written, behind
        )
        (folder / "README.md").write_text(data_card(facts), encoding="utf-8")
    return {part.file: part.rows for part in written}, tuple(licence_notes(behind.sources))


def command(wanted: Wanted, spec_name: str) -> list[str]:
    """The words that make the export again, with spec and folder by names that hold on any machine."""
    words = ["sft", "export", wanted.name, "--file", spec_name, "--to", "DIR"]
    if wanted.layout:
        words += ["--as", wanted.layout]
    if wanted.part:
        words += ["--part", wanted.part]
    return [*words, *(word for setting in wanted.settings for word in ("--set", setting))]
