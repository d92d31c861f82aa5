"""A judge or a reward decides something, and nobody measured how often it is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.judged_metrics import judge_of
from compiler.judged_metrics import judges_of as judges_asked
from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.requirements import judges_of
from compiler.lints.tree import calls, clause, has, metrics, of_kind, rules, value
from compiler.resolved_judge import ResolvedJudge
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.resolved_loop import LoopMetric, ResolvedLoop
from compiler.tree import references
from spec_lang.ast import Block, Field, Ref
from spec_lang.source import Span

_A_LOOP = "a loop"


def _find(facts: Facts) -> Iterator[Finding]:
    seen: set[int] = set()
    for judge, place, what in _deciding(facts):
        if id(judge) not in seen and not has(judge, "calibrate"):
            seen.add(id(judge))
            yield Finding(
                f"{judge.title} decides {what} and is not calibrated",
                judge.head,
                "add `calibrate = ROWS` with labels by people",
                ((place, "decides here"),),
            )
    yield from _of_other_files(facts)


def _of_other_files(facts: Facts) -> Iterator[Finding]:
    """Judges that are declared in an imported file, and decide a gate, a threshold or a loop here."""
    for place, name, what in _resolved(facts):
        judge = facts.spec.later.get(name)
        if not isinstance(judge, ResolvedJudge) or "." not in name:
            continue
        if judge.block.calibrate_ is None and not judge.block.calibrate.given and "calibrate" not in judge.block.broken:
            message = f"judge `{name}` decides {what} and is not calibrated"
            yield Finding(message, place, "add `calibrate = ROWS` with labels by people, where it is declared")


def _resolved(facts: Facts) -> Iterator[tuple[Span, str, str]]:
    for gate in facts.own(facts.spec.gates):
        for requirement in gate.requirements:
            item = facts.spec.evals.get(requirement.metric.eval) if requirement is not None else None
            name = judge_of(item.metrics.get(requirement.metric.metric)) if item is not None and requirement else None
            if name is not None and requirement is not None:
                yield requirement.entry.node.span, name, "a gate"
    for task in facts.own(facts.spec.tasks):
        for score in task.scores:
            yield from ((task.block.scores.span, name, "which rows are kept") for name in score.judges if score.rules)
    for generate in facts.own(facts.spec.generates):
        yield from _verifying(generate)
    for loop in facts.own(facts.spec.later):  # where loops are until they are unrolled
        if not isinstance(loop, ResolvedLoop):
            continue
        for inner in loop.generates:
            yield from _verifying(inner)
        for span, at in _watched(loop):
            owner = loop.rows.evals.get(at.eval)
            name = judge_of(owner.metrics.get(at.metric)) if owner is not None else None
            if name is not None:
                yield span, name, _A_LOOP


def _verifying(item: ResolvedGenerate) -> Iterator[tuple[Span, str, str]]:
    block = item.block
    place = block.verify if block.verify.given else block.method
    yield from ((place.span, name, "which answers are kept") for name in judges_asked(item.verifiers))


def _watched(loop: ResolvedLoop) -> Iterator[tuple[Span, LoopMetric]]:
    """What ends a loop, chooses its model or warns of it, with the place."""
    yield from ((stop.entry.node.span, stop.at) for stop in loop.stops)
    block = loop.block
    for field, at in ((block.best, loop.best), (block.proxy, loop.proxy), (block.gold, loop.gold)):
        if at is not None:
            yield field.span, at


def _deciding(facts: Facts) -> Iterator[tuple[Block, Span, str]]:
    """Judges whose verdict a gate, a threshold or a loop rests on, with the place."""
    for item in facts.required:
        for judge in judges_of(item, facts):
            yield judge, item.ref.span, "a gate"
    judges = facts.judges
    for score in of_kind(facts.blocks, "score"):
        fields = {entry.name.text: entry for entry in score.body.entries if isinstance(entry, Field)}
        for rule in rules(score, "keep", "drop"):
            for ref in references(rule):
                asked = calls(fields[ref.text].value, "judge") if ref.text in fields else ()
                for call in asked:
                    for name in (ref.parts[0].text for argument in call.args for ref in references(argument)):
                        if name in judges:
                            yield judges[name], ref.span, "which rows are kept"
    for block in of_kind(facts.blocks, "generate"):
        for found in (value(block, "verify"), value(block, "method")):
            for call in (*calls(found, "rate"), *calls(found, "judge"), *calls(found, "win_rate")):
                for ref in references(call):
                    if ref.parts[0].text in judges:
                        yield judges[ref.parts[0].text], ref.span, "which answers are kept"
    for block in of_kind(facts.blocks, "loop"):
        yield from _of_loop(block, judges)


def _of_loop(loop: Block, judges: Mapping[str, Block]) -> Iterator[tuple[Block, Span, str]]:
    """Judges behind what ends a loop, chooses its model or warns of it."""
    evals = {
        block.name.text: block
        for block in of_kind((entry for entry in loop.body.entries if isinstance(entry, Block)), "eval")
        if block.name is not None
    }
    watched = (
        *(value(loop, field) for field in ("best", "proxy", "gold")),
        *(clause(r, "when") for r in rules(loop, "stop")),
    )
    for ref in watched:
        if isinstance(ref, Ref) and len(ref.parts) == 2 and ref.parts[0].text in evals:
            metric = metrics(evals[ref.parts[0].text]).get(ref.parts[1].text)
            for asked in references(metric.expr) if metric is not None else ():
                if asked.parts[0].text in judges:
                    yield judges[asked.parts[0].text], ref.span, _A_LOOP


LINT = Lint(
    "SFT0703",
    "uncalibrated_judge",
    "deny",
    "a score that was never held against people's labels is an opinion, not a measurement",
    _find,
    needs="spelled",
)
