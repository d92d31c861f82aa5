"""``sft export`` of a trained model: the finished train step of a plan, its files and its card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from spec_lang.diagnostics import fatal

if TYPE_CHECKING:
    from compiler.export import Exported
    from compiler.plan import Step
    from runtime.store import Store
    from sft.exporting import Wanted


def export_model(exported: Exported, wanted: Wanted, store: Store, spec_dir: Path) -> tuple[Path, tuple[str, ...]]:
    """Write adapter or merged weights. Raises DiagnosticError SFT0920 (options of rows), SFT0922 (not trained yet)."""
    from runtime.artifacts import Objects
    from runtime.exporting.folder import new_folder
    from runtime.exporting.provenance import missing_steps, provenance
    from runtime.exporting.trained import save_model
    from sft import __version__
    from sft.commands.common import narrate
    from sft.licences import licence_notes
    from sft.model_card import ModelFacts, measured, model_card

    assert exported.model is not None
    if wanted.layout is not None:
        help = "leave `--as` out; `--merge` gives whole weights instead of the adapter"
        raise fatal("SFT0920", f"`{wanted.name}` is a trained model, and `--as` is for rows", help)
    step = _of_round(exported, store)
    if missing_steps(store, [step]):
        file = step.place.path if "." in wanted.name else "FILE"  # nothing else of the spec may use an imported train
        raise fatal("SFT0922", f"`{wanted.name}` is not trained as the spec has it now", f"train it: `sft run {file}`")
    behind = provenance(exported.plan, store, [step.id])
    about = {"export": exported.name, "layout": "model", "plan": step.hash, "sft": __version__}
    with new_folder(wanted.to, about, replace=wanted.replace) as folder:
        artifact = Objects(store.root / "objects").path(step.hash)
        saved = save_model(step, artifact, spec_dir, folder, merge=wanted.merge, tell=narrate)
        figures = measured(store, exported.plan, step)
        facts = ModelFacts(exported.name, exported.plan.spec, __version__, step, saved, behind, figures)
        (folder / "README.md").write_text(model_card(facts), encoding="utf-8")
    return wanted.to, tuple(licence_notes(behind.sources))


def _of_round(exported: Exported, store: Store) -> Step:
    """The train step; of a loop that of the round which it stands for, as soon as that is known."""
    assert exported.model is not None
    step = exported.plan.step(exported.model)
    found = store.query("SELECT summary FROM results WHERE step_hash = ?", [step.hash]) if step.kind == "select" else []
    return exported.plan.step(f"train:{json.loads(found[0][0])['model']}") if found else step
