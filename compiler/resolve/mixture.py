"""Mixtures: which rows and which other mixtures they use, at which rates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from compiler.names import Names
from compiler.reporting import Reporter
from compiler.resolve.decontaminate import decontaminations
from compiler.resolve.repeats import check_repeats
from compiler.resolve.shape import without_templates
from compiler.resolve.task import find_rows
from compiler.resolve.weights import check_weights
from compiler.resolved import ResolvedMixture, ResolvedTask, Use
from compiler.schema.fields import RuleEntry, Shape
from compiler.schema.mixture import Mixture
from compiler.schema.written import described
from spec_lang.ast import Faulty, Ref

_DEFAULT_PART = "train"


def resolve_mixtures(
    shapes: Iterable[Mixture], names_of: Callable[[Shape], Names], tasks: Mapping[str, ResolvedTask]
) -> dict[str, ResolvedMixture]:
    """All mixtures, as far as they are known, in the order of the files; reports mixtures that use each other. Of a
    repeated name the first counts."""
    resolver = _Resolver(names_of, tasks)
    for shape in shapes:
        if resolver.blocks.setdefault(shape.name, shape) is not shape:
            resolver.repeated.append(shape)
    return resolver.all()


class _Resolver:
    """Resolves a mixture after those that it uses."""

    def __init__(self, names_of: Callable[[Shape], Names], tasks: Mapping[str, ResolvedTask]) -> None:
        self.blocks: dict[str, Mixture] = {}
        self.repeated: list[Mixture] = []
        self._names_of = names_of
        self._tasks = tasks
        self._found: dict[str, ResolvedMixture] = {}
        self._open: list[str] = []

    def all(self) -> dict[str, ResolvedMixture]:
        for name in self.blocks:
            self._named(name)
        for block in self.repeated:
            self._resolve(block)
        inner = {use.name for mixture in self._found.values() for use in mixture.uses if use is not None}
        for name, mixture in self._found.items():
            if name not in inner:
                check_repeats(mixture, self._names_of(mixture.block).report)
        return {name: self._found[name] for name in self.blocks}

    def _named(self, name: str) -> ResolvedMixture:
        if name not in self._found:
            self._open.append(name)
            self._found[name] = self._resolve(self.blocks[name])
            self._open.pop()
        return self._found[name]

    def _resolve(self, block: Mixture) -> ResolvedMixture:
        names = self._names_of(block)
        rules = [rule for rule in block.rules if rule.verb == "use"]
        uses = tuple(self._use(rule, names) for rule in rules)
        if block.rules and not rules:
            help = "write one `use TASK` a task"
            names.report.error("SFT0226", f"mixture `{block.name}` uses no task", block.head, help)
        _distinct(uses, names.report)
        check_weights(rules, f"mixture `{block.name}`", "tasks", block.head, names.report)
        _one_size(block, names.report)
        return ResolvedMixture(block, uses, decontaminations(block.rules))

    def _use(self, rule: RuleEntry, names: Names) -> Use | None:
        if rule.expr is None or isinstance(rule.expr, Faulty):
            return None
        if not isinstance(rule.expr, Ref):
            names.report.error("SFT0208", f"`use` takes the name of a task, not {described(rule.expr)}", rule.expr.span)
            return None
        if names.kind(rule.expr) == "mixture":
            inner = self._inner(rule.expr, names)
            return Use(rule, inner) if inner is not None else None
        others = ("mixture", "generate")  # a mixture was looked up above
        rows = find_rows(rule.expr, "use", names, self._tasks, default_part=_DEFAULT_PART, others=others)
        if rows is None or not has_templates(rows.task, rule.expr, names.report):
            return None
        return Use(rule, rows)

    def _inner(self, ref: Ref, names: Names) -> ResolvedMixture | None:
        name = names.full(ref)
        if not names.stands(ref, ("mixture",), "use") or name not in self.blocks:
            return None
        if name in self._open:
            circle = [*self._open[self._open.index(name) :], name]
            shown = " -> ".join(f"`{item}`" for item in circle)
            help = "what they share can be a mixture of its own, which both use"
            names.report.error("SFT0270", f"these mixtures need each other: {shown}", ref.span, help)
            return None
        return self._named(name)


def has_templates(task: ResolvedTask, ref: Ref, report: Reporter) -> bool:
    """Rows become conversations through templates: without one there is nothing to train on."""
    if not task.templates.empty or task.source is None:
        return True
    also = [task.block.label(task.block.head, "declared here")]
    help = without_templates(task.source)
    report.error("SFT0207", f"{task.title} has no `templates`", ref.span, help, also)
    return False


def _distinct(uses: tuple[Use | None, ...], report: Reporter) -> None:
    seen: dict[str, Use] = {}
    for use in uses:
        if use is None:
            continue
        before = seen.setdefault(use.name, use)
        if before is not use:
            also = [(before.entry.node.span, "used here before")]
            report.error("SFT0206", f"`{use.name}` is used twice", use.entry.node.span, also=also)


def _one_size(block: Mixture, report: Reporter) -> None:
    if block.total.given and block.epochs.given and block.total.known and block.epochs.known:
        also = [(block.total.span, "the total is given here")]
        help = "`epochs` counts in rows after caps; with a `total`, `repeats` says how often a row may come"
        report.error("SFT0225", "`epochs` is not allowed with `total`", block.epochs.span, help, also)
