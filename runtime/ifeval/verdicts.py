"""Verdicts on an answer: which of a row's instructions it follows, strictly or loosely, and what could not be told.

Strict looks at the answer as it is. Loose also forgives what models like to put around an answer: an instruction counts
as followed when any of eight forms follows it, with or without the first line, the last line and the asterisks of
Markdown (Zhou et al. 2023, section 2.2). A blank form follows nothing, as published: silence is not an answer without
commas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from runtime.ifeval.arguments import read_arguments
from runtime.ifeval.table import INSTRUCTIONS
from spec_lang.plain_text import one_line
from spec_lang.suggest import closest

Mode: TypeAlias = Literal["strict", "loose"]


@dataclass(frozen=True)
class Verdicts:
    """``followed`` has a truth value an instruction, in their order; empty where ``reason`` says why there is none."""

    followed: tuple[bool, ...]
    reason: str | None = None


def verdicts(answer: str, ids: Any, arguments: Any, mode: Mode = "strict") -> Verdicts:
    """What an answer is worth, by the columns ``instruction_id_list`` and ``kwargs`` of its row.

    A row with an instruction that is not known, or with arguments that it does not take, has no verdict at all.
    """
    problem = _problem(ids, arguments)
    if problem:
        return Verdicts((), problem)
    read: list[tuple[str, Mapping[str, Any]]] = []
    for name, given in zip(ids, arguments, strict=True):
        instruction = INSTRUCTIONS.get(name) if isinstance(name, str) else None
        if instruction is None:
            return Verdicts((), _unknown(name))
        found = read_arguments(instruction.arguments, given)
        if isinstance(found, str):
            return Verdicts((), f"{name}: {found}")
        read.append((name, found))
    forms = [form for form in (forms_of(answer) if mode == "loose" else [answer]) if form.strip()]
    return Verdicts(tuple(any(INSTRUCTIONS[name].followed(form, **found) for form in forms) for name, found in read))


def forms_of(answer: str) -> list[str]:
    """The answer, without its first line, its last line and both, and all four without asterisks; each once."""
    lines = answer.split("\n")
    cut = [answer, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
    return list(dict.fromkeys([*cut, *(form.replace("*", "") for form in cut)]))


def _problem(ids: Any, arguments: Any) -> str | None:
    for value, name in ((ids, "instructions"), (arguments, "arguments")):
        if isinstance(value, str) or not isinstance(value, Sequence):
            return f"the row has no list of {name}"
    if not ids:
        return "the row has no instruction"
    if len(ids) != len(arguments):
        return f"the row has {len(ids)} instructions and arguments for {len(arguments)}"
    return None


def _unknown(name: Any) -> str:
    near = closest(str(name), INSTRUCTIONS)
    return f"there is no instruction `{one_line(str(name), 60)}`" + (f"; did you mean `{near[0]}`?" if near else "")
