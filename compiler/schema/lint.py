"""``lint``: how loud each lint is in this file. It changes no step and no hash."""

from __future__ import annotations

from msgspec import Struct

from compiler.reporting import Reporter, written_anew
from compiler.schema.fields import Entry, Shape, Value, field, others
from compiler.schema.values import Word
from compiler.schema.written import wrong_type
from spec_lang.ast import BoolLit, Expr, Ref, StringLit


class Flag(Struct, frozen=True, eq=False):
    """``true`` or ``false``."""

    expects: str = "`true` or `false`"

    def read(self, expr: Expr, field: str, report: Reporter) -> bool | None:
        if isinstance(expr, BoolLit):
            return expr.value
        word = expr.text if isinstance(expr, Ref) else expr.value if isinstance(expr, StringLit) else ""
        meant = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
        text = meant.get(word.lower())
        help = f"write `{text}`" if text else None
        wrong_type(expr, field, self.expects, report, help, written_anew(expr.span, text))
        return None


class Lint(Shape):
    strict: Value[bool] = field(Flag(), "`true` makes an error of every lint that is not set otherwise", default=False)
    levels: tuple[Entry[str], ...] = others(Word(("allow", "warn", "deny")), "lints")
