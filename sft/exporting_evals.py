"""``sft export EVAL --as lm-eval``: what a run measured, in the files of another harness."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spec_lang.diagnostics import fatal

if TYPE_CHECKING:
    from runtime.store import Store


def export_evaluation(name: str, to: Path, store: Store, *, run: str | None, replace: bool) -> dict[str, int]:
    """Write an eval of a run, the last one unless named; samples by file. Raises DiagnosticError SFT0914 (no such run),
    SFT0922 (the run measured no such eval), and for a folder that is in the way."""
    from compiler.plan import Plan, StepKind
    from runtime.baselines import LAST, find_run
    from runtime.exporting.folder import new_folder
    from runtime.exporting.lm_eval import LAYOUT, write_evaluation
    from runtime.own_results import made_steps
    from sft import __version__
    from spec_lang.suggest import closest

    store.refuse_a_file()
    with store.reading():
        run_id = find_run(store, run or LAST)[0]
        text, started = store.query("SELECT plan, started_at FROM runs WHERE run_id = ?", [run_id])[0]
        plan = Plan.from_json(text)
        made = made_steps(store, run_id)
        measured = {step.name: step for step in plan.steps if step.kind is StepKind.MEASURE and step.id in made}
        step = measured.get(name)
        if step is None:
            near = closest(name, list(measured))
            help = f"did you mean `{near[0]}`?" if near else f"its evals: {', '.join(f'`{one}`' for one in measured)}"
            raise fatal("SFT0922", f"run {run_id} measured no eval that is called `{name}`", help)
        about = {"export": name, "layout": LAYOUT, "run": run_id, "plan": plan.hash, "sft": __version__}
        with new_folder(to, about, replace=replace) as folder:
            return write_evaluation(folder, store, plan, step, f"{started:%Y-%m-%dT%H-%M-%S.%f}")
