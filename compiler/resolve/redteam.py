"""Red teams: the model, and attacks by where they come from."""

from __future__ import annotations

from compiler.known import Known
from compiler.names import Names
from compiler.resolve.label import check_label
from compiler.resolve.policy import check_policy
from compiler.resolve.tables import Tables, rows_or_source
from compiler.resolved_lifecycle import ResolvedRedteam, RowsOrSource
from compiler.schema.fields import Value
from compiler.schema.redteam import Redteam
from spec_lang.ast import Ref


def resolve_redteam(block: Redteam, names: Names, tables: Tables) -> ResolvedRedteam:
    """The red team, as far as it is known."""
    target = names.look_up(block.target.value, ("model", "train"), "target", tables.either)
    public = _attacks(block.public, "public", names, tables)
    private = _attacks(block.private, "private", names, tables)
    if public.empty and private.empty:
        help = "name sources in `public` and `private`"
        names.report.error("SFT0226", f"redteam `{block.name}` has no attacks", block.head, help)
    for ref in block.private.value:
        if ref.text in public.items:
            message = f"the attacks `{ref.text}` are public and private"
            names.report.error("SFT0225", message, ref.span, also=[(block.public.span, "public here")])
    if block.automated is not None and block.automated.model.value is not None:
        names.stands(block.automated.model.value, ("model", "train"), "model")
    if block.success.value is not None:
        check_label(block.success.value, "`success`", names, tables.judges, "SFT0208")
    check_policy(block.policy.value, names)
    return ResolvedRedteam(block, target, public, private)


def _attacks(refs: Value[tuple[Ref, ...]], field: str, names: Names, tables: Tables) -> Known[RowsOrSource]:
    found: dict[str, RowsOrSource | None] = {}
    for ref in refs.value:
        if ref.text in found:
            names.report.error("SFT0205", f"`{ref.text}` stands twice in `{field}`", ref.span)
        else:
            found[ref.text] = rows_or_source(ref, field, names, tables)
    return Known(found, more=not refs.known)
