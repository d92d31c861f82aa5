"""What a method of generation is given, and what it says at its end: the seam between the frame and the methods.

A method is a function of rows, answers and parameters. It asks through ``asker``, adds candidates in an order that does
not depend on the order of answers, draws at random from ``drawing`` alone, and gives back why it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from compiler.hashing import hash_value
from compiler.plan import Step
from compiler.step_params import GenerateParams
from runtime.asking import Asker
from runtime.context import StepContext
from runtime.generating.candidates import Candidates, SourceRow

TARGET, BUDGET, NOTHING_NEW, ALL_ASKED = "target", "budget", "nothing_new", "all_asked"


@dataclass(frozen=True, slots=True)
class Ended:
    """``why`` is one of the names above; ``text`` a sentence. ``rounds`` is how often it went round, 0 for methods that
    do not."""

    why: str
    text: str
    rounds: int = 0


@dataclass(frozen=True)
class Work:
    """``rows`` are in their order; ``drawing`` is what random draws are seeded from."""

    ctx: StepContext
    params: GenerateParams
    rows: Sequence[SourceRow]
    asker: Asker
    candidates: Candidates
    drawing: str


class GenerateMethod(Protocol):
    """The one function of a module in ``runtime/generating`` that is called as its method is."""

    def __call__(self, work: Work) -> Ended: ...


Methods: TypeAlias = Callable[[Work], Ended]


def drawing_of(step: Step, inputs: Sequence[str]) -> str:
    """What random draws are seeded from: all that the step's hash covers but where it ends. So a larger target or
    budget goes on where a smaller one stopped, and asks nothing again."""
    params = step.params.model_dump(mode="json")
    for name in ("target", "patience"):
        params["method"].pop(name, None)
    params.pop("budget", None)
    return hash_value(
        {
            "kind": str(step.kind),
            "version": step.version,
            "params": params,
            "inputs": list(inputs),
            "read": step.content,
        }
    )
