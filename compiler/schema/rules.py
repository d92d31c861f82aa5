"""Read rules by what their verbs take: one entry a rule, whose mistakes hide no mistake beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.reporting import Reporter, suggestion
from compiler.schema.fields import Clauses, RuleEntry, Value, read_value
from compiler.schema.values import not_runnable
from spec_lang.ast import Clause, Rule


def read_rule(
    rule: Rule, verbs: Mapping[str, Clauses], title: str, report: Reporter, later: tuple[str, ...] = ()
) -> RuleEntry | None:
    """A rule by what its verb takes, as far as it could be read; None after a report that there is no such rule."""
    verb = rule.verb.text
    shape = verbs.get(verb)
    if shape is None:
        if verb in later:
            not_runnable(f"`{verb}` in {title}", rule.verb, report)
        else:
            help = suggestion(verb, verbs, "rules")
            report.error("SFT0212", f"{title} takes no rule `{verb}`", rule.verb.span, help)
        return None
    example = f"for example `{shape.example}`" if shape.example else None
    if rule.expr is None and shape.expr == "required":
        report.error("SFT0215", f"`{verb}` says nothing of what", rule.verb.span, example)
    elif rule.expr is not None and shape.expr == "none":
        report.error("SFT0213", f"`{verb}` takes clauses, not an expression", rule.expr.span, example)
    clauses: dict[str, Value[Any]] = {}
    for clause in rule.clauses:
        word = clause.word.text
        if word in clauses:
            before = [(clauses[word].span, "given here before")]
            report.error("SFT0214", f"`{word}` is given twice", clause.word.span, also=before)
        elif word in shape.words:
            clauses[word] = _clause(clause, shape, report)
        elif word in later:
            not_runnable(f"`{word}` of `{verb}`", clause.word, report)
        else:
            help = suggestion(word, shape.words, "clauses")
            report.error("SFT0213", f"`{verb}` takes no `{word}`", clause.word.span, help)
    for word in shape.required:
        if word not in clauses:
            report.error("SFT0215", f"`{verb}` has no `{word}`", rule.verb.span, example)
    return RuleEntry(verb, rule.expr, clauses, rule)


def _clause(clause: Clause, shape: Clauses, report: Reporter) -> Value[Any]:
    word, operand = clause.word, clause.operand
    kind = shape.words[word.text]
    if kind is None and operand is None:
        return Value(True, word.span)
    if kind is None or operand is None:
        need = "takes no value" if kind is None else f"needs {kind.expects}"
        report.error("SFT0208", f"`{word.text}` {need}", word.span)
        return Value(None, word.span, known=False)
    read = read_value(kind, operand, word.text, report)
    return Value(read.value, word.span.to(operand.span), known=read.known)
