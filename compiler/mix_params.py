"""What a mixture is told: rates, also of mixtures inside it, and how often a row may be in it."""

from __future__ import annotations

from typing import Literal

from compiler.params_base import Number, Params


class MixPart(Params):
    """One use of a mixture: the rows of a render step (``input`` is its role) or a mixture of its own.

    ``by`` multiplies the count of rows, before the cap.
    """

    input: str | None = None
    mixture: MixRates | None = None
    by: Number | None = None
    cap: int | None = None
    weight: Number | None = None


class MixRates(Params):
    """Rates: count, times ``by``, then cap, then temperature, or weights. Without a total, the counts after caps are
    the rows of one epoch."""

    parts: tuple[MixPart, ...]
    temperature: Number
    total: int | None
    epochs: int = 1


class MixParams(MixRates):
    """Rates apportioned by largest remainder. A row stands in it at most ``repeats`` times an epoch.

    Input roles: ``rows:0``, ``rows:1``, … (render steps). Parts and roles stand in an order that their settings and
    inputs give: names of tasks, and the order in which a spec uses them, change nothing.
    """

    kind: Literal["mix"] = "mix"
    repeats: int = 1
    seed: int = 0
