"""Values that choose a shape: ``lora { rank = 16 }``, ``greedy { max_new_tokens = 48 }``, ``none``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compiler.reporting import Reporter, suggestion
from compiler.schema.fields import FieldSpec, Shape, declared
from compiler.schema.reading import read_body
from compiler.schema.values import not_runnable
from spec_lang.ast import Body, Entry, Expr, Field, Ref, Tagged


@dataclass(frozen=True, eq=False, repr=False)
class OneOf:
    """A tagged value: ``lora { rank = 16 }``; a tag without a shape (``none``) takes no braces."""

    tags: Mapping[str, type[Shape] | None]
    later: tuple[str, ...] = ()

    @property
    def expects(self) -> str:
        return "one of " + ", ".join(f"`{tag}{' { … }' if shape else ''}`" for tag, shape in self.tags.items())

    def read(self, expr: Expr, field: str, report: Reporter) -> Shape | str | None:
        """The body read by its tag's shape, or the bare tag."""
        if not isinstance(expr, Tagged | Ref):
            report.error("SFT0208", f"`{field}` takes {self.expects}", expr.span)
            return None
        tag = expr.tag.text if isinstance(expr, Tagged) else expr.text
        if tag not in self.tags:
            if tag in self.later:
                not_runnable(f"`{field} = {tag}`", expr, report)
            else:
                help = suggestion(tag, self.tags, "allowed")
                span = expr.tag.span if isinstance(expr, Tagged) else expr.span
                report.error("SFT0211", f"`{tag}` is no value of `{field}`", span, help)
            return None
        shape = self.tags[tag]
        body = expr.body if isinstance(expr, Tagged) else Body((), expr.span)
        if shape is None:
            if isinstance(expr, Tagged):
                report.error("SFT0225", f"`{field} = {tag}` takes no braces", expr.body.span)
            return tag
        self._misplaced(tag, shape, body, report)
        head = expr.tag.span if isinstance(expr, Tagged) else expr.span
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
