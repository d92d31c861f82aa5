"""The specs that mistakes are made in: those that ship, those of the documents, and one that uses every kind of
block."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from compiler.world import BaselineFacts, ColumnType, ModelFacts, Problem, SourceFacts, World
from runtime.world import LocalWorld
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART
from tests.compiler.test_lifecycle import SPEC, world
from tests.mutations.mutant import Original

ROOT = Path(__file__).parents[2]


@dataclass
class Remembering:
    """A world that asks the real one about each file once: hundreds of specs look at the same few."""

    inner: World
    seen: dict[tuple[object, ...], object] = field(default_factory=dict)

    def _once(self, question: str, *about: object) -> object:
        key = (question, *about)
        if key not in self.seen:
            self.seen[key] = getattr(self.inner, question)(*about)
        return self.seen[key]

    def read_text(self, path: str) -> str | Problem:
        return self._once("read_text", path)  # type: ignore[return-value]

    def source(self, path: str, log: str | None = None) -> SourceFacts | Problem:
        return self._once("source", path, log)  # type: ignore[return-value]

    def inner_types(
        self, path: str, places: tuple[tuple[str, ...], ...], log: str | None = None
    ) -> tuple[ColumnType, ...]:
        return self.inner.inner_types(path, places, log)

    def baseline(self, name: str) -> BaselineFacts | Problem:
        return self.inner.baseline(name)

    def languages(self) -> str:
        return "languages"

    def model_exists(self, weights: str) -> Problem | None:
        return self._once("model_exists", weights)  # type: ignore[return-value]

    def extension(self, path: str | None, package: str | None) -> str | Problem:
        return self.inner.extension(path, package)

    def classifier(self, weights: str) -> ModelFacts | Problem:
        return self.inner.classifier(weights)

    def model(self, weights: str, chat_template: str | None) -> ModelFacts | Problem:
        return self.inner.model(weights, chat_template)


def _fence(path: Path) -> str:
    found = re.search(r"^```sft\n(edition.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None, path
    return found[1]


@cache
def originals() -> tuple[Original, ...]:
    triage, starter = ROOT / "examples/triage", ROOT / "sft/starter"
    real = Remembering(LocalWorld(triage))
    return (
        Original("quickstart", QUICKSTART, FakeWorld()),
        Original("example", (triage / "triage.sft").read_text(encoding="utf-8"), real),
        Original("starter", (starter / "triage.sft").read_text(encoding="utf-8"), Remembering(LocalWorld(starter))),
        Original("readme", _fence(ROOT / "README.md"), real),
        Original("lifecycle", SPEC, world()),
        Original("wider", (Path(__file__).parent / "wider.sft").read_text(encoding="utf-8"), FakeWorld()),
    )
