"""Collect steps into a plan: ids, hashes, places, and the lines that a changed field is reported at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

from compiler.lower.extension import called
from compiler.plan import PLAN_FORMAT, STEP_VERSIONS, Plan, Step, StepKind, step_hash
from compiler.reporting import Reporter, name_of
from compiler.rule_models import RuleModels
from compiler.schema.fields import Shape
from compiler.step_params import StepParams
from spec_lang.source import Span

Names: TypeAlias = str | tuple[str, ...]


class Line(NamedTuple):
    file: str
    number: int


class PlanBuilder:
    """Steps in the order in which they are added; an input has to be added before the step that reads it."""

    def __init__(self, report: Reporter, models: RuleModels | None = None) -> None:
        self._report = report
        self.models = models or RuleModels()
        self._steps: dict[str, Step] = {}
        self._of_round: dict[str, Any] = {}

    @contextmanager
    def of_round(self, number: int, stopped_by: Iterable[str]) -> Iterator[None]:
        """Steps that are added within are of this round of a loop, and may be stopped by these: the guard and the round
        before. It is in no hash."""
        after = list(stopped_by)
        with self._marked({"round": number, **({"after": after} if after else {})}):
            yield

    @contextmanager
    def of_no_round(self) -> Iterator[None]:
        """Steps that are added within belong to the whole spec, even where a round is the first that asks for them:
        what stops the round does not stop them."""
        with self._marked({}):
            yield

    @contextmanager
    def _marked(self, local: dict[str, Any]) -> Iterator[None]:
        before, self._of_round = self._of_round, local
        try:
            yield
        finally:
            self._of_round = before

    def add(
        self,
        params: StepParams,
        name: Names,
        block: Shape,
        *,
        inputs: Mapping[str, str] | None = None,
        content: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        lines: Mapping[str, Line] | None = None,
        **local: Any,
    ) -> str:
        """Add a step (once) and give its id. ``inputs`` maps roles to ids; ``lines`` adds to those of the block. Of
        several names it gets the first that no other step has; that all are taken is a bug of ours, which raises: one
        of two steps would be lost in silence."""
        kind = StepKind(params.kind)
        roles = dict(inputs or {})
        read = dict(content or {})
        extensions = called(params, self._report.at(block.file))
        read |= {f"extension.{index}": used.file.hash for index, used in enumerate(extensions)}
        if extensions:
            local["extensions"] = [used.described() for used in extensions]
        version = STEP_VERSIONS[kind]
        hashes = {role: self._steps[source].hash for role, source in roles.items()}
        hash = step_hash(kind, version, params, hashes, read)
        free = self._free(kind, name, hash)
        step_id = f"{kind}:{free}"
        if step_id in self._steps:
            return step_id
        local |= self._of_round
        places = _places(self.lines(block) | dict(lines or {}), block)
        self._steps[step_id] = Step(
            kind=kind,
            name=free,
            params=params,
            inputs=roles,
            content=read,
            local={"labels": dict(labels or {}), **places, **self.models.local(params), **local},
            place=self._report.at(block.file).place(block.head),
            version=version,
            hash=hash,
        )
        return step_id

    def _free(self, kind: StepKind, name: Names, hash: str) -> str:
        """The first name that no other step has."""
        for one in (name,) if isinstance(name, str) else name:
            there = self._steps.get(f"{kind}:{one}")
            if there is None or there.hash == hash:
                return one
        raise AssertionError(f"two different steps are called {kind}:{one}")

    def step(self, step_id: str) -> Step:
        """A step that was added. Raises KeyError."""
        return self._steps[step_id]

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
