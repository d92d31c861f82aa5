"""Files that are no specs but YAML, JSON or TOML, told by their first tokens."""

from __future__ import annotations

from collections.abc import Sequence

from spec_lang.diagnostics import Diagnostic, Label
from spec_lang.source import SourceFile
from spec_lang.tokens import Token


def foreign_format(file: SourceFile, tokens: Sequence[Token]) -> Diagnostic | None:
    """One diagnostic for a whole file that is YAML, JSON or TOML, told by its first tokens; None for anything else."""
    if not tokens:
        return None
    types = [token.type for token in tokens[:3]]
    texts = [str(token) for token in tokens[:3]]
    if types[0] == "LBRACE" or types[:2] == ["LSQB", "LBRACE"]:
        found = "JSON"
    elif texts[:2] == ["-", "-"] or (len(texts) > 1 and texts[1] == ":" and tokens[0].type != "WRONG"):
        found = "YAML"
    elif types[0] == "LSQB":
        found = "TOML"
    else:
        return None
    help = 'a .sft file holds blocks: begin with `edition 2026`, then `source tickets { path = "tickets.jsonl" }`'
    return Diagnostic("SFT0124", f"this looks like {found}", Label(file, tokens[0].span), help)
