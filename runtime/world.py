"""The compiler's window on this machine: files and models as they are now.

Answers are cached by the callee (by file identity and by content hash), so asking again costs a
``stat`` a file. ``check`` asks only the cheap questions; nothing here imports torch once a model's
facts are known. A struct, as in the compiler: dataclasses cost `sft check` their import.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from compiler.world import BaselineFacts, ColumnType, ModelFacts, Problem, SourceFacts


class LocalWorld(Struct, frozen=True):
    """Implements ``compiler.world.World`` for the folder of a spec."""

    spec_dir: Path

    def read_text(self, path: str) -> str | Problem:
        from runtime.spec_texts import read_spec_text

        return read_spec_text(self.spec_dir, path)

    def extension(self, path: str | None, package: str | None) -> str | Problem:
        from runtime.extension_files import read_extension

        return read_extension(self.spec_dir, path, package)

    def source(self, path: str, log: str | None = None) -> SourceFacts | Problem:
        from runtime.source_facts import read_source_facts

        return read_source_facts(self.spec_dir, path, log=log)

    def inner_types(
        self, path: str, places: tuple[tuple[str, ...], ...], log: str | None = None
    ) -> tuple[ColumnType, ...]:
        from runtime.inner_types import read_inner_types

        return read_inner_types(self.spec_dir, path, places, log=log)

    def model(self, weights: str, chat_template: str | None) -> ModelFacts | Problem:
        from runtime.models.model_facts import model_facts

        return model_facts(weights, chat_template, self.spec_dir)

    def classifier(self, weights: str) -> ModelFacts | Problem:
        from runtime.models.model_facts import classifier_facts

        return classifier_facts(weights, self.spec_dir)

    def languages(self) -> str:
        from runtime.languages import model_hash

        return model_hash()

    def baseline(self, name: str) -> BaselineFacts | Problem:
        from runtime.blessed_file import baseline_facts

        return baseline_facts(self.spec_dir, name)

    def model_exists(self, weights: str) -> Problem | None:
        from runtime.models.weights import model_exists

        return model_exists(weights, self.spec_dir)
