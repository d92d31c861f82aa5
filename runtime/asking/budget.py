"""Where asking ends: in requests, generated tokens, seconds and money, whichever comes first.

What a step's requests came to counts in the order in which it asked, whether they were asked now or were known already.
So the same answers end at the same place: a run that was killed and continued gets no more than one that was not. Time
is the exception: it counts from when this run began to ask. An answer that begins within the budget is taken, so tokens
and money may end above their limit by what was under way.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from compiler.asking_params import AskingBudget
from runtime.asking.request import Answer, Result, Unanswered
from spec_lang.diagnostics import fatal

TIME = "budget_time"
UNMETERED = "SFT0535"


@dataclass(slots=True)
class Spent:
    """``tokens`` are generated ones, ``money`` in the unit of the prices."""

    requests: int = 0
    tokens: int = 0
    money: Decimal = Decimal(0)

    def take(self, result: Result) -> None:
        self.requests += 1
        self.pay(result)

    def pay(self, result: Result) -> None:
        """What a request that was counted already came to."""
        if isinstance(result, Answer):
            self.tokens += result.output_tokens or 0
            self.money += result.cost or Decimal(0)

    def copy(self) -> Spent:
        return Spent(self.requests, self.tokens, self.money)


def ended(budget: AskingBudget, spent: Spent) -> Unanswered | None:
    """Why nothing more may be asked, None while something may. Time is looked at by ``timed_out``."""
    limits = (
        ("requests", budget.requests, spent.requests),
        ("tokens", budget.tokens, spent.tokens),
        ("money", budget.money, spent.money),
    )
    for name, limit, used in limits:
        if limit is not None and used >= limit:
            amount = f"{limit:,} in money" if name == "money" else f"{limit:,} {name}"
            return Unanswered(f"budget_{name}", f"the budget of {amount} was used up")
    return None


def timed_out(budget: AskingBudget, seconds: float) -> bool:
    return budget.seconds is not None and seconds >= budget.seconds


def out_of_time(budget: AskingBudget) -> Unanswered:
    return Unanswered(TIME, f"the budget of {budget.seconds:,} seconds was used up")


def is_metered(budget: AskingBudget) -> bool:
    """Whether the end depends on what answers turn out to be, so that few may be taken ahead."""
    return any(limit is not None for limit in (budget.tokens, budget.seconds, budget.money))


def require_metered(budget: AskingBudget, result: Result) -> None:
    """Raises DiagnosticError SFT0535 for an answer that does not tell what the budget is in."""
    if not isinstance(result, Answer):
        return
    if budget.tokens is not None and result.output_tokens is None:
        help = "limit `requests` or `time`, or ask a server that tells `usage`"
        raise fatal(UNMETERED, "the budget is in tokens, and the server does not tell how many an answer has", help)
    if budget.money is not None and result.cost is None:
        help = "give the model its `price { input = …   output = … }`; weights on this machine have none"
        raise fatal(UNMETERED, "the budget is in money, and what an answer costs is not known", help)
