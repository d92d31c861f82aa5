"""Read rules by what their verbs take: one entry a rule, whose mistakes hide no mistake beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.reporting import Reporter, did_you_mean, suggestion, written_anew
from compiler.schema.fields import Clauses, RuleEntry, Value, read_value
from compiler.schema.values import ValueType, not_runnable
from spec_lang.ast import Clause, Expr, Ref, Rule
from spec_lang.source import Span
from spec_lang.suggest import closest, surely
from spec_lang.vocabulary import VERBS


def read_rule(
    rule: Rule, verbs: Mapping[str, Clauses], title: str, report: Reporter, later: tuple[str, ...] = ()
) -> RuleEntry | None:
    """A rule by what its verb takes, as far as it could be read; None after a report that there is no such rule."""
    verb = rule.verb.text
    shape = verbs.get(verb)
    if shape is None:
        help = suggestion(verb, verbs, "rules")
        report.error("SFT0212", f"{title} takes no rule `{verb}`", rule.verb.span, help)
        return None
    if verb in later:
        not_runnable(f"`{verb}` in {title}", rule.verb, report)
    example = f"for example `{shape.example}`" if shape.example else None
    replaced = any(clause.word.text == shape.instead for clause in rule.clauses)
    if rule.expr is None and shape.expr == "required" and not replaced:
        report.error("SFT0215", f"`{verb}` says nothing of what", rule.verb.span, example)
    clauses = read_clauses(rule.clauses, shape.words, verb, report, later)
    if rule.expr is not None and shape.expr == "none":
        clauses |= _instead_of_clauses(rule.expr, verb, shape, report)
    misplaced = rule.expr is not None and shape.expr == "none"  # reported; it may be what a clause lacks
    for word in shape.required:
        if word not in clauses and not misplaced:
            report.error("SFT0215", f"`{verb}` has no `{word}`", rule.verb.span, example)
    return RuleEntry(verb, rule.expr, clauses, rule)


def _instead_of_clauses(expr: Expr, verb: str, shape: Clauses, report: Reporter) -> dict[str, Value[Any]]:
    """Report an expression where a verb takes clauses only; gives the clause it is a slip for (``dedup exat on x``)."""
    flags = [word for word, kind in shape.words.items() if kind is None]
    help = did_you_mean(expr.text, flags) if isinstance(expr, Ref) else None
    if help is None or not isinstance(expr, Ref):
        example = f"for example `{shape.example}`" if shape.example else None
        report.error("SFT0213", f"`{verb}` takes clauses, not an expression", expr.span, example)
        return {}
    meant = surely(expr.text, flags)
    fix = written_anew(expr.span, meant)
    report.error("SFT0213", f"`{verb}` takes no `{expr.text}`", expr.span, help, fix=fix)
    return {word: Value(True, expr.span, known=False) for word in closest(expr.text, flags)}


def read_clauses(
    clauses: tuple[Clause, ...],
    words: Mapping[str, ValueType | None],
    owner: str,
    report: Reporter,
    later: tuple[str, ...] = (),
) -> dict[str, Value[Any]]:
    """Clauses by what their owner takes: a verb, ``metric`` or ``slice``."""
    read: dict[str, Value[Any]] = {}
    for clause in clauses:
        word = clause.word.text
        if _runs_into_next(clause, report):
            read[word] = Value(None, clause.word.span, known=False)
            break
        if word in read:
            before = [(read[word].span, "given here before")]
            report.error("SFT0214", f"`{word}` is given twice", clause.word.span, also=before)
        elif word in words:
            read[word] = _clause(clause, words[word], report)
            if word in later:
                not_runnable(f"`{word}` of `{owner}`", clause.word, report)
        else:
            help = suggestion(word, words, "clauses") if words else None
            report.error("SFT0213", f"`{owner}` takes no `{word}`", clause.word.span, help)
    return read


def _runs_into_next(clause: Clause, report: Reporter) -> bool:
    """Whether a clause has no operand, so that the verb of the next rule was taken for it; True after a report."""
    operand = clause.operand
    if not isinstance(operand, Ref) or operand.parts[0].quoted or operand.text not in VERBS:
        return False
    if "\n" not in report.file.slice(Span(clause.word.span.end, operand.span.start)):
        return False
    report.error("SFT0109", f"`{clause.word.text}` has no value", clause.word.span)
    return True


def _clause(clause: Clause, kind: ValueType | None, report: Reporter) -> Value[Any]:
    word, operand = clause.word, clause.operand
    if kind is None and operand is None:
        return Value(True, word.span)
    if kind is None or operand is None:
        need = "takes no value" if kind is None else f"needs {kind.expects}"
        report.error("SFT0208", f"`{word.text}` {need}", word.span)
        return Value(None, word.span, known=False)
    read = read_value(kind, operand, word.text, report)
    return Value(read.value, word.span.to(operand.span), known=read.known)
