"""Rules as one line of canonical text, for ledgers, verdict tables and gates; the reason is shown beside it."""

from __future__ import annotations

from spec_lang.ast import Rule
from spec_lang.printer import clause_text, expression_text


def rule_text(rule: Rule, *, verb: bool = True) -> str:
    """``dedup near on instruction at 90%``; without ``verb`` only what follows it."""
    pieces = [rule.verb.text] if verb else []
    pieces += [expression_text(rule.expr)] if rule.expr is not None else []
    return " ".join(pieces + [clause_text(clause) for clause in rule.clauses if clause.word.text != "because"])
