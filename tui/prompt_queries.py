"""The prompt of an item as the text that a model got."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.step_params import PredictParams
from runtime.store import Store
from runtime.tracing.put_prompt import Unknown, put_prompt
from runtime.tracing.scene import plan_of
from tui.prediction_queries import Item
from tui.queries import plan_text
from tui.spec_queries import spec_folder


@dataclass(frozen=True)
class PutPrompt:
    """``text`` is what the model got, or ``why`` that cannot be told."""

    model: str
    template: str
    text: str = ""
    why: str = ""


def put_to_model(store: Store, run_id: str, eval_name: str, model: str, item: Item) -> PutPrompt:
    """Raises DiagnosticError SFT0914 (no such run). Nothing holds the store while a tokenizer is loaded."""
    plan = plan_of(plan_text(store, run_id))
    if plan is None:
        return PutPrompt(model, item.template, why="the plan of the run was made by another version of sft")
    labels = {"eval": eval_name, "model": model, "template": item.template}
    own = (step for step in plan if isinstance(step.params, PredictParams))
    step = next((one for one in own if labels.items() <= one.local.get("labels", {}).items()), None)
    prompt = next((output.prompt for output in item.outputs if output.model == model), None)
    if step is None or prompt is None:
        return PutPrompt(model, item.template, why="it was not asked this item in this run")
    try:
        return PutPrompt(model, item.template, put_prompt(step, spec_folder(store, run_id), prompt))
    except Unknown as why:
        return PutPrompt(model, item.template, why=str(why))
