"""What an instance of a new task has to be; and what a set of them may not be.

In this order: ``content_filter``, ``endless`` or ``truncated`` (the last one of an answer that was cut off),
``empty_output``, ``ends_with_colon`` (input or output announces something that is not there), ``input_is_output``,
``control_characters``, ``repeats_prompt`` (it copies an instance that the prompt showed), ``repeated`` (an earlier
instance of the same task), ``surplus`` (there are as many as were asked for). Where one input that is not empty has
different outputs, none of the task's instances can be trusted: ``conflicting_outputs`` (Wang et al. 2022, released
code).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from runtime.asking.request import LENGTH
from runtime.generating.answer_faults import CONTROL, REPEATS, cut_off, fault_of
from runtime.generating.instances import Instance, Instances, folded
from runtime.generating.task_rules import Broken

EMPTY_OUTPUT, COLON, SAME, REPEATED, SURPLUS = (
    "empty_output",
    "ends_with_colon",
    "input_is_output",
    "repeated",
    "surplus",
)
CONFLICTING = "conflicting_outputs"
_COLONS = (":", "：")


def judged(
    instances: Instances, most: int, shown: frozenset[str], stop_reason: str = LENGTH
) -> list[tuple[Instance, Broken | None]]:
    """Each instance with the rule that it breaks; ``shown`` are the texts of the prompt, folded. ``stop_reason`` is
    why the last one was cut off, if it was."""
    found: list[tuple[Instance, Broken | None]] = []
    sound: dict[tuple[str, str], None] = {}
    last = len(instances.found) - 1
    for place, one in enumerate(instances.found):
        broken = _broken(one, shown, stop_reason if instances.cut and place == last else None)
        key = (folded(one.input), folded(one.output))
        if broken is None and key in sound:
            broken = Broken(REPEATED)
        if broken is None:
            sound[key] = None
        found.append((one, broken))
    if clash := _clash(list(sound)):  # of all there are: one that is surplus tells as much of a task
        return [(one, broken or Broken(CONFLICTING, None, clash)) for one, broken in found]
    passed = count()
    return [(one, broken or (Broken(SURPLUS) if next(passed) >= most else None)) for one, broken in found]


def _broken(one: Instance, shown: frozenset[str], stop_reason: str | None) -> Broken | None:
    text = one.output or one.input
    if left := cut_off(text, stop_reason):
        return Broken(left.rule, None, left.detail)
    if not one.output.strip():
        return Broken(EMPTY_OUTPUT)
    if one.input.rstrip().endswith(_COLONS) or one.output.rstrip().endswith(_COLONS):
        return Broken(COLON)
    if folded(one.input) == folded(one.output):
        return Broken(SAME)
    for part in (one.input, one.output):
        fault = fault_of(part, None, "", "")
        if fault is not None and fault.rule == CONTROL:
            return Broken(CONTROL, None, fault.detail)
    if folded(one.input) in shown or (not one.input and folded(one.output) in shown):
        return Broken(REPEATS, None, "the prompt showed it")
    return None


def _clash(taken: Sequence[tuple[str, str]]) -> str | None:
    outputs: dict[str, str] = {}
    for given, output in taken:
        if given and outputs.setdefault(given, output) != output:
            return "one input has different outputs"
    return None
