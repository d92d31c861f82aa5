"""``data = mix { real = triage.train   new = attempts }``: a mixture without a name, of all rows of its parts.

It stands in the plan under the name of its train, which it is decontaminated for. A part is told apart by its name.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.names import Names
from compiler.resolve.mixture import has_templates
from compiler.resolve.task import find_rows
from compiler.resolved import ResolvedMixture, ResolvedTask, Rows, Use
from compiler.resolved_decontaminate import Decontaminate
from compiler.schema.fields import RuleEntry
from compiler.schema.mixture import Mixture
from compiler.schema.reading import read_body
from compiler.schema.train import MixBody, Train
from spec_lang.ast import Body, Name, Ref, Rule
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import Span


def resolve_mix(
    block: Train,
    mix: MixBody,
    rules: tuple[Decontaminate, ...],
    names: Names,
    tasks: Mapping[str, ResolvedTask],
    mixtures: Mapping[str, ResolvedMixture],
) -> ResolvedMixture:
    """The mixture, as far as it is known; ``rules`` are those of the train."""
    if not mix.parts and not mix.broken:
        help = "for example `mix { real = seeds.train   new = attempts }`"
        names.report.error("SFT0226", "`mix` has no part", mix.head, help)
    uses: list[Use | None] = []
    for part in mix.parts:
        found = _part(part.value, part.name.text, names, tasks, mixtures)
        use = None if found is None else Use(entry_of(part.name, part.value, part.span), found)
        before = next((one for one in uses if one is not None and use is not None and one.name == use.name), None)
        if before is not None:
            also = [(before.entry.node.span, "used here before")]
            names.report.error("SFT0206", f"`{before.name}` is used twice", part.span, also=also)
        uses.append(use)
    return mixture_of(block, tuple(uses), rules, names)


def mixture_of(
    block: Train, uses: tuple[Use | None, ...], rules: tuple[Decontaminate, ...], names: Names
) -> ResolvedMixture:
    """All rows of what is used, as a mixture that has the name and the place of a train."""
    muted = names.report.into(Diagnostics())
    empty = read_body(Mixture, Body((), block.span), block.name, "", block.data.span, muted)
    entries = tuple(use.entry for use in uses if use is not None)
    return ResolvedMixture(Mixture(**{**vars(empty), "rules": entries}), uses, rules)


def entry_of(name: Name, rows: Ref, span: Span) -> RuleEntry:
    """A part as a mixture's rule `use` would be; the name of the part stands in the place of the verb."""
    return RuleEntry("use", rows, {}, Rule(name, rows, (), span))


def _part(
    ref: Ref | None,
    name: str,
    names: Names,
    tasks: Mapping[str, ResolvedTask],
    mixtures: Mapping[str, ResolvedMixture],
) -> Rows | ResolvedMixture | None:
    if ref is None:
        return None
    if names.kind(ref) == "mixture":
        return names.look_up(ref, ("mixture",), name, mixtures)
    rows = find_rows(ref, name, names, tasks, default_part="train", others=("mixture", "generate"))
    return rows if rows is not None and has_templates(rows.task, ref, names.report) else None
