"""A model that invents tasks, some alike, and instances of them: a function of the request alone."""

from __future__ import annotations

import random

from runtime.asking import Request
from tests.runtime.generating.generated_project import is_for_kind, is_for_tasks, task_of

SEEDS = [
    {"instruction": "Name three birds that can sing.", "input": "", "output": "Robin, wren, lark."},
    {"instruction": "Sort the words by their length.", "input": "tree a of", "output": "a of tree"},
    {"instruction": "Say whether the number is even.", "input": "4", "output": "yes"},
    {"instruction": "Explain why ice swims on water.", "input": "", "output": "It is lighter."},
]
_VERBS = ("Describe", "Compare", "Explain", "Rewrite", "Shorten", "Count", "Weigh", "Praise")
_THINGS = ("rivers", "engines", "poems", "letters")


def novel(method: str = "target = 6", more: str = "") -> str:
    return (
        f"generate novel {{\n  method = self_instruct {{ {method} }}\n  seeds = start\n  model = tiny\n"
        f"  precision = fp32\n  {more}\n}}\n"
    )


SPEC = novel("target = 12   prompts = 2   instances = 2")


def invented(request: Request) -> str:
    drawn = random.Random(request.hash)
    if is_for_tasks(request):
        what = ((drawn.choice(_VERBS), drawn.choice(_THINGS), drawn.randint(1, 60)) for _ in range(4))
        return "\n".join(
            f"{number}. {verb} {count} {thing} of word{count}" for number, (verb, thing, count) in enumerate(what, 5)
        )
    if is_for_kind(request):
        return drawn.choice(["Yes", "No"])
    return f" in {drawn.random()}\nOutput: out of {task_of(request)}"
