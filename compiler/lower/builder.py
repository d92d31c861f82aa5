"""Collect steps into a plan: ids, hashes, places, and the lines that a changed field is reported at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from compiler.lower.extension import called, described
from compiler.plan import PLAN_FORMAT, STEP_VERSIONS, Plan, Step, StepKind, step_hash
from compiler.reporting import Reporter, name_of
from compiler.rule_models import RuleModels
from compiler.schema.fields import Shape
from compiler.step_params import StepParams
from spec_lang.source import Span


class Line(NamedTuple):
    file: str
    number: int


class PlanBuilder:
    """Steps in the order in which they are added; an input has to be added before the step that reads it."""

    def __init__(self, report: Reporter, models: RuleModels | None = None) -> None:
        self._report = report
        self.models = models or RuleModels()
        self._steps: dict[str, Step] = {}

    def add(
        self,
        params: StepParams,
        name: str,
        block: Shape,
        *,
        inputs: Mapping[str, str] | None = None,
        content: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        lines: Mapping[str, Line] | None = None,
        **local: Any,
    ) -> str:
        """Add a step (once) and give its id. ``inputs`` maps roles to ids; ``lines`` adds to those of the block."""
        kind = StepKind(params.kind)
        step_id = f"{kind}:{name}"
        if step_id in self._steps:
            return step_id
        roles = dict(inputs or {})
        read = dict(content or {})
        extensions = called(params, self._report.at(block.file))
        read |= {f"extension.{index}": file.hash for index, (file, _) in enumerate(extensions)}
        if extensions:
            local["extensions"] = [described(file, functions) for file, functions in extensions]
        version = STEP_VERSIONS[kind]
        places = _places(self.lines(block) | dict(lines or {}), block)
        hashes = {role: self._steps[source].hash for role, source in roles.items()}
        self._steps[step_id] = Step(
            kind=kind,
            name=name,
            params=params,
            inputs=roles,
            content=read,
            local={"labels": dict(labels or {}), **places, **self.models.local(params), **local},
            place=self._report.at(block.file).place(block.head),
            version=version,
            hash=step_hash(kind, version, params, hashes, read),
        )
        return step_id

    def hash_of(self, step_id: str) -> str:
        return self._steps[step_id].hash

    def lines(self, block: Shape, prefix: str = "") -> dict[str, Line]:
        """The line of every field that was written in a block."""
        return {prefix + name: self.line(span, block) for name, span in block.lines.items()}

    def line(self, span: Span, block: Shape) -> Line:
        """The line of a place in the file of a block."""
        return Line(name_of(block.file), block.file.position(span.start)[0])

    def plan(self, edition: int) -> Plan:
        name = name_of(self._report.file)
        return Plan(format=PLAN_FORMAT, edition=edition, spec=name, steps=tuple(self._steps.values()))


def _places(lines: Mapping[str, Line], block: Shape) -> dict[str, Any]:
    """Lines for a plan, and the files of those that lie in another file than the block of the step."""
    own = name_of(block.file)
    files = {name: line.file for name, line in lines.items() if line.file != own}
    return {"lines": {name: line.number for name, line in lines.items()}, **({"files": files} if files else {})}
