"""Loops: blocks of one round, which see each other and the blocks of the file, and what ends the rounds."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from compiler.names import Declared, Names
from compiler.reporting import suggestion
from compiler.resolve.eval import resolve_eval
from compiler.resolve.generate import PREVIOUS, resolve_generate
from compiler.resolve.tables import Tables
from compiler.resolve.train import resolve_trains
from compiler.resolved import ResolvedEval
from compiler.resolved_lifecycle import ResolvedLoop
from compiler.schema.fields import RuleEntry, Shape
from compiler.schema.generate import Generate
from compiler.schema.generate_methods import RespondBody
from compiler.schema.loop import GUARD, Loop
from compiler.schema.written import wrong_unit
from spec_lang.ast import Block, Body, Name, Ref
from spec_lang.quantities import Unit
from spec_lang.source import Span


def resolve_loop(block: Loop, outside: Names, tables: Tables) -> ResolvedLoop:
    """The loop, as far as it is known."""
    names = _names_inside(block, outside)
    for kind, shapes in (("generate", block.generates), ("train", block.trains)):
        if not shapes and not block.broken:
            help = f"add `{kind} NAME {{ … }}`"
            outside.report.error("SFT0226", f"loop `{block.name}` has no `{kind}`", block.head, help)
    trains = resolve_trains(block.trains, lambda _: names, tables.models, tables.tasks, tables.mixtures)
    either = {**tables.either, **trains}
    evals: dict[str, ResolvedEval] = {}
    for shape in block.evals:
        evals.setdefault(shape.name, resolve_eval(shape, names, either, tables.tasks, tables.templates, tables.judges))
    inside = replace(tables, either=either, evals={**tables.evals, **evals})
    generates = tuple(resolve_generate(item, names, inside) for item in block.generates)
    for item in block.generates:
        _check_selects(item, names)
    guards = [rule for rule in block.rules if rule.verb == "guard" and rule.expr is not None]
    for rule in block.rules:
        if rule.verb == "stop":
            _check_stop(rule, evals, names)
    limits = tuple(GUARD.read(rule.expr, "guard", names.report) for rule in guards if rule.expr is not None)
    return ResolvedLoop(block, generates, trains, evals, limits)


def _names_inside(block: Loop, outside: Names) -> Names:
    """The names of the file and of the loop; ``previous`` is the model of the round before."""
    blocks = dict(outside.blocks)
    kinds: tuple[tuple[str, tuple[Shape, ...]], ...] = (
        ("generate", block.generates),
        ("train", block.trains),
        ("eval", block.evals),
    )
    for kind, shapes in kinds:
        for shape in shapes:
            full = outside.space + shape.name
            before = blocks.get(full)
            if before is not None:
                message = f"`{shape.name}` is declared twice"
                help = "blocks of a loop share the names of the file; rename one of them"
                outside.report.error("SFT0206", message, shape.head, help, [before.label])
            else:
                blocks[full] = Declared(_node(kind, shape.name, shape.head), block.file)
    blocks.setdefault(outside.space + PREVIOUS, Declared(_node("train", PREVIOUS, block.head), block.file))
    return replace(outside, blocks=blocks)


def _node(kind: str, name: str, head: Span) -> Block:
    """A block as the table of names holds it."""
    return Block(Name(kind, head), Name(name, head), Body((), head), head)


def _check_selects(block: Generate, names: Names) -> None:
    """A round that trains on everything it wrote learns nothing but itself."""
    answers = isinstance(block.method.value, RespondBody)
    if answers and not {"verify", "scores", "filters"} & (block.lines.keys() | block.broken):
        message = f"every answer of generate `{block.name}` is trained on in the next round"
        help = "say which are good: `verify = exact_match()`, `scores = […]` or `filters = […]`"
        names.report.error("SFT0255", message, block.head, help)


def _check_stop(rule: RuleEntry, evals: Mapping[str, ResolvedEval], names: Names) -> None:
    """``stop when progress.exact falls 2pt``: a metric of the loop, and one limit in its unit."""
    given = [word for word in ("falls", "above", "below") if word in rule.clauses]
    if len(given) != 1:
        message = "`stop` has no limit" if not given else f"`stop` has {len(given)} limits"
        help = "for example `stop when progress.exact falls 2pt`"
        names.report.error("SFT0215", message, rule.node.verb.span, help)
    when: Ref | None = rule.clause("when")
    if when is None:
        return
    if len(when.parts) != 2:
        names.report.error("SFT0208", "`when` takes a metric of an eval", when.span, "write `EVAL.METRIC`")
        return
    if not names.stands(when, ("eval",), "when", parts=2):
        return
    owner = evals.get(when.parts[0].text)
    metric = when.parts[1]
    if owner is None:
        if when.parts[0].text not in evals and names.kind(when) == "eval":
            message = f"eval `{when.parts[0].text}` stands outside of the loop, so it is the same after every round"
            names.report.error("SFT0216", message, when.parts[0].span, "name an eval of the loop")
        return
    if owner.metrics.lacks(metric.text):
        help = suggestion(metric.text, owner.metrics.names, "metrics")
        message = f"eval `{owner.name}` has no metric `{metric.text}`"
        names.report.error("SFT0604", message, metric.span, help)
        return
    found = owner.metrics.get(metric.text)
    if found is not None and len(given) == 1:
        _check_limit(rule, given[0], found.function.unit == "share", when.text, names)


def _check_limit(rule: RuleEntry, word: str, share: bool, shown: str, names: Names) -> None:
    value = rule.clause(word)
    operand = next((clause.operand for clause in rule.node.clauses if clause.word.text == word), None)
    if value is None or operand is None:
        return
    number: Decimal = value[0]
    wanted = (Unit.POINTS if word == "falls" else Unit.SHARE) if share else None
    if value[1] is not wanted:
        wrong_unit(operand, shown, wanted, names.report, code="SFT0607")
    elif share and number > 1:
        names.report.error("SFT0210", f"`{shown}` is a share, and never reaches this", operand.span)
