"""Expressions of rules as SQL, with what they ask of models: tokenizers, control tokens, the model of languages.

The names of models give way to hashes and tokens here, so that a renamed model runs nothing again. How a run finds a
tokenizer stays outside of the hash, in the ``local`` of the step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler.lower.model import model_local
from compiler.params_base import Params, Prepared, inside
from compiler.resolved import ResolvedModel
from compiler.sql import lower, lower_measured
from compiler.step_params import Sql
from compiler.typed import Apply, Constant, Typed, changed
from compiler.world import ModelFacts


class RuleModels(Struct, frozen=True):
    """``roots`` are the models, and those at the bottom of trains, by the name of either; ``facts`` by that of the
    model. ``languages`` is the hash of the model that tells languages, empty where no rule asks."""

    roots: Mapping[str, ResolvedModel] = {}
    facts: Mapping[str, ModelFacts] = {}
    languages: str = ""

    def sql(self, expr: Typed) -> Sql:
        """An expression as SQL."""
        return lower(self._told(expr))

    def measured(self, expr: Typed) -> Sql:
        """What the ledger records of a dropped row."""
        return lower_measured(self._told(expr))

    def local(self, params: Params) -> dict[str, Any]:
        """How a run finds the tokenizers that a step asks for, by their hashes; nothing where it asks for none."""
        wanted = {item.model for item in inside(params, Prepared) if item.function == "tokens"} if self.roots else set()
        found = {
            self.facts[root.name].tokenizer: model_local(root)
            for root in self.roots.values()
            if root.name in self.facts and self.facts[root.name].tokenizer in wanted
        }
        return {"tokenizers": found} if found else {}

    def _told(self, expr: Typed) -> Typed:
        told = changed(expr, self._told)
        return self._call(told) if isinstance(told, Apply) else told

    def _call(self, call: Apply) -> Apply:
        last = call.arguments[-1]
        if call.function.tells_languages:
            return replace(call, arguments=(*call.arguments, Constant(self.languages, "text", call.span)))
        if len(call.arguments) < len(call.function.parameters) or call.function.parameters[-1].kind != "model":
            return call
        assert isinstance(last, Constant)
        facts = self.facts[self.roots[str(last.value)].name]
        if call.function.prepared:
            told = Constant(facts.tokenizer, "text", last.span)
        else:
            told = Constant(json.dumps(sorted(set(facts.special_tokens)), ensure_ascii=False), "list", last.span)
        return replace(call, arguments=(*call.arguments[:-1], told))
