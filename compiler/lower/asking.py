"""A model that a step asks: what of it enters the step's hash, and how a run finds it.

A step has its model under a role: the role ``""`` for the one that it is about (a predict step's), or a name of its own
such as ``judge``. ``runtime.asking.model`` reads what is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.lower.builder import Line, PlanBuilder
from compiler.lower.model import model_content, model_local, served_content
from compiler.resolved import AnyModel, ResolvedTrain
from compiler.step_params import PlainPrompt
from compiler.world import ModelFacts


def asked_content(
    model: AnyModel, facts: Mapping[str, ModelFacts], prompt: PlainPrompt | None = None, role: str = ""
) -> dict[str, str]:
    """What of a model enters the hash of a step that asks it: no chat template where none is used."""
    content = served_content(model.root.block) if model.root.is_served else model_content(facts[model.root.name])
    if prompt is not None:
        content.pop("chat_template", None)
    return {f"{role}.{name}" if role else name: value for name, value in content.items()}


def asked_local(model: AnyModel, role: str = "") -> dict[str, Any]:
    """How a run finds it: keywords for ``PlanBuilder.add``."""
    local = model_local(model.root)
    return {role: local} if role else local


def asked_inputs(model: AnyModel, trains: Mapping[str, str], role: str = "") -> dict[str, str]:
    """The step that writes it, where a train does; ``trains`` are the ids of their steps by name."""
    return {role or "model": trains[model.name]} if isinstance(model, ResolvedTrain) else {}


def asked_lines(model: AnyModel, builder: PlanBuilder) -> dict[str, Line]:
    """Where a served model says how it is reached, for findings about the server."""
    return builder.lines(model.root.block, "served.") if model.root.is_served else {}
