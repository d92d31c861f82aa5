"""Which block kinds there are, and which the language names but this version cannot run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from compiler.schema import eval as eval_schema
from compiler.schema import filter as filter_schema
from compiler.schema import gate as gate_schema
from compiler.schema import mixture as mixture_schema
from compiler.schema import model as model_schema
from compiler.schema import source as source_schema
from compiler.schema import task as task_schema
from compiler.schema import template as template_schema
from compiler.schema import train as train_schema
from compiler.schema.fields import Shape

BLOCKS: Mapping[str, type[Shape]] = MappingProxyType(
    {
        "model": model_schema.Model,
        "source": source_schema.Source,
        "template": template_schema.Template,
        "filter": filter_schema.Filter,
        "task": task_schema.Task,
        "mixture": mixture_schema.Mixture,
        "train": train_schema.Train,
        "eval": eval_schema.Eval,
        "gate": gate_schema.Gate,
    }
)

# Fields, verbs, clauses and nested blocks of a kind that the language has and this version has not.
LATER_ENTRIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "model": model_schema.LATER,
        "source": source_schema.LATER,
        "filter": filter_schema.LATER,
        "task": task_schema.LATER,
        "mixture": mixture_schema.LATER,
        "train": train_schema.LATER,
        "eval": eval_schema.LATER,
        "gate": gate_schema.LATER,
    }
)

LATER_KINDS = ("score", "generate", "loop", "policy", "judge", "review", "redteam", "guardrail", "feedback")
