"""What limits asking a model: part of the parameters, and so of the hash, of the steps that have a budget."""

from __future__ import annotations

from compiler.params_base import GrownParams, Number


class AskingBudget(GrownParams):
    """Requests, generated tokens, seconds of asking, and money in the unit of the prices of the model; None is
    no limit."""

    requests: int | None = None
    tokens: int | None = None
    seconds: int | None = None
    money: Number | None = None
