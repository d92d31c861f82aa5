"""A template whose `user` and `system` hold no column, so that every row asks the model the same."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.template_text import columns_of, filled, marked, printf
from compiler.resolve.template import OF_OPTIONS
from compiler.resolved_template import Piece, ResolvedTemplate
from compiler.template_pieces import flat


def _find(facts: Facts) -> Iterator[Finding]:
    for template in facts.own(facts.spec.templates):
        if _constant(template) and not [*filled(facts, template), *marked(facts, template)]:
            also = ": `%s` is text" if printf(template, "user") else ""
            yield Finding(
                f"`user` of template `{template.name}` has no placeholder{also}",
                template.block.user.span,
                f"put a column where its value belongs, such as `{{{_column(facts, template)}}}`",
            )


def _constant(template: ResolvedTemplate) -> bool:
    """Whether what the model is asked is known, and holds no column; a `system` with one asks for it."""
    block = template.block
    asked = [template.roles.get("user")]
    if block.system.given or not block.system.known:
        asked.append(template.roles.get("system"))
    known = [pieces for pieces in asked if pieces is not None]
    return len(known) == len(asked) and not any(_asks(pieces) for pieces in known)


def _asks(pieces: tuple[Piece, ...]) -> bool:
    """Whether a text differs from row to row."""
    return any(piece.column is not None or piece.made in OF_OPTIONS for piece in flat(pieces))


def _column(facts: Facts, template: ResolvedTemplate) -> str:
    """A column that the template does not show yet."""
    shown = {name for name, _ in template.placeholders}
    texts = (name for name, kind in columns_of(facts, template).items() if kind == "text" and name not in shown)
    return next(texts, "instruction")


LINT = Lint(
    "SFT0726",
    "constant_user",
    "warn",
    "the rows differ in their answers alone, and the model is asked the same for all of them",
    _find,
)
