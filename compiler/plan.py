"""The plan: content-hashed steps in the order in which they can run.

A step's hash covers its kind, the version of its algorithm, its parameters, the hashes of its
inputs and the content of what it reads. It does not cover ``local``: paths, display names, the
wording of reasons, anything that cannot change a result. Two specs that mean the same give the
same hashes; a plan file is canonical JSON, so it is the same bytes on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from compiler.hashing import canonical, hash_value
from compiler.step_params import StepParams, params_from_json

PLAN_FORMAT = 1
EXPORT_MARK = ": export of "  # in the spec's name of a plan that was made for an export: `triage.sft: export of triage`


class StepKind(StrEnum):
    INGEST = "ingest"
    FILTER = "filter"
    SCORE = "score"
    SPLIT = "split"
    DECONTAMINATE = "decontaminate"
    RENDER = "render"
    MIX = "mix"
    TRAIN = "train"
    PREDICT = "predict"
    LIKELIHOOD = "likelihood"
    JUDGE = "judge"
    CALIBRATE = "calibrate"
    REVIEW = "review"
    MEASURE = "measure"
    GATE = "gate"
    GENERATE = "generate"
    GUARD = "guard"
    ROUND = "round"
    SELECT = "select"


# Raise a number when the algorithm of a step kind changes what it gives for the same inputs.
STEP_VERSIONS: Mapping[StepKind, int] = {
    **dict.fromkeys(StepKind, 1),
    StepKind.INGEST: 3,  # texts beside lists or objects keep their text, and are not quoted as JSON
    StepKind.RENDER: 4,  # a whole number of a column of fractions stands without `.0`
    StepKind.MIX: 3,  # rows are drawn by what they are, not by the names of their tasks; their place is not in the file
    StepKind.FILTER: 2,  # an extension may not give an infinite number
    StepKind.DECONTAMINATE: 2,  # the matched words are quoted as they stand, also where folding changes them
    StepKind.TRAIN: 2,  # control tokens are looked for in the name and the call of a tool's result
    StepKind.PREDICT: 2,  # the same
    StepKind.LIKELIHOOD: 2,  # a plain output is read as it was written, with the token that ended it
    StepKind.MEASURE: 7,  # labelled answers are known again by row or question, and stock answers count as often
    StepKind.GATE: 7,  # nothing passes in each slice where none was looked at alone
    StepKind.JUDGE: 2,  # a cut answer, a number beside a sign and a minority of labels are no verdicts
    StepKind.CALIBRATE: 4,  # answers that people called something else are left out with their number
    StepKind.GENERATE: 2,  # judges read verdicts as in judge steps; broken-off answers make no row; draws of `rewrite`
    StepKind.GUARD: 3,  # word pairs of few rows do not speak for rows of one word
    StepKind.ROUND: 2,  # what is missing or cannot be measured ends the loop
    StepKind.SELECT: 2,  # a round with missing answers is no candidate
    StepKind.SCORE: 3,  # classifiers read no control tokens and no more than fits; no value is infinite
}


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Place(Frozen):
    """Where in the spec a step came from; lines and columns from 1."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Step(Frozen):
    """One step. ``id`` is ``kind:name`` (``predict:format.tuned.plain``), unique in a plan.

    ``inputs`` maps a role to the id of an earlier step. ``content`` maps what is read from outside
    to its hash (``file:0``, ``weights``, ``tokenizer``, ``chat_template``). ``local`` is for what the
    run needs and the hash must not see (paths, labels for display, the texts of rules, what a loop stops).
    """

    kind: StepKind
    name: str
    params: StepParams
    inputs: dict[str, str]
    content: dict[str, str]
    local: dict[str, Any]
    place: Place
    version: int
    hash: str

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.name}"

    @property
    def after(self) -> tuple[str, ...]:
        """Ids of steps that may stop this one, without giving it anything: guards and rounds of a loop."""
        return tuple(self.local.get("after", ()))


def step_hash(
    kind: StepKind, version: int, params: StepParams, input_hashes: Mapping[str, str], content: Mapping[str, str]
) -> str:
    """The hash of a step from all that can change its result, and nothing else."""
    return hash_value(
        {
            "kind": str(kind),
            "version": version,
            "params": params.model_dump(mode="json"),
            "inputs": dict(input_hashes),
            "content": dict(content),
        }
    )


class Plan(Frozen):
    """Steps in topological order (an input always stands before the step that reads it)."""

    format: int
    edition: int
    spec: str  # the spec's file name, for display
    steps: tuple[Step, ...]

    def step(self, step_id: str) -> Step:
        """The step with this id. Raises KeyError."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def behind(self, step_ids: Iterable[str]) -> tuple[Step, ...]:
        """These steps and everything that they are made from, in plan order. Raises KeyError for an unknown id."""
        wanted: set[str] = set()
        todo = list(step_ids)
        while todo:
            step_id = todo.pop()
            if step_id not in wanted:
                wanted.add(step_id)
                step = self.step(step_id)
                todo.extend((*step.inputs.values(), *step.after))
        return tuple(step for step in self.steps if step.id in wanted)

    def __iter__(self) -> Iterator[Step]:  # type: ignore[override]
        return iter(self.steps)

    @property
    def hash(self) -> str:
        """Hash over the steps' ids and hashes: equal for plans that do the same work under the same names."""
        return hash_value({step.id: step.hash for step in self.steps})

    def to_json(self) -> str:
        """Canonical JSON, one trailing line break."""
        return canonical(self.model_dump(mode="json")) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read a plan file. Raises pydantic.ValidationError or json.JSONDecodeError for anything else."""
        data = json.loads(text)
        for step in data.get("steps", ()):
            step["params"] = params_from_json(step["kind"], step["params"])
        return cls.model_validate(data)
