"""Which block kinds there are, and which of them, or of their entries, this version checks but cannot run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from compiler.schema import eval as eval_schema
from compiler.schema import filter as filter_schema
from compiler.schema import gate as gate_schema
from compiler.schema import lint as lint_schema
from compiler.schema import mixture as mixture_schema
from compiler.schema import model as model_schema
from compiler.schema import source as source_schema
from compiler.schema import task as task_schema
from compiler.schema import template as template_schema
from compiler.schema import train as train_schema
from compiler.schema.extension import Extension
from compiler.schema.feedback import Feedback
from compiler.schema.fields import Shape
from compiler.schema.generate import Generate
from compiler.schema.guardrail import Guardrail
from compiler.schema.judge import Judge
from compiler.schema.loop import Loop
from compiler.schema.policy import Policy
from compiler.schema.redteam import Redteam
from compiler.schema.review import Review
from compiler.schema.score import Score

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
        "lint": lint_schema.Lint,
        "extension": Extension,
        "score": Score,
        "generate": Generate,
        "loop": Loop,
        "policy": Policy,
        "judge": Judge,
        "review": Review,
        "redteam": Redteam,
        "guardrail": Guardrail,
        "feedback": Feedback,
    }
)

# Fields, verbs, clauses and nested blocks of a kind that are checked and that no step runs yet.
LATER_ENTRIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "model": model_schema.LATER,
        "source": source_schema.LATER,
        "mixture": mixture_schema.LATER,
        "train": train_schema.LATER,
        "eval": eval_schema.LATER,
        "gate": gate_schema.LATER,
    }
)

# Kinds that are checked and cannot run yet, with the step that is missing. A kind leaves this table when a lowering for
# it is there.
LATER_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "redteam": "the step that attacks a model",
        "guardrail": "the step that calibrates a threshold",
        "feedback": "the step that takes feedback into a source",
    }
)
