"""Where a field that a block does not have was probably headed: names of other tools, and options of a value.

The names are those of trainers and evaluation harnesses that people come from; a block gets a suggestion only when it
has the field that the name stands for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from compiler.schema.fields import FieldSpec, declared

OTHER_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "batch_size": ("batch",),
        "per_device_train_batch_size": ("batch",),
        "num_train_epochs": ("epochs",),
        "num_epochs": ("epochs",),
        "lr": ("learning_rate",),
        "lr_scheduler": ("schedule",),
        "lr_scheduler_type": ("schedule",),
        "warmup_ratio": ("warmup",),
        "max_seq_length": ("max_length",),
        "max_seq_len": ("max_length",),
        "cutoff_len": ("max_length",),
        "sequence_len": ("max_length",),
        "gradient_clipping": ("max_grad_norm",),
        "loss": ("objective",),
        "dataset": ("data", "from"),
        "eval_dataset": ("validation",),
        "base_model": ("model",),
        "file": ("path",),
        "files": ("path",),
        "path": ("weights",),
        "source": ("from",),
        "limit": ("sample",),
        "num_samples": ("sample",),
        "max_samples": ("sample",),
        "fraction": ("sample",),
        "prompt": ("user",),
        "question": ("user",),
        "answer": ("assistant",),
        "response": ("assistant",),
        "completion": ("assistant",),
        "generation": ("decode",),
    }
)


def other_name(name: str, fields: Mapping[str, FieldSpec]) -> str | None:
    """The field of this block that another tool calls so."""
    return next((known for known in OTHER_NAMES.get(name.lower(), ()) if known in fields), None)


def belongs_in(name: str, fields: Mapping[str, FieldSpec]) -> str | None:
    """How to write a choice of a field, or an option of one: ``decode = greedy { max_new_tokens = … }``."""
    for field, spec in fields.items():
        tags = getattr(spec.type, "tags", {})
        if name in tags:
            return f"write `{field} = {name}{' { … }' if tags[name] else ''}`"
        for tag, shape in tags.items():
            if shape is not None and name in declared(shape, FieldSpec):
                return f"write `{field} = {tag} {{ {name} = … }}`"
    return None
