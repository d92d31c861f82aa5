"""Typed and lowered expressions from their text, for tests."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.column_scope import ColumnScope
from compiler.expression_types import check
from compiler.known import Known
from compiler.reporting import Reporter
from compiler.typed import Typed
from compiler.world import ColumnType
from spec_lang.ast import Expr, Rule
from spec_lang.diagnostics import Diagnostics
from spec_lang.parsing import parse
from spec_lang.source import SourceFile


def parsed(text: str) -> tuple[Expr, SourceFile]:
    file = SourceFile("spec.sft", f"edition 2026\nfilter f {{\n  keep {text}\n}}\n")
    diagnostics = Diagnostics()
    rule = parse(file, diagnostics).spec.blocks[0].body.entries[0]
    assert not list(diagnostics) and isinstance(rule, Rule) and rule.expr is not None
    return rule.expr, file


def typed(text: str, columns: Mapping[str, ColumnType]) -> tuple[Typed | None, Diagnostics]:
    expr, file = parsed(text)
    diagnostics = Diagnostics()
    return check(expr, ColumnScope(Known(columns), "source `s`", Reporter(file, diagnostics))), diagnostics


def sound(text: str, columns: Mapping[str, ColumnType]) -> Typed:
    found, diagnostics = typed(text, columns)
    assert found is not None, [item.message for item in diagnostics]
    return found
