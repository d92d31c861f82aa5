"""The number of worked examples as an axis of an eval: ``few_shot = [0, 2, 5]`` shows every template with each.

A template with a ``few_shot`` block keeps its rows, its text and its seed, and gets another count; one without shows
examples of the part ``train`` of the eval's task as turns. They are drawn once for all items of the eval unless the
block says otherwise: prompts then begin alike, which is read once, and items differ by what is asked alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from compiler.reporting import Reporter
from compiler.resolve.few_shot import PART, HeldOut, check_held_out, pool_of
from compiler.resolve.recorded import only_recorded
from compiler.resolve.template import FEW_SHOT
from compiler.resolved import ResolvedEval, ResolvedModel
from compiler.resolved_template import Piece, ResolvedFewShot, ResolvedTemplate
from compiler.schema.eval import Eval
from compiler.schema.fields import Shape, Value
from compiler.schema.template import FewShot


class Shown(Struct, frozen=True, eq=False):
    """A template as an eval shows it: under its own name, or with a number of examples (``plain@5``)."""

    template: ResolvedTemplate
    base: str
    count: int | None = None

    @property
    def label(self) -> str:
        return self.base if self.count is None else f"{self.base}@{self.count}"

    @property
    def step(self) -> str:
        """The name in those of steps, in which an `@` stands before a row."""
        return self.base if self.count is None else f"{self.base}.{self.count}"


def shown_templates(item: ResolvedEval) -> tuple[Shown, ...]:
    """The templates of an eval in the order of the cells, as far as they are known: one with all counts, then the next
    one."""
    counts = item.block.few_shot.value
    if not counts:
        return tuple(Shown(template, template.name) for template in item.templates)
    return tuple(_with_count(template, count, item.block) for template in item.templates for count in counts)


def _with_count(template: ResolvedTemplate, count: int, block: Eval) -> Shown:
    if count == 0:
        roles = {role: _without_examples(pieces) for role, pieces in template.roles.items()}
        return Shown(replace(template, roles=roles, few_shot=None), template.name, 0)
    own = template.few_shot
    given = own.block if own is not None else _as_turns(block)
    read = {**vars(given), "count": Value(count, block.few_shot.span)}
    if not given.draw.given:
        read["draw"] = Value("once", block.few_shot.span)
    few_shot = ResolvedFewShot(
        FewShot(**read),
        own.pieces if own is not None else None,
        own.placeholders if own is not None else (),
        own.rows if own is not None else None,
    )
    return Shown(replace(template, few_shot=few_shot), template.name, count)


def _without_examples(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    kept = (piece for piece in pieces if piece.made != FEW_SHOT)
    return tuple(replace(piece, optional=_without_examples(piece.optional)) for piece in kept)


def _as_turns(block: Eval) -> FewShot:
    """What a template without the block shows."""
    place = block.few_shot.span
    nothing = Value(None, place, given=False)
    return FewShot(
        name="",
        file=block.file,
        head=place,
        span=place,
        lines={},
        broken=frozenset(),
        count=nothing,
        rows=nothing,
        text=nothing,
        draw=Value("each_row", place, given=False),
        seed=Value(0, place, given=False),
    )


def check_counts(block: Eval, item: ResolvedEval, report: Reporter) -> None:
    """Report counts that stand twice, a slice by counts where there are none, and rows that no template can put
    examples before."""
    counts = block.few_shot
    for rule in block.slices:
        of = item.slices.get(rule.name.text)
        if of is not None and of.by == "few_shot" and not counts.given and "few_shot" not in block.broken:
            message = f"slice `{rule.name.text}` groups by numbers of examples, and eval `{block.name}` has none"
            report.error("SFT0225", message, rule.expr.span, "add `few_shot = [0, 5]`")
    recorded = next((model for model in item.models if isinstance(model, ResolvedModel) and model.is_recorded), None)
    for field, given in (("few_shot", counts.given), ("samples", block.samples.value > 1)):
        if recorded is not None and given:
            message = f"the answers of `{recorded.name}` are recorded, and `{field}` says how a model is asked"
            help = "leave it out" if only_recorded(item.models) else "evaluate it in an eval of its own"
            report.error("SFT0225", message, getattr(block, field).span, help)
    twice = next((n for n in counts.value if counts.value.count(n) > 1), None)
    if twice is not None:
        report.error("SFT0205", f"`{twice}` stands twice in `few_shot`", counts.span)
    if any(counts.value) and any(template.as_it_is for template in item.templates):
        message = "these rows are conversations and have no template, so there is nothing to show examples with"
        report.error("SFT0225", message, counts.span, f"leave it out, or give eval `{block.name}` `templates`")


def check_sources(
    evals: Mapping[str, ResolvedEval], held_out: Sequence[HeldOut], report_of: Callable[[Shape], Reporter]
) -> None:
    """Report counts of examples for which there are no rows, or only rows that are held out."""
    for item in evals.values():
        for few_shot, template in _drawn(item):
            report, place = report_of(item.block), item.block.few_shot.span
            assert item.data is not None
            pool = pool_of(few_shot, item.data.task)
            if pool is not None:
                check_held_out(template, pool, place, held_out, report)
            elif not few_shot.block.rows.given and (item.data.task.parts is None or not item.data.task.parts.more):
                task = item.data.task.name
                message = f"there are no rows to draw examples from: task `{task}` has no part `{PART}`"
                help = f"give task `{task}` a split, or template `{template}` a `few_shot {{ rows = … }}`"
                report.error("SFT0273", message, place, help)
                break


def _drawn(item: ResolvedEval) -> Iterator[tuple[ResolvedFewShot, str]]:
    """Each template's examples once, with its name: what they are drawn from is the same for all counts. Those of a
    template with a block of its own are checked with the template."""
    most = max(item.block.few_shot.value, default=0)
    if item.data is None or most == 0:
        return
    for template in item.templates:
        if not template.as_it_is and template.few_shot is None:
            few_shot = _with_count(template, most, item.block).template.few_shot
            assert few_shot is not None
            yield few_shot, template.name
