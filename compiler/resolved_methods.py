"""Methods of a generate as they are resolved: which columns are read and written, and what answers have to pass."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from compiler.known import Known
from compiler.resolved import ResolvedMetric, ResolvedTemplate
from compiler.schema.generate_methods import BacktranslateBody, RespondBody, RewriteBody


class ResolvedRespond(Struct, frozen=True, eq=False):
    """``column`` is the one that answers go to; with ``conversation`` they are the last turn of ``messages`` too."""

    block: RespondBody
    templates: Known[ResolvedTemplate]
    column: str | None
    conversation: bool
    verify: tuple[ResolvedMetric | None, ...]
    by: ResolvedMetric | None
    hint: ResolvedTemplate | None


class ResolvedBacktranslate(Struct, frozen=True, eq=False):
    """``text`` is the column that is read, ``column`` the one that the instruction goes to; ``template`` is None for
    the wording of our own."""

    block: BacktranslateBody
    text: str | None
    column: str | None
    template: ResolvedTemplate | None


class ResolvedRewrite(Struct, frozen=True, eq=False):
    """``templates`` show the evolved instruction, which is in ``column``, to be answered into ``answer``."""

    block: RewriteBody
    templates: Known[ResolvedTemplate]
    column: str | None
    answer: str | None


ResolvedMethod: TypeAlias = ResolvedRespond | ResolvedBacktranslate | ResolvedRewrite
