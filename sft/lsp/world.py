"""What the compiler sees of the world while somebody edits: unsaved specs first, then the disk.

Columns of sources are kept by the size and the time of change of their files, so that a keystroke
costs a ``stat`` and not a hash of the data. Whether a model is there is looked up once in a few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from compiler.world import ColumnType, ModelFacts, Problem, SourceFacts
from runtime.world import LocalWorld

_MODEL_SECONDS = 5.0

Stamp: TypeAlias = tuple[tuple[str, int, int], ...]
Places: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass
class EditorWorld:
    """Implements ``compiler.world.World``. ``unsaved`` gives the text of a file that is open in the editor."""

    folder: Path
    unsaved: Callable[[Path], str | None]
    _sources: dict[tuple[str, str | None], tuple[Stamp, SourceFacts | Problem]] = field(default_factory=dict)
    _inner: dict[tuple[str, str | None, Places], tuple[Stamp, tuple[ColumnType, ...]]] = field(default_factory=dict)
    _models: dict[str, tuple[float, Problem | None]] = field(default_factory=dict)

    def read_text(self, path: str) -> str | Problem:
        text = self.unsaved(self.folder / path)
        return text if text is not None else LocalWorld(self.folder).read_text(path)

    def extension(self, path: str | None, package: str | None) -> str | Problem:
        text = self.unsaved(self.folder / path) if path is not None else None
        return text if text is not None else LocalWorld(self.folder).extension(path, package)

    def source(self, path: str, log: str | None = None) -> SourceFacts | Problem:
        stamp = self._stamp(path)
        known = self._sources.get((path, log))
        if known is None or stamp is None or known[0] != stamp:
            known = (stamp or (), LocalWorld(self.folder).source(path, log))
            self._sources[path, log] = known
        return known[1]

    def inner_types(self, path: str, places: Places, log: str | None = None) -> tuple[ColumnType, ...]:
        key = (path, log, places)
        stamp = self._stamp(path) or ()
        known = self._inner.get(key)
        if known is None or known[0] != stamp:
            known = (stamp, LocalWorld(self.folder).inner_types(path, places, log))
            self._inner[key] = known
        return known[1]

    def _stamp(self, path: str) -> Stamp | None:
        """Names, sizes and times of the files that a path names; None when it names none."""
        from runtime.source_files import find_files

        try:
            found = find_files(self.folder, path)
            if isinstance(found, Problem):
                return None
            stats = [(name, (self.folder / name).stat()) for name in found]
        except (OSError, ValueError):
            return None
        return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)

    def model(self, weights: str, chat_template: str | None) -> ModelFacts | Problem:
        return LocalWorld(self.folder).model(weights, chat_template)

    def classifier(self, weights: str) -> ModelFacts | Problem:
        return LocalWorld(self.folder).classifier(weights)

    def languages(self) -> str:
        return LocalWorld(self.folder).languages()

    def model_exists(self, weights: str) -> Problem | None:
        known = self._models.get(weights)
        if known is None or time.monotonic() - known[0] > _MODEL_SECONDS:
            known = (time.monotonic(), LocalWorld(self.folder).model_exists(weights))
            self._models[weights] = known
        return known[1]
