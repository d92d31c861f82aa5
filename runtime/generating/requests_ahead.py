"""How often a generate step will ask its model, before it runs: at least, and at most where something bounds it.

Of Self-Instruct the least is what it takes if all that the model writes is accepted, and only a budget bounds the most.
Other methods ask about each of their rows. What is in the store already is asked again of nobody, so a step may ask
less.
"""

from __future__ import annotations

from dataclasses import dataclass

from compiler.respond_params import Backtranslate, Respond, Rewrite
from compiler.step_params import GenerateParams, Greedy, SelfInstruct


@dataclass(frozen=True, slots=True)
class RequestsAhead:
    """``least`` is None where the rows that are asked about are not counted yet; ``most`` is None then, and where
    nothing bounds it. ``by_budget`` tells whether a budget is what does."""

    least: int | None
    most: int | None
    by_budget: bool = False


def requests_ahead(params: GenerateParams, rows: int | None) -> RequestsAhead:
    """For ``rows`` rows that it writes from."""
    least, most = _self_instruct(params.method) if isinstance(params.method, SelfInstruct) else _of_rows(params, rows)
    budget = params.budget.requests
    if budget is None or (most is not None and most <= budget):
        return RequestsAhead(least, most)
    return RequestsAhead(None if least is None else min(least, budget), budget, by_budget=True)


def _self_instruct(method: SelfInstruct) -> tuple[int, None]:
    """Whole rounds of prompts that give nothing but good tasks; and of each task its kind and its instances."""
    rounds = -(-method.target // (method.prompts * method.new_tasks))
    kinds = method.classification and method.input is not None
    return rounds * method.prompts + method.target * (2 if kinds else 1), None


def _of_rows(params: GenerateParams, rows: int | None) -> tuple[int | None, int | None]:
    if rows is None:
        return None, None
    match params.method:
        case Respond(samples=samples, hint_samples=hinted):
            return rows * samples, rows * (samples + (hinted or 0))
        case Backtranslate():
            return rows, rows
        case Rewrite(rounds=rounds):  # an attempt that is given up asks for no answer, and a greedy one is made once
            return rows * (1 if isinstance(params.decode, Greedy) else rounds), 2 * rows * rounds
        case _:
            return None, None
