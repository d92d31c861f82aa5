"""``env("NAME")``: a secret that stays in the environment.

Only a field that is declared as a secret takes one (a model's ``key``). The value is read when a run
needs it, and never before: the compiler, the plan, the hashes and the store know the name alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from msgspec.structs import replace

from compiler.modules import Module
from compiler.schema.calls import CallOf
from compiler.schema.catalogue import BLOCKS
from compiler.schema.fields import FieldSpec, declared
from compiler.tree import changed_block, changed_entry
from spec_lang.ast import Block, Call, Expr, Faulty, Field

FUNCTION = "env"


def refuse_misplaced_secrets(modules: Iterable[Module]) -> None:
    """Report every ``env(…)`` that does not stand in the place of a secret; it then stands for anything."""
    for module in modules:
        if FUNCTION in module.file.text:
            module.blocks = tuple(_checked(block, module) for block in module.blocks)


def _checked(block: Block, module: Module) -> Block:
    shape = BLOCKS.get(block.kind.text)
    specs = declared(shape, FieldSpec) if shape is not None else {}
    secrets = {name for name, spec in specs.items() if isinstance(spec.type, CallOf) and spec.type.secret}
    change = partial(refused, module=module)
    if not secrets:
        return changed_block(block, change)
    entries = tuple(
        entry if isinstance(entry, Field) and entry.name.text in secrets else changed_entry(entry, change)
        for entry in block.body.entries
    )
    return replace(block, body=replace(block.body, entries=entries))


def refused(expr: Expr, module: Module) -> Expr | None:
    """What a misplaced ``env(…)`` becomes, after a report; None for anything else."""
    if not isinstance(expr, Call) or expr.func.text != FUNCTION:
        return None
    help = "a secret is the `key` of a model; what differs from run to run and is no secret is a `param`"
    module.report.error("SFT0246", "`env` stands only where a secret is taken", expr.span, help)
    return Faulty(expr.span)
