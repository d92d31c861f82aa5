"""How often a generate step will ask its model, before it runs: at least, and at most where something bounds it.

What is in the store already is asked again of nobody, so a step may ask less.
"""

from __future__ import annotations

from dataclasses import dataclass

from compiler.step_params import GenerateParams, SelfInstruct


@dataclass(frozen=True, slots=True)
class RequestsAhead:
    """``least`` if all that the model writes is accepted; ``most`` is None where only the target ends it. None where
    the rows that are asked about are not counted yet."""

    least: int | None
    most: int | None


def requests_ahead(params: GenerateParams, rows: int | None) -> RequestsAhead:
    """For ``rows`` rows that it writes from."""
    budget = params.budget.requests
    found = _self_instruct(params.method)
    if budget is None:
        return RequestsAhead(found, None)
    return RequestsAhead(min(found, budget), budget)


def _self_instruct(method: SelfInstruct) -> int:
    """Whole rounds of prompts that give nothing but good tasks; and of each task its kind and its instances."""
    a_round = method.prompts * method.new_tasks
    rounds = -(-method.target // a_round)
    kinds = method.classification and method.input is not None
    return rounds * method.prompts + method.target * (2 if kinds else 1)
