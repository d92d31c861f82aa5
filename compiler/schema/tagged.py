"""Values that choose a shape: ``lora { rank = 16 }``, ``greedy { max_new_tokens = 48 }``, ``none``."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from compiler.reporting import Reporter, renamed_word, suggestion
from compiler.schema.fields import FieldSpec, Shape, declared
from compiler.schema.reading import read_body
from compiler.schema.values import not_runnable
from compiler.schema.written import wrong_type
from compiler.value_fixes import braced, unquoted
from spec_lang.ast import Body, Call, Entry, Expr, Field, Ref, StringLit, Tagged
from spec_lang.diagnostics import Edit


class OneOf(Struct, frozen=True, eq=False):
    """A tagged value: ``lora { rank = 16 }``; a tag without a shape (``none``) takes no braces. ``later`` names tags
    that are checked and cannot run yet."""

    tags: Mapping[str, type[Shape] | None]
    later: tuple[str, ...] = ()

    @property
    def expects(self) -> str:
        return "one of " + ", ".join(f"`{tag}{' { … }' if shape else ''}`" for tag, shape in self.tags.items())

    def read(self, expr: Expr, field: str, report: Reporter) -> Shape | str | None:
        """The body read by its tag's shape, or the bare tag."""
        if not isinstance(expr, Tagged | Ref):
            bare = isinstance(expr, StringLit) and expr.value in self.tags
            help = f"write it without quotes: `{expr.value}`" if isinstance(expr, StringLit) and bare else None
            fix = unquoted(expr) if bare else ()
            if isinstance(expr, Call) and self.tags.get(expr.func.text):
                text = braced(expr, report.file)
                help, fix = f"write `{text}`", (Edit(expr.span, text),)
            wrong_type(expr, field, self.expects, report, help, fix)
            return None
        tag = expr.tag.text if isinstance(expr, Tagged) else expr.text
        head = expr.tag.span if isinstance(expr, Tagged) else expr.span
        if tag not in self.tags:
            help = suggestion(tag, self.tags, "allowed")
            fix = renamed_word(expr.tag if isinstance(expr, Tagged) else expr, self.tags)
            report.error("SFT0211", f"`{tag}` is no value of `{field}`", head, help, fix=fix)
            return None
        if tag in self.later:
            not_runnable(f"`{field} = {tag}`", expr.tag if isinstance(expr, Tagged) else expr, report)
        shape = self.tags[tag]
        body = expr.body if isinstance(expr, Tagged) else Body((), expr.span)
        if shape is None:
            if isinstance(expr, Tagged):
                report.error("SFT0225", f"`{field} = {tag}` takes no braces", expr.body.span)
            return tag
        self._misplaced(tag, shape, body, report)
        known = Body(tuple(e for e in body.entries if not self._belongs_elsewhere(e, tag, shape)), body.span)
        return read_body(shape, known, tag, f"`{tag}`", head, report)

    def _belongs_elsewhere(self, entry: Entry, tag: str, shape: type[Shape]) -> str | None:
        if not isinstance(entry, Field) or entry.name.text in declared(shape, FieldSpec):
            return None
        return next(
            (other for other, s in self.tags.items() if s is not None and entry.name.text in declared(s, FieldSpec)),
            None,
        )

    def _misplaced(self, tag: str, shape: type[Shape], body: Body, report: Reporter) -> None:
        for entry in body.entries:
            other = self._belongs_elsewhere(entry, tag, shape)
            if other is not None and isinstance(entry, Field):
                name = entry.name.text
                report.error(
                    "SFT0225",
                    f"`{name}` is not allowed with `{tag}`",
                    entry.name.span,
                    f"`{name}` belongs to `{other}`",
                )
