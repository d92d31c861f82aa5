"""What the compiler must know of the world, through one small protocol.

The compiler itself opens no data file and no model: the runtime answers these questions (and
caches the answers by file identity), tests answer them from a dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from msgspec import Struct

ColumnType = Literal["text", "number", "bool", "list", "json", "null"]
LOGS = ("lm_eval", "inspect")  # formats that a spec has to name, because their files look like others


class SourceFacts(Struct, frozen=True):
    """A source as found: the type of every column over all readable rows, and the hash of each file's bytes.

    ``rows`` counts the rows that could be read, ``unreadable`` the lines that could not (they become
    ledger entries when the source is ingested). ``problem`` is set when nothing can be said: the file is
    missing, is a folder, or holds no readable row at all. ``mixed`` are the columns that hold lists or objects beside
    other values, with the types of what they hold; ``rounded`` those of numbers that lose digits, because some are no
    integers of 64 bits and others have more digits than a double.
    """

    format: Literal["jsonl", "json", "csv", "tsv", "parquet", "lm_eval", "inspect"]
    files: tuple[tuple[str, str], ...]  # (path relative to the spec, hash), in a fixed order
    columns: dict[str, ColumnType]
    rows: int
    unreadable: int = 0
    mixed: dict[str, tuple[ColumnType, ...]] = {}
    rounded: tuple[str, ...] = ()


class ModelFacts(Struct, frozen=True):
    """Hashes of what determines a model's behaviour, and the texts that its tokenizer treats as special."""

    weights: str
    tokenizer: str
    chat_template: str
    special_tokens: tuple[str, ...]


class BlessedEval(Struct, frozen=True):
    """An eval of a blessed run: how many ``items`` it had, and how it measured them (``compiler.measured_alike``)."""

    items: int
    how: Mapping[str, Mapping[str, Any]]


class BaselineFacts(Struct, frozen=True):
    """A blessed run, from the file that ``sft bless`` wrote: ``path`` is relative to the spec, ``content`` the hash of
    everything in it, ``run`` and ``date`` say which run it was and when it ended."""

    name: str
    path: str
    content: str
    run: str
    date: str
    evals: Mapping[str, BlessedEval]


class Problem(Struct, frozen=True):
    """Why a question could not be answered; becomes a diagnostic at the field that asked."""

    code: str
    message: str
    help: str | None = None


class World(Protocol):
    """Answers about files and models. Paths are relative to the folder of the main spec."""

    def read_text(self, path: str) -> str | Problem:
        """The text of another spec, which is UTF-8; SFT0230 when it cannot be read."""

    def extension(self, path: str | None, package: str | None) -> str | Problem:
        """The text of an extension's Python file, by its path or by the entry point of an installed package; nothing of
        it is run. SFT0266."""

    def source(self, path: str, log: str | None = None) -> SourceFacts | Problem:
        """Columns, types and content hashes of a source; ``log`` is one of ``LOGS``."""

    def inner_types(
        self, path: str, places: tuple[tuple[str, ...], ...], log: str | None = None
    ) -> tuple[ColumnType, ...]:
        """The type of each place inside the fields of a source, over all its rows: a field, then keys of objects and
        positions in lists. ``null`` where no row has a value; asked only of sources that can be read."""

    def model(self, weights: str, chat_template: str | None) -> ModelFacts | Problem:
        """Hashes of a model's weights, tokenizer and chat template; may convert a GGUF file the first time."""

    def classifier(self, weights: str) -> ModelFacts | Problem:
        """Hashes of a sequence classifier's weights and tokenizer; it needs no chat template."""

    def languages(self) -> str:
        """The hash of the model that tells languages."""

    def baseline(self, name: str) -> BaselineFacts | Problem:
        """The run that was blessed under a name, from its file beside the spec; SFT0661, SFT0662."""

    def model_exists(self, weights: str) -> Problem | None:
        """A cheap look (no hashing, no conversion): can these weights be found?"""
